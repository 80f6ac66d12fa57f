-- CLAIM: up to max times the tenant that is next, its first waiting job, a hold, a new epoch, a lease.
-- Why: order, caps, credits and ownership are one decision (M1, M5, M19). What it costs does not depend on how many jobs
-- wait, and only by a logarithm on how many tenants do.
-- KEYS[1]: sys:{p07}:meta
-- ARGV[4]: worker. ARGV[5]: how many at most. ARGV[6]: the lease in µs.
-- Returns {'OK', seq, more (0 or 1), next due (µs or nil), tenants parked just now (name:reason:due, commas between), nine a
-- job}: tenant, serial, agent, cost, attempt, epoch, lease
-- until, prompt, pointer (or nil).
local worker, most, lease = ARGV[4], whole(ARGV[5], 0, 100000), whole(ARGV[6], 0, 3600000000)
if not (most and lease) then return {'INVALID', seq} end
local moved = move_due()
local more = moved == 128 and 1 or 0
local capacity = tonumber(meta[6] or ARGV[3]:match('^%d+'))
local leases = capacity > 0 and call('ZCARD', LEASES) or 0
local lease_until, lease_text = now + lease, fmt('%d', now + lease)
local out, pointers, got, passed, parked = {'OK', 0, 0, false, ''}, {}, 0, 0, {}

-- The order: what was fetched of it, and the tenants that were served and come again.
local fetched, at, skip, again = {}, 1, 0, {}
local function fetch()
  local list = call('ZRANGE', READY, skip, skip + min(most - got, 100), 'WITHSCORES')
  fetched, at = list, 1
  skip = skip + #list / 2
end

local function come_again(t)
  local low, high, tag = 1, #again + 1, t.a.tag
  while low < high do
    local middle = floor((low + high) / 2)
    local other = again[middle]
    if other.a.tag < tag or (other.a.tag == tag and less(other.name, t.name)) then low = middle + 1 else high = middle end
  end
  table.insert(again, low, t)
end

-- The tenant that is next, taken out of the order.
local function next_tenant()
  if not fetched[at] and skip >= 0 then
    fetch()
    if not fetched[1] then skip = -1 end
  end
  local name, other = fetched[at], again[1]
  if name and other then
    local tag = tonumber(fetched[at + 1])
    if other.a.tag < tag or (other.a.tag == tag and less(other.name, name)) then name = nil end
  end
  if name then
    at = at + 2
    return tenant(name), name
  end
  return table.remove(again, 1)
end

-- The tenant's first waiting job that was not taken yet. How many were is t.wait_skip: they are the head of the set.
local function ahead(t)
  local list = t.next_list
  if list and (list[t.next_index] or t.next_all) then return list[t.next_index] end
  -- Few where others come between, ever more where it goes on.
  local from, count = t.wait_skip or 0, min(list and t.next_count * 2 or (fetched[at] and 2 or 64), max(2, most - got + 1), 64)
  list = call('ZRANGE', t.key .. 'waiting', from, from + count - 1)
  t.next_list, t.next_index, t.next_count, t.next_all = list, 1, count, #list < count
  return list[1]
end

local function take(t)
  t.next_index, t.wait_skip = t.next_index + 1, (t.wait_skip or 0) + 1
end

local function idle(t)
  t.agents_gone, t.agents_set = true, nil
  t.a.standing, t.a.due_us = 'idle', 0
end

-- Gives one job of the tenant to the worker; false if it is passed over.
local function claim_from(t)
  local a = t.a
  local serial = ahead(t)
  if not serial then
    idle(t)
    return false
  end
  local j = job(t, serial)
  if not j then
    -- Removed behind our back.
    take(t)
    if ahead(t) then come_again(t) else idle(t) end
    return false
  end
  local cost = j.cost
  if a.running >= a.max_running then
    a.standing = 'capped'
    return false
  end
  -- An account that is at now is not changed by a touch.
  local old = a.last_us ~= now and before(a)
  local d = touch(a)
  local reason, due = blocked(a, cost)
  if reason then
    if old then put_back(a, old) end
    a.standing, a.due_us = reason, due
    parked[#parked + 1] = fmt('%s:%s:%d', t.name, reason, due)
    return false
  end
  take(t)
  j.attempts, j.hold, j.grants = j.attempts + 1, cost, grants_text(hold(a, cost, d))
  clock = started(a, cost)
  a.agent_clock = max(a.agent_clock, j.tag)
  a.running = a.running + 1
  epoch = max(epoch + 1, now)
  j.state, j.worker, j.due, j.epoch = 'running', worker, lease_until, epoch
  job_save(j)
  put(lease_add, lease_text, t.name .. '+' .. serial)
  leases = leases + 1
  if ahead(t) then come_again(t) else idle(t) end
  book(t, 'hold', j.agent, serial, j.attempts, d, 0, 'claim')
  local n = 5 + got * 9
  out[n + 1], out[n + 2], out[n + 3], out[n + 4], out[n + 5] = t.name, serial, j.agent, cost, j.attempts
  out[n + 6], out[n + 7], out[n + 8] = epoch, lease_until, j.prompt or call('GET', j.key .. ':prompt') or ''
  pointers[got + 1] = t.key .. 'agent:' .. j.agent .. ':pointer'
  got = got + 1
  return true
end

local left = false
while got < most do
  if capacity > 0 and leases >= capacity then break end
  local t, name = next_tenant()
  if not t then break end
  if passed >= 256 then
    more, left = 1, true
    break
  end
  if not t.a or t.a.standing ~= 'ready' then
    ready_rem[#ready_rem + 1] = name
    passed = passed + 1
  elseif not claim_from(t) then
    passed = passed + 1
  end
end
finish()
for from = 1, got, 4000 do
  local found = call('MGET', unpack(pointers, from, min(from + 3999, got)))
  for i = 1, #found do out[5 + (from + i - 1) * 9] = found[i] end
end
local due = first_score(DELAYED)
out[2], out[3], out[4] = seq, more, due and fmt('%d', due) or false
out[5] = table.concat(parked, ',')
-- One wakes the next, as long as there is something to take.
if (got > 0 or moved > 0 or left) and not (capacity > 0 and leases >= capacity) then wake(1) end
return out
