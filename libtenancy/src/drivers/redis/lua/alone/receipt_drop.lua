-- Gives a key back of whose order nothing came.
-- Why: what was refused may be asked for again at once; what was done stays done.
-- KEYS[1]: ztm:receipt:admin:01k9
-- ARGV[2]: the order's hash.
-- Returns 1 if it is given back, else 0.
local found = call('HMGET', KEYS[1], 'order', 'status')
if found[1] ~= ARGV[2] or found[2] then return 0 end
return call('DEL', KEYS[1])
