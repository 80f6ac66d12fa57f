-- Grants credits under a name, once: a repeat of the same name does nothing.
-- Why: an operator who repeats a command that timed out does not grant twice.
-- KEYS[1]: sys:{p07}:meta
-- ARGV[4]: tenant. ARGV[5]: name. ARGV[6]: amount. ARGV[7]: when it expires, in µs.
-- Returns {'OK', seq, the account's fields and values} | {'AMOUNT', seq} (nothing or less, or more than there may be) |
-- {'FULL', seq} (too many grants) | {'MOST', seq} (too many credits) | {'OTHER', seq} (the name was given with another amount).
local amount, at = whole(ARGV[6], 1, MAX_AMOUNT), whole(ARGV[7], 0, MAX_WHOLE)
if not at then return {'INVALID', seq} end
local t = tenant(ARGV[4])
local names, given = t.key .. 'granted', ARGV[5] .. '#' .. ARGV[6]
if t.a and call('SISMEMBER', names, ARGV[5]) == 1 then
  -- Of a name without its amount (an old one, or one that the ledger told) nothing else is known.
  local known = call('SISMEMBER', names, ARGV[5] .. '#') == 1
  if known and call('SISMEMBER', names, given) == 0 then return {'OTHER', seq} end
else
  if not amount then return {'AMOUNT', seq} end
  local a = t.a or account_new(t)
  local d = touch(a)
  local list, grows = grants_read(a.grants), false
  for i = 1, #list do grows = grows or list[i][1] == at end
  local refused = available(a) + a.held + amount > MAX_AMOUNT and 'MOST' or (not grows and #list >= 32 and 'FULL')
  if refused then return {refused, seq} end
  a = opened(t)
  grant_add(a, at, amount)
  if a.period ~= '' then a.granted = min(a.granted + amount, MAX_AMOUNT) end
  d.granted = d.granted + amount
  call('SADD', names, ARGV[5], ARGV[5] .. '#', given)
  reconsider(t)
  book(t, 'grant', '', ARGV[5], 0, d, 0, '')
end
finish()
wake(1)
return account_answer({'OK', seq}, t.a)
