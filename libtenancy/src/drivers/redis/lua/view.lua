-- A partition's queue.
-- Why: capacity is lent by it and people look at it: everything at one moment.
-- KEYS[1]: sys:{p07}:meta
-- Returns {'OK', seq, capacity, leases, clock, delayed, next due, next lease (nil: none), ready, active weight, recovered,
-- waiting jobs in turn, capped, without credits, without budget, delayed jobs, seven a tenant}: tenant, tag, weight, standing,
-- due, waiting, running; the first hundred that are ready, then a hundred that are held back. Jobs are counted of a thousand
-- tenants of each.
local due, lease = first_score(DELAYED), first_score(LEASES)
local out = {
  'OK', seq, tonumber(meta[6] or ARGV[3]:match('^%d+')), call('ZCARD', LEASES), fmt('%d', clock), call('ZCARD', DELAYED),
  due and fmt('%d', due) or false, lease and fmt('%d', lease) or false, call('ZCARD', READY), 0, recovered, 0, 0, 0, 0, 0,
}
local weights, waits = 0, {ready = 0, capped = 0, credits = 0, budget = 0, idle = 0}
for _, key in ipairs({READY, HELD}) do
  local names = call('ZRANGE', key, 0, 999)
  for i = 1, #names do
    local t = tenant(names[i])
    local a = t.a or {weight = 0, tag = 0, standing = 'idle', due_us = 0, running = 0}
    if key == READY then weights = weights + a.weight end
    waits[a.standing] = waits[a.standing] + waiting(t)
    if i <= 100 then
      local n = #out
      out[n + 1], out[n + 2], out[n + 3], out[n + 4] = names[i], a.tag, a.weight, a.standing
      out[n + 5], out[n + 6], out[n + 7] = fmt('%d', a.due_us), waiting(t), a.running
    end
  end
end
out[10] = weights
out[12], out[13], out[14], out[15] = waits.ready, waits.capped, waits.credits, waits.budget
out[16] = call('ZCARD', DELAYED) - call('ZCOUNT', HELD, 2, 2)
return out
