-- Where a queued job stands.
-- Why: its place in its tenant's set and its tenant's in the order, at one moment.
-- KEYS[1]: sys:{p07}:meta
-- ARGV[4]: tenant. ARGV[5]: serial.
-- Returns {'OK', seq, jobs before it, tenants before its own, waiting, the account's fields and values} | {'MISSING', seq}.
local t = tenant(ARGV[4])
local j = job(t, ARGV[5])
if not (t.a and j) or j.state ~= 'queued' then return {'MISSING', seq} end
local ahead = call('ZRANK', t.key .. 'waiting', j.serial)
if not ahead then return {'MISSING', seq} end
local before_it = call('ZRANK', READY, t.name) or call('ZCOUNT', READY, '-inf', fmt('(%d', t.a.tag))
return account_answer({'OK', seq, ahead, before_it, waiting(t)}, t.a)
