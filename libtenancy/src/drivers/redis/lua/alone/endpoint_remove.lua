-- Forgets a cached agent of this generation or an earlier one.
-- Why: the next agent's entry must stay (S5).
-- KEYS[1]: router:endpoint:acme
-- ARGV[2]: generation, twenty digits.
-- Returns 1 if it is gone, else 0.
local found = call('HGET', KEYS[1], 'generation')
if found and found > ARGV[2] then return 0 end
call('DEL', KEYS[1])
return 1
