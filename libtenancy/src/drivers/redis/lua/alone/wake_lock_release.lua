-- Releases a wake lock that is the owner's.
-- Why: a slow holder must not release its successor's (R2).
-- KEYS[1]: tenant:waking:acme
-- ARGV[2]: owner.
-- Returns 1 if the owner held it, else 0.
local owner, lapses = (call('GET', KEYS[1]) or ''):match('^(.*) (%d+)$')
if owner ~= ARGV[2] then return 0 end
call('DEL', KEYS[1])
return tonumber(lapses) > now and 1 or 0
