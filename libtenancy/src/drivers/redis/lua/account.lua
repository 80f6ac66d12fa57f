-- An account, as it was touched last.
-- Why: the account and the time at one moment.
-- KEYS[1]: sys:{p07}:meta
-- ARGV[4]: tenant.
-- Returns {'OK', seq, now, the account's fields and values}.
local out = call('HGETALL', TENANT .. ARGV[4] .. ':quota:gpu')
table.insert(out, 1, 'OK')
table.insert(out, 2, seq)
table.insert(out, 3, fmt('%d', now))
return out
