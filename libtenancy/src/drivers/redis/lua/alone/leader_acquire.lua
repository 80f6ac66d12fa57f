-- Takes or renews the lease of a role; the epoch grows unless the leader renews a lease that has not lapsed.
-- Why: an epoch never goes back, also when this store forgot it: max(previous + 1, now).
-- KEYS[1]: sys:ztm:leader:orchestrator-leader
-- ARGV[2]: owner. ARGV[3]: for how long, µs.
-- Returns the epoch, or nil if another leads.
local found = call('HMGET', KEYS[1], 'owner', 'epoch', 'lapses')
local owner, epoch, live = found[1] or '', tonumber(found[2] or 0), tonumber(found[3] or 0) > now
if live and owner ~= '' and owner ~= ARGV[2] then return false end
if not (live and owner == ARGV[2]) then epoch = math.max(epoch + 1, now) end
call('HSET', KEYS[1], 'owner', ARGV[2], 'epoch', fmt('%d', epoch), 'lapses', fmt('%d', now + tonumber(ARGV[3])))
return fmt('%d', epoch)
