-- Keeps what came of an order.
-- Why: whoever repeats it is answered the same; one whose key went to another order changes nothing of that.
-- KEYS[1]: ztm:receipt:admin:01k9
-- ARGV[2]: the order's hash. ARGV[3]: how long it is kept, µs. ARGV[4]: the status. ARGV[5]: the answer.
-- Returns 1 if it is kept, else 0.
local found = call('HGET', KEYS[1], 'order')
if found and found ~= ARGV[2] then return 0 end
local kept = fmt('%d', now + ARGV[3])
call('HSET', KEYS[1], 'order', ARGV[2], 'until', kept, 'status', ARGV[4], 'body', ARGV[5])
call('PEXPIRE', KEYS[1], fmt('%d', math.ceil(ARGV[3] / 1000)))
return 1
