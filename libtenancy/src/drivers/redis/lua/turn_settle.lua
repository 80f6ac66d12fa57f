-- Settles a chat turn; remembers for a day that it was.
-- Why: a repeat under the same epoch does nothing, another epoch or a lapsed hold is a conflict.
-- KEYS[1]: sys:{p07}:meta
-- ARGV[4]: tenant. ARGV[5]: key. ARGV[6]: epoch. ARGV[7]: used.
-- Returns {'OK', seq} | {'CONFLICT', seq}.
local t, name, at, used = tenant(ARGV[4]), ARGV[5], tonumber(ARGV[6]), whole(ARGV[7], 0, MAX_AMOUNT)
if not used then return {'INVALID', seq} end
local found = turn(t, name)
if not found or found.epoch ~= at then return {'CONFLICT', seq} end
if found.settled then return {'OK', seq} end
turn_end(t, found, used, 'settle', 'succeeded')
local key = t.key .. 'turn:' .. name
call('HSET', key, 'settled', '1', 'hold', 0, 'grants', '', 'until', now + DAY)
call('PEXPIRE', key, DAY / 1000 + 1)
call('ZREM', TURNS, t.name .. '|' .. name)
finish()
wake(1)
return {'OK', seq}
