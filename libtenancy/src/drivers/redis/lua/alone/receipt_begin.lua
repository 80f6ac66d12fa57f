-- Takes a key for an order, unless it stands for something.
-- Why: of many who repeat an order at once, one does it.
-- KEYS[1]: ztm:receipt:admin:01k9
-- ARGV[2]: the order's hash. ARGV[3]: how long it is taken, µs.
-- Returns 'new', 'running', 'different', or 'done' with the status and the answer.
local found = call('HMGET', KEYS[1], 'order', 'until', 'status', 'body')
if found[1] and now < tonumber(found[2]) then
  if found[1] ~= ARGV[2] then return { 'different' } end
  if found[3] then return { 'done', found[3], found[4] } end
  return { 'running' }
end
call('DEL', KEYS[1])
call('HSET', KEYS[1], 'order', ARGV[2], 'until', fmt('%d', now + ARGV[3]))
call('PEXPIRE', KEYS[1], fmt('%d', math.ceil(ARGV[3] / 1000)))
return { 'new' }
