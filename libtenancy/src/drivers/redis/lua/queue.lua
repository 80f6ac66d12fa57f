-- Shared: after the prelude in the scripts that move jobs.
-- Why: waiting sets, agents' tags, delays, the end of attempts and of jobs, wake-up tokens.
-- Fields of a job's hash: state, cost, tag, submitted; where they differ from what most jobs have: agent, priority, max,
-- attempts, epoch, hold, grants, used, cancel, result (up to 64 bytes; a longer one is a key of its own, and `long` is 1),
-- worker, until, reason, at.

local function waiting(t)
  if not t.waiting then t.waiting = call('ZCARD', t.key .. 'waiting') end
  return t.waiting
end

-- A held-back tenant takes its turn again, or is idle if nothing waits.
local function rejoin(t)
  local a = t.a
  a.due_us = 0
  if waiting(t) > 0 then
    a.tag, a.standing = max(a.tag, clock), 'ready'
  else
    a.standing = 'idle'
  end
end

local function parked(a)
  return a.standing == 'credits' or a.standing == 'budget'
end

-- More is allowed than before, perhaps.
local function reconsider(t)
  if t.a.standing == 'capped' or parked(t.a) then rejoin(t) end
end

local function idle_if_empty(t)
  if waiting(t) > 0 then return end
  t.agents_gone, t.agents_set = true, nil
  t.a.standing, t.a.due_us = 'idle', 0
end

local function waiting_score(priority, tag)
  return (9 - min(priority, 9)) * (MAX_TAG + 1) + tag
end

-- A job joins its tenant's waiting set; it keeps the tag it once had.
local function enqueue(t, j)
  local a, count = t.a, waiting(t)
  if j.tag < 0 then
    local last = t.agents_set and t.agents_set[j.agent]
    if not last then
      -- Nothing waits: no agent has an end.
      last = count > 0 and tonumber(call('HGET', t.key .. 'agents', j.agent) or 0) or 0
      t.agents_set = t.agents_set or {}
    end
    j.tag = min(max(a.agent_clock, last), MAX_TAG)
    t.agents_set[j.agent] = min(j.tag + floor((j.cost + 999) / 1000), MAX_TAG)
  end
  local score = waiting_score(j.priority, j.tag)
  add(t, 'wait_add', score, j.serial)
  t.waiting = count + 1
  if a.standing == 'idle' then
    decay(a)
    a.tag, a.standing = max(a.tag, clock + min(a.used, MEMORY)), 'ready'
  elseif parked(a) then
    -- It was the job that is second now which could not be paid.
    local first = call('ZRANGE', t.key .. 'waiting', 0, 0, 'WITHSCORES')
    local before_it = not first[1] or score < tonumber(first[2]) or (score == tonumber(first[2]) and less(j.serial, first[1]))
    if before_it then rejoin(t) end
  end
end

-- A job by its name; nil if there is none, or it was kept long enough.
local function job(t, serial)
  local key = t.key .. 'job:' .. serial
  local flat = call('HGETALL', key)
  if #flat == 0 then return nil end
  local j = {}
  for i = 1, #flat, 2 do j[flat[i]] = flat[i + 1] end
  j.key, j.serial, j.agent = key, serial, j.agent or 'main'
  j.cost, j.tag, j.priority, j.max = tonumber(j.cost), tonumber(j.tag), tonumber(j.priority or 5), tonumber(j.max or 3)
  j.attempts, j.epoch, j.hold = tonumber(j.attempts or 0), tonumber(j.epoch or 0), tonumber(j.hold or 0)
  j.used, j.cancel, j.grants, j.due = tonumber(j.used or 0), j.cancel == '1', j.grants or '', tonumber(j['until'] or 0)
  local state = j.state
  if state == 'succeeded' or state == 'cancelled' then
    if now >= j.at + KEEP_FINISHED then return nil end
  elseif state == 'dead' then
    if now >= j.at + KEEP_DEAD then return nil end
  end
  return j
end

-- Sets fields of a job's hash: a flat list.
local function job_set(j, list)
  call('HSET', j.key, unpack(list))
end

local function delay(t, j, due, reason, list)
  put(list, 'state', 'delayed')
  put(list, 'until', due)
  put(list, 'reason', reason)
  j.state = 'delayed'
  put(delayed_add, due, t.name .. '.' .. j.serial)
end

-- What a job came to: short in its hash, long in a key of its own.
local function result(j, text, list)
  if #text <= 64 then
    put(list, 'result', text)
    if j.long == '1' then
      put(list, 'long', '0')
      gone[#gone + 1] = j.key .. ':result'
    end
  else
    call('SET', j.key .. ':result', text)
    j.long = '1'
    put(list, 'long', '1')
    put(list, 'result', '')
  end
end

-- A job is over: it leaves the index of live jobs for that of its day, and is forgotten in time.
local function end_job(t, j, label, list)
  put(list, 'state', label)
  put(list, 'at', now)
  job_set(j, list)
  j.state = label
  add(t, 'jobs_rem', j.serial)
  add(t, label == 'dead' and 'dead' or 'ended', 0, j.serial)
  t.over = true
  local keep = (label == 'dead' and KEEP_DEAD or KEEP_FINISHED) / 1000 + 1
  call('PEXPIRE', j.key, keep)
  if j.long == '1' then call('PEXPIRE', j.key .. ':result', keep) end
  if label == 'succeeded' then
    gone[#gone + 1] = j.key .. ':prompt'
  else
    call('PEXPIRE', j.key .. ':prompt', keep)
  end
end

local function backoff(attempts, jitter)
  local whole_pause = min(5000000 * 2 ^ min(max(attempts - 1, 0), 10), 600000000)
  return whole_pause - floor(whole_pause / 2000) * min(jitter, 999)
end

-- Ends an attempt's lease and hold, gives the tenant its place back, books the row.
local function unlease(t, j, used, kind, label)
  local a = t.a
  local d = touch(a)
  settle(a, j.hold, grants_read(j.grants), used, d)
  local refunded = used < j.hold
  j.hold, j.used = 0, min(j.used + used, MAX_AMOUNT)
  lease_rem[#lease_rem + 1] = t.name .. '+' .. j.serial
  a.running = max(a.running - 1, 0)
  corrected(a, j.cost, used)
  if a.standing == 'capped' or (refunded and parked(a)) then rejoin(t) end
  book(t, kind, j.agent, j.serial, j.attempts, d, 0, label)
  local list = {'hold', 0, 'used', j.used}
  if j.grants ~= '' then put(list, 'grants', '') end
  return list
end

-- Moves what is due, at most 128 entries: delayed jobs into their waiting sets, parked tenants into the order.
local function move_due()
  local due = call('ZRANGEBYSCORE', DELAYED, '-inf', now, 'LIMIT', 0, 128)
  if #due == 0 then return 0 end
  call('ZREM', DELAYED, unpack(due))
  for i = 1, #due do
    local name, serial = due[i]:match('^([^.]+)%.(.+)$')
    local t = tenant(name or due[i])
    if not name then
      if t.a and parked(t.a) then rejoin(t) end
    elseif t.a then
      local j = job(t, serial)
      if j and j.state == 'delayed' then
        enqueue(t, j)
        job_set(j, {'state', 'queued', 'tag', j.tag})
      end
    end
  end
  flush()
  return #due
end

local function first_score(key)
  local first = call('ZRANGE', key, 0, 0, 'WITHSCORES')
  return first[2] and tonumber(first[2])
end

-- Tells workers that there is work: up to count tokens, never more than 64 in all. Call it after the last flush.
local function wake(count)
  if count <= 0 or call('ZCARD', READY) == 0 then return end
  for _ = 1, min(count, 64 - call('XLEN', TOKENS)) do call('XADD', TOKENS, '*', 'at', now) end
end

-- Ends a turn's hold. What was used beyond it is taken as far as the account may.
local function turn_end(t, turn, used, kind, label)
  local a = t.a
  local d = touch(a)
  local amount, grants = turn.hold, grants_read(turn.grants)
  if used > amount and not blocked(a, used - amount) then
    for _, grant in ipairs(hold(a, used - amount, d)) do grants[#grants + 1] = grant end
    amount = used
  end
  settle(a, amount, grants, used, d)
  corrected(a, turn.hold, used)
  if parked(a) and used < turn.hold then rejoin(t) end
  book(t, kind, turn.agent, 'turn:' .. turn.name, 0, d, 0, label)
end

-- A turn by its key; nil if there is none, it is of an account that was closed, or it was kept long enough.
local function turn(t, name)
  local flat = call('HGETALL', t.key .. 'turn:' .. name)
  if #flat == 0 or not t.a then return nil end
  local h = {}
  for i = 1, #flat, 2 do h[flat[i]] = flat[i + 1] end
  h.name, h.hold, h.epoch, h.settled = name, tonumber(h.hold), tonumber(h.epoch), h.settled == '1'
  if tonumber(h.life) ~= t.a.life or (h.settled and tonumber(h['until']) <= now) then return nil end
  return h
end
