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
        local of_it = job(t, first)
        answer('duplicate', first, of_it and of_it.state or 'succeeded')
      end
    end
    local there = not row and job(t, serial)
    if row then
      -- Answered.
    elseif there then
      answer('duplicate', serial, there.state)
    elseif waiting(t) >= 2000000 then
      answer('overloaded', '', '')
    else
      -- As it is now: nothing is left of a grant that has expired.
      local a = t.a or account_new(t)
      local old = before(a)
      touch(a)
      local most = max(available(a) + a.held, a.burst + available(a) - a.credits)
      -- What was granted in this period widens a budget, as far as it is not spent.
      local limit = a.limit + max(a.granted - a.spent, 0)
      put_back(a, old)
      if cost > most then
        answer('unpayable', fmt('%d', most), '')
      elseif a.hard == '1' and a.period ~= '' and cost > limit then
        answer('budget', fmt('%d', limit), a.period)
      else
        a = opened(t)
        if idem ~= '' then
          call('SET', row_key, fmt('%d|%d|%s|%s', now + DAY, a.life, serial, body), 'PX', DAY / 1000)
        end
        local j = job_new(t, serial, agent, cost, priority, attempts, prompt)
        if due > now then
          delay(t, j, due, 'scheduled')
        else
          enqueue(t, j)
          job_save(j)
          queued = queued + 1
        end
        add(t, 'jobs_add', 0, serial)
        answer('new', serial, j.state)
      end
    end
  end
end
finish()
wake(queued)
out[2] = seq
return out
