-- REAP: lapsed leases and lapsed turns go back, what is due is moved, tokens that nobody acknowledged are replaced.
-- Why: whatever dies, its work is found again (M1, M2, M3).
-- KEYS[1]: sys:{p07}:meta
-- ARGV[4]: how many leases, and turns, at most. ARGV[5]: jitter (0 to 999).
-- Returns {'OK', seq, requeued, dead, turns, moved, more (0 or 1), next (µs or nil)}.
local limit, jitter = whole(ARGV[4], 0, 100000), whole(ARGV[5], 0, 999)
if not (limit and jitter) then return {'INVALID', seq} end
local moved, requeued, dead = move_due(), 0, 0
local lapsed = call('ZRANGEBYSCORE', LEASES, '-inf', now, 'LIMIT', 0, limit)
for i = 1, #lapsed do
  local name, serial = lapsed[i]:match('^(.-)%+(.*)$')
  local t = tenant(name)
  local j = job(t, serial)
  if not j or not t.a or j.state ~= 'running' then
    lease_rem[#lease_rem + 1] = lapsed[i]
  else
    local label = 'retry'
    if j.cancel then label = 'cancelled' elseif j.attempts >= j.max then label = 'dead' end
    unlease(t, j, 0, 'reclaim', label)
    recovered = recovered + 1
    -- Whoever had it is told that it is lost, and not that it has ended it.
    epoch = max(epoch + 1, now)
    j.epoch = epoch
    if label == 'retry' then
      delay(t, j, now + backoff(j.attempts, jitter), 'lease_lapsed')
      requeued = requeued + 1
    else
      result(j, 'its worker fell silent: the lease lapsed')
      end_job(t, j, label)
      if label == 'dead' then dead = dead + 1 end
    end
  end
end
local turns = call('ZRANGEBYSCORE', TURNS, '-inf', now, 'LIMIT', 0, limit)
for i = 1, #turns do
  local name, key = turns[i]:match('^(.-)|(.*)$')
  local t = tenant(name)
  local found = turn(t, key)
  call('ZREM', TURNS, turns[i])
  call('UNLINK', t.key .. 'turn:' .. key)
  if found and not found.settled then turn_end(t, found, 0, 'reclaim', 'lapsed') end
end
finish()
-- Tokens that were taken a minute ago and not acknowledged; there may be no stream and no group.
local idle = redis.pcall('XAUTOCLAIM', TOKENS, 'gpu-workers', 'reaper', 60000, '0-0', 'COUNT', 64, 'JUSTID')
if not idle.err and #idle[2] > 0 then
  call('XACK', TOKENS, 'gpu-workers', unpack(idle[2]))
  call('XDEL', TOKENS, unpack(idle[2]))
end
wake(max(moved, (#lapsed > 0 or #turns > 0 or (not idle.err and #idle[2] > 0) or call('XLEN', TOKENS) == 0) and 1 or 0))
local due
for _, key in ipairs({DELAYED, LEASES, TURNS}) do
  local first = first_score(key)
  if first and (not due or first < due) then due = first end
end
local more = (#lapsed == limit or #turns == limit or moved == 128) and 1 or 0
return {'OK', seq, requeued, dead, #turns, moved, more, due and fmt('%d', due) or false}
