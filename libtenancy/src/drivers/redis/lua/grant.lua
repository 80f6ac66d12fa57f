-- Grants credits under a name, once: a repeat of the same name does nothing.
-- Why: an operator who repeats a command that timed out does not grant twice.
-- KEYS[1]: sys:{p07}:meta
-- ARGV[4]: tenant. ARGV[5]: name. ARGV[6]: amount. ARGV[7]: when it expires, in µs.
-- Returns {'OK', seq, the account's fields and values} | {'AMOUNT', seq} (nothing or less, or more than there may be) |
-- {'FULL', seq} (too many grants) | {'MOST', seq} (too many credits) | {'OTHER', seq} (the name was given with another amount).
local amount, at = whole(ARGV[6], 1, MAX_AMOUNT), whole(ARGV[7], 0, MAX_WHOLE)
if not at then return {'INVALID', seq} end
local t = tenant(ARGV[4])
local booked = granted_before(t, ARGV[5], ARGV[6])
if booked == 'OTHER' then return {'OTHER', seq} end
if not booked then
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
  reconsider(t)
  granted_as(t, ARGV[5], ARGV[6], d)
end
finish()
wake(1)
return account_answer({'OK', seq}, t.a)
