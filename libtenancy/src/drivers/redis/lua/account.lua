-- An account, as it was touched last.
-- Why: the account and the time at one moment.
-- KEYS[1]: sys:{p07}:meta
-- ARGV[4]: tenant.
-- Returns {'OK', seq, now, the account's fields and values}.
return account_answer({'OK', seq, fmt('%d', now)}, tenant(ARGV[4]).a)
