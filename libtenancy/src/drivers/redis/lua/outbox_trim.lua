-- Forgets rows up to a sequence number.
-- Why: an entry holds all rows of a step; one that is trimmed in part stays, and its rows are not read again.
-- KEYS[1]: sys:{p07}:meta
-- ARGV[4]: the sequence number.
-- Returns {'OK', seq}.
local upto = whole(ARGV[4], 0, MAX_WHOLE)
if not upto then return {'INVALID', seq} end
call('XTRIM', OUTBOX, 'MINID', fmt('%d', upto + 1))
if upto > tonumber(call('HGET', META, 'trimmed') or 0) then call('HSET', META, 'trimmed', min(upto, seq)) end
return {'OK', seq}
