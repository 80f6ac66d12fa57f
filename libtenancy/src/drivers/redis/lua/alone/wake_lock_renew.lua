-- Extends a wake lock that the owner still holds.
-- Why: one that has lapsed may be another's at any moment (R2).
-- KEYS[1]: tenant:waking:acme
-- ARGV[2]: owner. ARGV[3]: for how long, µs.
-- Returns 1 if the owner holds it, else 0.
local owner, lapses = (call('GET', KEYS[1]) or ''):match('^(.*) (%d+)$')
if owner ~= ARGV[2] or tonumber(lapses) <= now then return 0 end
call('SET', KEYS[1], ARGV[2] .. ' ' .. fmt('%d', now + tonumber(ARGV[3])), 'PX', fmt('%d', math.ceil(ARGV[3] / 1000)))
return 1
