-- Puts a dead or cancelled job back into the queue with all its attempts.
-- Why: what was kept for it must stay from now on, and it must be found where it is now.
-- KEYS[1]: sys:{p07}:meta
-- ARGV[4]: tenant. ARGV[5]: serial.
-- Returns {'OK', seq} | {'MISSING', seq} | {'OVER', seq, state}.
local t = tenant(ARGV[4])
local j = job(t, ARGV[5])
if not j then return {'MISSING', seq} end
if j.state ~= 'dead' and j.state ~= 'cancelled' then return {'OVER', seq, j.state} end
opened(t)
call('ZREM', fmt('%s%s:%d', t.key, j.state == 'dead' and 'dead' or 'ended', floor(j.at / DAY)), j.serial)
enqueue(t, j)
j.state, j.attempts, j.cancel, j.keep = 'queued', 0, false, nil
job_save(j)
if not j.prompt then call('PERSIST', j.key .. ':prompt') end
if j.result == false then call('PERSIST', j.key .. ':result') end
add(t, 'jobs_add', 0, j.serial)
finish()
wake(1)
return {'OK', seq}
