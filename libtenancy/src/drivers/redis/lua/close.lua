-- Forgets some of a tenant's jobs, then, when none is left, its account.
-- Why: a deleted tenant leaves nothing, and what it had is booked. Bounded, so that nobody waits for it.
-- KEYS[1]: sys:{p07}:meta
-- ARGV[4]: tenant. ARGV[5]: how many jobs at most.
-- Returns {'OK', seq, whether there is more (0 or 1)}.
local t, limit = tenant(ARGV[4]), whole(ARGV[5], 1, 10000)
if not limit then return {'INVALID', seq} end
local live = call('ZRANGE', t.key .. 'jobs', 0, limit - 1)
for i = 1, #live do
  local j = job(t, live[i])
  if j then
    if j.state == 'queued' then
      t.waiting = waiting(t) - call('ZREM', t.key .. 'waiting', j.serial)
    elseif j.state == 'delayed' then
      delayed_rem[#delayed_rem + 1] = t.name .. '.' .. j.serial
    elseif j.state == 'running' and t.a then
      unlease(t, j, 0, 'reclaim', 'closed')
    end
  end
end
local left = limit - #live
local over, day = {}, floor(now / DAY)
for back = 0, 9 do
  for _, bucket in ipairs({fmt('%sended:%d', t.key, day - back), fmt('%sdead:%d', t.key, day - back)}) do
    if left > 0 then
      local some = call('ZRANGE', bucket, 0, left - 1)
      left = left - #some
      many('ZREM', bucket, some)
      for i = 1, #some do over[#over + 1] = some[i] end
    end
  end
end
many('ZREM', t.key .. 'jobs', live)
for _, list in ipairs({live, over}) do
  for i = 1, #list do
    local key = t.key .. 'job:' .. list[i]
    put(gone, key, key .. ':prompt')
    gone[#gone + 1] = key .. ':result'
  end
end
if t.a then idle_if_empty(t) end
if left == 0 then
  finish()
  return {'OK', seq, 1}
end
-- Turns of the tenant: they are few, and sorted by time.
local turns, found = {}, call('ZRANGE', TURNS, 0, -1)
for i = 1, #found do
  local name, key = found[i]:match('^(.-)|(.*)$')
  if name == t.name then turns[#turns + 1] = key end
end
table.sort(turns, less)
for i = 1, #turns do
  local held = turn(t, turns[i])
  if held and not held.settled then turn_end(t, held, 0, 'reclaim', 'closed') end
  call('ZREM', TURNS, t.name .. '|' .. turns[i])
  gone[#gone + 1] = t.key .. 'turn:' .. turns[i]
end
local pointers = call('SMEMBERS', t.key .. 'pointers')
for i = 1, #pointers do gone[#gone + 1] = t.key .. 'agent:' .. pointers[i] .. ':pointer' end
for _, name in ipairs({'waiting', 'agents', 'jobs', 'pointers', 'granted'}) do gone[#gone + 1] = t.key .. name end
if t.a then
  local a = t.a
  local d = touch(a)
  d.expired = d.expired + available(a)
  a.credits, a.grants = 0, ''
  if a.standing ~= 'idle' then a.standing, a.due_us = 'idle', 0 end
  book(t, 'close', '', '', 0, d, 0, '')
  flush()
  call('UNLINK', t.key .. 'quota:gpu')
  call('ZREM', ACCOUNTS, t.name)
  t.a = nil
end
finish()
return {'OK', seq, 0}
