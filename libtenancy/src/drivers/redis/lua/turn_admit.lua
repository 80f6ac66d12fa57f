-- Admits a chat turn: a hold under a key, for a time.
-- Why: a repeat finds its hold again under a new epoch, or that it was settled: a turn is charged once.
-- KEYS[1]: sys:{p07}:meta
-- ARGV[4]: tenant. ARGV[5]: agent. ARGV[6]: key. ARGV[7]: amount. ARGV[8]: for how long, in µs.
-- Returns {'OK', seq, epoch} | {'SETTLED', seq} | {'BLOCKED', seq, reason, until (0: for good)}.
local t, agent, name = tenant(ARGV[4]), ARGV[5], ARGV[6]
local amount, ttl = whole(ARGV[7], 0, MAX_AMOUNT), whole(ARGV[8], 0, MAX_SCHEDULE)
if not (amount and ttl) then return {'INVALID', seq} end
local key, member, found = t.key .. 'turn:' .. name, t.name .. '|' .. name, turn(t, name)
if found then
  if found.settled then return {'SETTLED', seq} end
  epoch = max(epoch + 1, now)
  call('HSET', key, 'epoch', epoch, 'until', now + ttl)
  call('ZADD', TURNS, now + ttl, member)
  finish()
  return {'OK', seq, fmt('%d', epoch)}
end
local a = opened(t)
local old = before(a)
local d = touch(a)
local reason, due = blocked(a, amount)
if reason then
  put_back(a, old)
  finish()
  return {'BLOCKED', seq, reason, fmt('%d', due)}
end
local grants = grants_text(hold(a, amount, d))
a.tag = max(a.tag, clock)
started(a, amount)
epoch = max(epoch + 1, now)
call('UNLINK', key)
call('HSET', key, 'epoch', epoch, 'hold', amount, 'grants', grants, 'agent', agent, 'until', now + ttl, 'life', a.life)
call('ZADD', TURNS, now + ttl, member)
book(t, 'hold', agent, 'turn:' .. name, 0, d, 0, 'turn')
finish()
return {'OK', seq, fmt('%d', epoch)}
