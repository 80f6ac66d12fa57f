-- Takes granted credits back under a name, once: a repeat of the same name does nothing.
-- Why: what was granted by mistake must not be used any more, and what is held or used of it stays accounted for.
-- KEYS[1]: sys:{p07}:meta
-- ARGV[4]: tenant. ARGV[5]: name. ARGV[6]: how much at most, below nothing.
-- Returns {'OK', seq, the account's fields and values} | {'NOTHING', seq} (nothing is left of grants) |
-- {'OTHER', seq} (the name took another amount).
local amount = whole(ARGV[6], -MAX_AMOUNT, -1)
if not amount then return {'INVALID', seq} end
local t = tenant(ARGV[4])
local booked = granted_before(t, ARGV[5], ARGV[6])
if booked == 'OTHER' then return {'OTHER', seq} end
if not booked then
  if not t.a then return {'NOTHING', seq} end
  local d = touch(t.a)
  local taken = revoke(t.a, -amount)
  if taken == 0 then return {'NOTHING', seq} end
  d.granted = d.granted - taken
  granted_as(t, ARGV[5], ARGV[6], d)
end
finish()
wake(1)
return account_answer({'OK', seq}, t.a)
