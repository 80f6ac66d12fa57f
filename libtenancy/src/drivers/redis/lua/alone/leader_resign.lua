-- Gives up a lease that is the owner's. The key stays: its epoch must not go back.
-- Why: only the leader resigns.
-- KEYS[1]: sys:ztm:leader:orchestrator-leader
-- ARGV[2]: owner.
-- Returns 1 if it led, else 0.
if call('HGET', KEYS[1], 'owner') ~= ARGV[2] then return 0 end
call('HSET', KEYS[1], 'owner', '', 'lapses', '0')
return 1
