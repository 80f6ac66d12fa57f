-- Whether a claim may find something.
-- Why: a worker that waits for a token looks first: whatever happened to the tokens, no work waits for them.
-- KEYS[1]: sys:{p07}:meta
-- Returns {'OK', seq, 0 or 1}.
local capacity = tonumber(meta[6] or ARGV[3]:match('^%d+'))
local due = first_score(DELAYED)
local some = call('ZCARD', READY) > 0 or (due and due <= now)
return {'OK', seq, some and (capacity == 0 or call('ZCARD', LEASES) < capacity) and 1 or 0}
