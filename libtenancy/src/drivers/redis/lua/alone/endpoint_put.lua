-- Caches an agent, unless one of a later generation is cached.
-- Why: a late writer must not bring back an agent that is gone (S5).
-- KEYS[1]: router:endpoint:acme
-- ARGV[2]: generation, twenty digits. ARGV[3]: the agent. ARGV[4]: when it expires, µs.
-- Returns 1 if it is cached, else 0.
local found = call('HGET', KEYS[1], 'generation')
if found and found > ARGV[2] then return 0 end
call('HSET', KEYS[1], 'generation', ARGV[2], 'agent', ARGV[3], 'expires', ARGV[4])
-- It is remembered longer than it is used: its generation is what refuses a late writer.
call('PEXPIRE', KEYS[1], fmt('%d', math.max(math.ceil((ARGV[4] - now) / 1000), 0) + 300000))
return 1
