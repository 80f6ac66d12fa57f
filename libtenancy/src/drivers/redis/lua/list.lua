-- Jobs in order of tenant and serial.
-- Why: a page costs what is looked at, however many jobs there are; one call looks at no more than it may.
-- KEYS[1]: sys:{p07}:meta
-- ARGV[4]: from which tenant. ARGV[5]: after which serial of it (empty: from its first). ARGV[6]: 1 if only that tenant.
-- ARGV[7]: state (empty: any). ARGV[8]: how many at most. ARGV[9]: how many to look at.
-- Returns {'OK', seq, tenant, serial (where to go on after), done (0 or 1), two a job}: id, its names and values.
local only, state, limit, budget = ARGV[6] == '1', ARGV[7], tonumber(ARGV[8]), tonumber(ARGV[9])
local name, after = ARGV[4], ARGV[5]
local out, got, looked, day = {'OK', seq, '', '', 1}, 0, 0, floor(now / DAY)

-- Sets that may have jobs of this state.
local function sets(key)
  local list = {}
  if state == '' or state == 'queued' or state == 'delayed' or state == 'running' then list[1] = key .. 'jobs' end
  if state == '' or state == 'succeeded' or state == 'cancelled' then
    for back = 0, 2 do list[#list + 1] = fmt('%sended:%d', key, day - back) end
  end
  if state == '' or state == 'dead' then
    for back = 0, 8 do list[#list + 1] = fmt('%sdead:%d', key, day - back) end
  end
  return list
end

-- The tenant's jobs, as far as the limit and the budget go; whether it has no more.
local function of_tenant(who)
  local t = {key = TENANT .. who .. ':'}
  local from = after
  while true do
    local want, page = min(limit - got, budget - looked, 200), {}
    if want <= 0 then return false end
    for _, set in ipairs(sets(t.key)) do
      local some = call('ZRANGE', set, from == '' and '-' or '(' .. from, '+', 'BYLEX', 'LIMIT', 0, want)
      for i = 1, #some do page[#page + 1] = some[i] end
    end
    table.sort(page, less)
    local count = min(#page, want)
    for i = 1, count do
      local serial = page[i]
      local j = job(t, serial)
      if j and serial ~= from and (state == '' or j.state == state) then
        local n = #out
        out[n + 1], out[n + 2] = who .. '.' .. serial, job_answer(j)
        got = got + 1
      end
      from = serial
      out[3], out[4] = who, serial
    end
    looked = looked + count + 1
    if #page <= want and count < want then return true end
  end
end

if only then
  if not of_tenant(name) then out[5] = 0 end
  return out
end
local first = '[' .. name
while true do
  local names = call('ZRANGE', ACCOUNTS, name == '' and '-' or first, '+', 'BYLEX', 'LIMIT', 0, 100)
  for i = 1, #names do
    if names[i] ~= name then after = '' end
    name = names[i]
    if not of_tenant(name) then
      if out[3] == '' then out[3], out[4] = name, after end
      out[5] = 0
      return out
    end
    out[3], out[4] = name, '~'
    first = '(' .. name
  end
  if #names < 100 then return out end
end
