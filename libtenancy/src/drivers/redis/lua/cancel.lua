-- Calls a job off: at once if it waits, at its next renewal if it runs.
-- Why: whether it waits or runs is known only where that is decided.
-- KEYS[1]: sys:{p07}:meta
-- ARGV[4]: tenant. ARGV[5]: serial.
-- Returns {'OK', seq, state} | {'MISSING', seq} | {'OVER', seq, state}.
local t = tenant(ARGV[4])
local j = job(t, ARGV[5])
if not j then return {'MISSING', seq} end
if j.state == 'running' then
  j.cancel = true
  job_save(j)
  finish()
  return {'OK', seq, 'running'}
end
if j.state == 'queued' then
  t.waiting = waiting(t) - call('ZREM', t.key .. 'waiting', j.serial)
  if t.a then
    idle_if_empty(t)
    -- Perhaps it was this job that could not be paid.
    if parked(t.a) then rejoin(t) end
  end
elseif j.state == 'delayed' then
  delayed_rem[1] = t.name .. '.' .. j.serial
else
  return {'OVER', seq, j.state}
end
end_job(t, j, 'cancelled')
finish()
wake(1)
return {'OK', seq, 'cancelled'}
