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
  local t = tenant(names[i])
  local a = t.a or {weight = 0, tag = 0, standing = 'idle', running = 0}
  weights = weights + a.weight
  if i <= 100 then
    local n = #out
    out[n + 1], out[n + 2], out[n + 3], out[n + 4] = names[i], a.tag, a.weight, a.standing
    out[n + 5], out[n + 6] = waiting(t), a.running
  end
end
out[10] = weights
return out
