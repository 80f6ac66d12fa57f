-- A partition's queue.
-- Why: capacity is lent by it and people look at it: everything at one moment.
-- KEYS[1]: sys:{p07}:meta
-- Returns {'OK', seq, capacity, leases, clock, delayed, next due, next lease (nil: none), ready, active weight, recovered,
-- six a tenant}: tenant, tag, weight, standing, waiting, running; the first hundred.
local due, lease = first_score(DELAYED), first_score(LEASES)
local out = {
  'OK', seq, tonumber(meta[6] or ARGV[3]:match('^%d+')), call('ZCARD', LEASES), fmt('%d', clock), call('ZCARD', DELAYED),
  due and fmt('%d', due) or false, lease and fmt('%d', lease) or false, call('ZCARD', READY), 0, recovered,
}
local names, weights = call('ZRANGE', READY, 0, 999), 0
for i = 1, #names do
  local key = TENANT .. names[i] .. ':'
  if i <= 100 then
    local a = call('HMGET', key .. 'quota:gpu', 'terms', 'place', 'order')
    local weight = a[1] and a[1]:match('^%d+') or '0'
    local standing, running = (a[2] or 'idle|0|0'):match('^(%a+)|%d+|(%d+)$')
    weights = weights + tonumber(weight)
    local n = #out
    out[n + 1], out[n + 2], out[n + 3], out[n + 4] = names[i], (a[3] or '0'):match('^%d+'), weight, standing
    out[n + 5], out[n + 6] = call('ZCARD', key .. 'waiting'), running
  else
    weights = weights + tonumber((call('HGET', key .. 'quota:gpu', 'terms') or '0'):match('^%d+'))
  end
end
out[10] = weights
return out
