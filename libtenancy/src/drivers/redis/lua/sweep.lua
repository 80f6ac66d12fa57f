-- Compares some jobs, entries or tenants with their other side, and puts right what is wrong.
-- Why: whatever once broke the rule, a job is where it can be found, and an entry has a job (M12).
-- KEYS[1]: sys:{p07}:meta
-- ARGV[4]: jobs | waiting | delayed | leases | ready | tenants. ARGV[5]: the tenant, for waiting. ARGV[6..]: names:
-- tenant.serial, serials of the tenant, members of the delayed, leases (tenant+serial), members of the order, tenants.
-- Returns {'OK', seq, unleased, unqueued, orphans, jobs that are there}.
local kind, unleased, unqueued, orphans, there = ARGV[4], 0, 0, 0, 0
local live = {queued = true, delayed = true, running = true}

local function of_job(name, serial)
  local t = tenant(name)
  local j = job(t, serial)
  if not j then return end
  there = there + 1
  if not live[j.state] then return end
  if not t.a then opened(t) end
  call('ZADD', t.key .. 'jobs', 0, serial)
  if j.state == 'running' then
    local member = name .. '+' .. serial
    if not call('ZSCORE', LEASES, member) then
      call('ZADD', LEASES, now, member)
      j.due = now
      job_save(j)
      unleased = unleased + 1
    end
  elseif j.state == 'delayed' then
    if not call('ZSCORE', DELAYED, name .. '.' .. serial) then
      call('ZADD', DELAYED, j.due, name .. '.' .. serial)
      unqueued = unqueued + 1
    end
  elseif not call('ZSCORE', t.key .. 'waiting', serial) then
    enqueue(t, j)
    job_save(j)
    unqueued = unqueued + 1
  end
end

for i = 6, #ARGV do
  local name = ARGV[i]
  if kind == 'jobs' then
    of_job(name:match('^([^.]+)%.(.+)$'))
  elseif kind == 'waiting' then
    local t = tenant(ARGV[5])
    local j = job(t, name)
    if not j or j.state ~= 'queued' then
      orphans = orphans + call('ZREM', t.key .. 'waiting', name)
      t.waiting = nil
      if t.a then idle_if_empty(t) end
    end
  elseif kind == 'delayed' then
    local who, serial = name:match('^([^.]+)%.(.+)$')
    local t = tenant(who or name)
    local right = t.a and (not who and t.a.due_us > 0)
    if who then
      local j = job(t, serial)
      right = j and j.state == 'delayed'
    end
    if not right then orphans = orphans + call('ZREM', DELAYED, name) end
  elseif kind == 'leases' then
    local who, serial = name:match('^(.-)%+(.*)$')
    local j = job(tenant(who), serial)
    if not j or j.state ~= 'running' then orphans = orphans + call('ZREM', LEASES, name) end
  elseif kind == 'ready' then
    local t = tenant(name)
    if not t.a or t.a.standing ~= 'ready' then orphans = orphans + call('ZREM', READY, name) end
  else
    local t = tenant(name)
    local a = t.a
    if a then
      call('ZADD', ACCOUNTS, 0, name)
      local place = call('ZSCORE', READY, name)
      if waiting(t) == 0 then
        if a.standing ~= 'idle' then
          idle_if_empty(t)
          orphans = orphans + 1
        end
      elseif a.standing == 'idle' or (a.standing == 'ready' and tonumber(place or -1) ~= a.tag) then
        a.tag, a.standing = max(a.tag, clock), 'ready'
        call('ZADD', READY, a.tag, name)
        unqueued = unqueued + 1
      elseif a.due_us > 0 and not call('ZSCORE', DELAYED, name) then
        call('ZADD', DELAYED, a.due_us, name)
        unqueued = unqueued + 1
      end
    end
    -- What is only looked at; a store of before has none.
    local score = a and held_back(a.standing, a.due_us) or 0
    if score > 0 then call('ZADD', HELD, score, name) else call('ZREM', HELD, name) end
  end
end
finish()
if unqueued > 0 then wake(unqueued) end
return {'OK', seq, unleased, unqueued, orphans, there}
