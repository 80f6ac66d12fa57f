-- FINALIZE: settles live leases of these epochs and moves their jobs on.
-- Why: what was used, what came out, where the agent's state is and what happens next are one write, and only the owner's
-- (M8, M13, M21). A repeat with the epoch under which a job ended returns the same and does nothing.
-- KEYS[1]: sys:{p07}:meta
-- ARGV[4..], nine a job: tenant, serial, epoch, used, kind (succeeded, failed: another attempt may help, fatal, released),
-- result or error, pointer ('+' before it; empty: none), pause of a release in µs, jitter (0 to 999).
-- Returns {'OK', seq, two a job}: ok STATE | missing | lost | invalid.
local out, ended = {'OK', 0}, 0
for i = 4, #ARGV, 9 do
  local t, at, kind, text, pointer = tenant(ARGV[i]), tonumber(ARGV[i + 2]), ARGV[i + 4], ARGV[i + 5], ARGV[i + 6]
  local used, after, jitter = whole(ARGV[i + 3], 0, MAX_AMOUNT), whole(ARGV[i + 7], 0, MAX_SCHEDULE), whole(ARGV[i + 8], 0, 999)
  local n, j = #out, job(t, ARGV[i + 1])
  if not (used and after and jitter and at) then
    out[n + 1], out[n + 2] = 'invalid', ''
  elseif not j then
    out[n + 1], out[n + 2] = 'missing', ''
  elseif j.epoch == at and j.state ~= 'running' and j.hold == 0 then
    out[n + 1], out[n + 2] = 'ok', j.state
  elseif j.state ~= 'running' or j.epoch ~= at or j.due <= now or not t.a then
    out[n + 1], out[n + 2] = 'lost', ''
  else
    local label = 'dead'
    if kind == 'succeeded' then
      label = 'succeeded'
    elseif j.cancel then
      label = 'cancelled'
    elseif kind == 'released' then
      label = 'released'
    elseif kind == 'failed' and j.attempts < j.max then
      label = 'retry'
    end
    unlease(t, j, kind == 'released' and 0 or used, 'settle', label)
    if kind == 'released' then
      j.attempts = j.attempts - 1
    else
      result(j, text)
      if kind == 'succeeded' and pointer ~= '' then
        call('SET', t.key .. 'agent:' .. j.agent .. ':pointer', pointer:sub(2))
        call('SADD', t.key .. 'pointers', j.agent)
      end
    end
    if label == 'released' then
      delay(t, j, now + after, 'released')
    elseif label == 'retry' then
      delay(t, j, now + backoff(j.attempts, jitter), 'backoff')
    else
      end_job(t, j, label)
    end
    ended = ended + 1
    out[n + 1], out[n + 2] = 'ok', j.state
  end
end
finish()
wake(min(ended, 1))
out[2] = seq
return out
