-- Shared: after the prelude in the scripts that move jobs.
-- Why: waiting sets, agents' tags, delays, the end of attempts and of jobs, wake-up tokens.
-- A job: state, agent, cost, priority, max (attempts), tag, submitted, attempts, epoch, hold, grants, used, cancel, worker,
-- due (when it is due, or its lease lapses), reason, at (when it ended), result, prompt.

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
  add(t, 'wait_add', fmt('%d', score), j.serial)
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

-- A prompt or a result of up to so many bytes is part of the record.
local SHORT = 1024

local function job_decoded(key, serial, value)
  local state, agent, cost, priority, most, tag, submitted, attempts, epoch_, hold_, grants, used, cancel, worker, due, reason,
    at, result, prompt = decode(value)
  local j = {
    key = key, serial = serial, state = state, agent = agent, cost = cost, priority = priority, max = most, tag = tag,
    submitted = submitted, attempts = attempts, epoch = epoch_, hold = hold_, grants = grants, used = used, cancel = cancel,
    worker = worker, due = due, reason = reason, at = at, result = result, prompt = prompt,
  }
  if state == 'succeeded' or state == 'cancelled' then
    if now >= at + KEEP_FINISHED then return nil end
    j.keep = floor((at + KEEP_FINISHED - now) / 1000) + 1
  elseif state == 'dead' then
    if now >= at + KEEP_DEAD then return nil end
    j.keep = floor((at + KEEP_DEAD - now) / 1000) + 1
  end
  return j
end

-- A job by its name; nil if there is none, or it was kept long enough.
local function job(t, serial)
  local key = t.key .. 'job:' .. serial
  local value = call('GET', key)
  return value and job_decoded(key, serial, value) or nil
end

-- A new job, to be saved.
local function job_new(t, serial, agent, cost, priority, most, prompt)
  local j = {
    key = t.key .. 'job:' .. serial, serial = serial, state = 'queued', agent = agent, cost = cost, priority = priority,
    max = most, tag = -1, submitted = now, attempts = 0, epoch = 0, hold = 0, grants = '', used = 0, cancel = false,
    worker = '', due = 0, reason = '', at = 0, prompt = prompt,
  }
  if #prompt > SHORT then
    call('SET', j.key .. ':prompt', prompt)
    j.prompt = false
  end
  return j
end

-- A job's names and values for an answer: numbers become integers there. A long result is looked up.
local function job_answer(j)
  local out = {
    'state', j.state, 'agent', j.agent, 'cost', j.cost, 'priority', j.priority, 'max', j.max, 'tag', j.tag, 'submitted',
    j.submitted, 'attempts', j.attempts, 'epoch', j.epoch, 'hold', j.hold, 'grants', j.grants, 'used', j.used, 'cancel',
    j.cancel and '1' or '0', 'worker', j.worker, 'until', j.due, 'reason', j.reason, 'at', j.at,
  }
  local text = j.result
  if text == false then text = call('GET', j.key .. ':result') end
  if text then put(out, 'result', text) end
  return out
end

local function delay(t, j, due, reason)
  j.state, j.due, j.reason = 'delayed', due, reason
  job_save(j)
  put(delayed_add, fmt('%d', due), t.name .. '.' .. j.serial)
end

-- What a job came to.
local function result(j, text)
  if #text <= SHORT then
    if j.result == false then gone[#gone + 1] = j.key .. ':result' end
    j.result = text
  else
    call('SET', j.key .. ':result', text)
    j.result = false
  end
end

-- A job is over: it leaves the index of live jobs for that of its day, and is forgotten in time.
local function end_job(t, j, label)
  j.state, j.at = label, now
  add(t, 'jobs_rem', j.serial)
  add(t, label == 'dead' and 'dead' or 'ended', 0, j.serial)
  t.over = true
  j.keep = (label == 'dead' and KEEP_DEAD or KEEP_FINISHED) / 1000 + 1
  if j.result == false then call('PEXPIRE', j.key .. ':result', j.keep) end
  if label == 'succeeded' then
    if not j.prompt then gone[#gone + 1] = j.key .. ':prompt' end
    j.prompt = ''
  elseif not j.prompt then
    call('PEXPIRE', j.key .. ':prompt', j.keep)
  end
  job_save(j)
end

local function backoff(attempts, jitter)
  local whole_pause = min(5000000 * 2 ^ min(max(attempts - 1, 0), 10), 600000000)
  return whole_pause - floor(whole_pause / 2000) * min(jitter, 999)
end

-- Ends an attempt's lease and hold, gives the tenant its place back, books the row. The job is yet to be saved.
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
  j.grants = ''
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
        j.state = 'queued'
        job_save(j)
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

-- Ends a turn's hold.
local function turn_end(t, turn, used, kind, label)
  local a = t.a
  local d = touch(a)
  settle(a, turn.hold, grants_read(turn.grants), used, d)
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
