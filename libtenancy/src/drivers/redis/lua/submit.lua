-- SUBMIT: for each job its idempotency row, its record and its place in the queue; or nothing.
-- Why: a job that was accepted is never half there (M11, M12), and its cost is a number (M4).
-- KEYS[1]: sys:{p07}:meta
-- ARGV[4..], ten a job: tenant, serial, agent, cost, priority, attempts, not before (µs, 0: now), hash of the idempotency
-- key (empty: none), hash of the body, prompt.
-- Returns {'OK', seq, three a job}: new SERIAL state | duplicate SERIAL state | conflict | overloaded |
-- unpayable MOST (what the tenant could ever hold) | budget LIMIT period | invalid.
local out, queued = {'OK', 0}, 0
local function answer(a, b, c)
  local n = #out
  out[n + 1], out[n + 2], out[n + 3] = a, b, c
end

-- The state of a job that can still be read.
local function state_of(t, serial)
  local key = t.key .. 'job:' .. serial
  local found = call('HMGET', key, 'state', 'at')
  local state = found[1]
  if not state then return nil end
  if state == 'dead' and now >= found[2] + KEEP_DEAD
    or (state == 'succeeded' or state == 'cancelled') and now >= found[2] + KEEP_FINISHED then
    call('UNLINK', key, key .. ':prompt', key .. ':result')
    return nil
  end
  return state
end

for i = 4, #ARGV, 10 do
  local serial, agent, prompt, idem, body = ARGV[i + 1], ARGV[i + 2], ARGV[i + 9], ARGV[i + 7], ARGV[i + 8]
  local cost, priority, attempts = whole(ARGV[i + 3], 1, MAX_COST), whole(ARGV[i + 4], 0, 9), whole(ARGV[i + 5], 1, 25)
  local due = whole(ARGV[i + 6], 0, now + MAX_SCHEDULE + DAY)
  if not (cost and priority and attempts and due) then
    answer('invalid', '', '')
  else
    local t = tenant(ARGV[i])
    local row_key, row = t.key .. 'idem:' .. idem, nil
    if idem ~= '' and t.a then row = call('GET', row_key) end
    if row then
      local ends, life, first, hash = row:match('^(%d+)|(%d+)|(%w+)|(%w+)$')
      if tonumber(ends) <= now or tonumber(life) ~= t.a.life then
        row = nil
      elseif hash ~= body then
        answer('conflict', '', '')
      else
        -- A job that was forgotten before its key: it was over.
        answer('duplicate', first, state_of(t, first) or 'succeeded')
      end
    end
    local state = not row and state_of(t, serial)
    if row then
      -- Answered.
    elseif state then
      answer('duplicate', serial, state)
    elseif waiting(t) >= 2000000 then
      answer('overloaded', '', '')
    else
      local a = t.a or account_new()
      local most = max(available(a) + a.held, a.burst + available(a) - a.credits)
      if cost > most then
        answer('unpayable', fmt('%d', most), '')
      elseif a.hard == '1' and a.period ~= '' and cost > a.limit then
        answer('budget', fmt('%d', a.limit), a.period)
      else
        a = opened(t)
        if idem ~= '' then
          call('SET', row_key, fmt('%d|%d|%s|%s', now + DAY, a.life, serial, body), 'PX', DAY / 1000)
        end
        local j = {key = t.key .. 'job:' .. serial, serial = serial, agent = agent, cost = cost, priority = priority, tag = -1}
        local list
        if due > now then
          list = {'tag', -1, 'cost', cost, 'submitted', now}
          delay(t, j, due, 'scheduled', list)
          state = 'delayed'
        else
          enqueue(t, j)
          state, queued = 'queued', queued + 1
          list = {'state', state, 'cost', cost, 'tag', j.tag, 'submitted', now}
        end
        if agent ~= 'main' then put(list, 'agent', agent) end
        if priority ~= 5 then put(list, 'priority', priority) end
        if attempts ~= 3 then put(list, 'max', attempts) end
        job_set(j, list)
        call('SET', j.key .. ':prompt', prompt)
        add(t, 'jobs_add', 0, serial)
        answer('new', serial, state)
      end
    end
  end
end
finish()
wake(queued)
out[2] = seq
return out
