-- Sets how many leases a partition may have at once (0: no limit).
-- Why: capacity is lent between partitions; the next claim heeds it.
-- KEYS[1]: sys:{p07}:meta
-- ARGV[4]: how many.
-- Returns {'OK', seq}.
local capacity = whole(ARGV[4], 0, 4294967295)
if not capacity then return {'INVALID', seq} end
call('HSET', META, 'capacity', capacity)
finish()
wake(1)
return {'OK', seq}
