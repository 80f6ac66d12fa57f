-- Shared: put before every script when it is built (drivers/redis/scripts.rs).
-- Why: what all steps do alike: the time, the partition's counters, accounts, and one write of what was changed.
-- KEYS[1]: sys:{p07}:meta. Its hash tag is that of every key a script builds, so a script touches one slot.
-- ARGV[1]: '0', or a test's absolute time in microseconds. ARGV[2]: the highest sequence number the caller has seen.
-- ARGV[3]: capacity|rate|burst|weight|max_running|period|limit|hard: what a partition and an account begin with.
-- Returns {'BEHIND', seq} and changes nothing if the store has forgotten what the caller has seen.
-- Numbers are whole and below 2^53. They are written by %d (`..` would round to 14 digits). 0 - x, never -x: -0 is no 0.
-- Names are compared byte by byte (`less`): `<` on strings follows the server's locale, sorted sets do not.
local call, fmt, floor, min, max = redis.call, string.format, math.floor, math.min, math.max
local encode, decode = cmsgpack.pack, cmsgpack.unpack
local META = KEYS[1]
local TAG = META:sub(5, #META - 5)
local SYS, TENANT = 'sys:' .. TAG .. ':', 't:' .. TAG .. ':'
local READY, DELAYED, LEASES = SYS .. 'tenants', SYS .. 'queue:jobs:delayed', SYS .. 'gpu:reservations'
local TURNS, OUTBOX, TOKENS, ACCOUNTS = SYS .. 'turns', SYS .. 'outbox', SYS .. 'queue:jobs', SYS .. 'accounts'
local HELD = SYS .. 'tenants:held'
local MILLION, DAY, MAX_AMOUNT, MAX_COST = 1000000, 86400000000, 1000000000000000, 1000000000000
local MAX_TAG, MAX_WHOLE, MEMORY = 562949953421311, 9007199254740991, 600000
local KEEP_FINISHED, KEEP_DEAD, MAX_SCHEDULE = DAY, 7 * DAY, 366 * DAY
-- No grants: never changed.
local NO_GRANTS = {}

local now = tonumber(ARGV[1])
if now == 0 then
  local time = call('TIME')
  now = time[1] * MILLION + time[2]
end
local meta = call('HMGET', META, 'incarnation', 'seq', 'clock', 'epoch', 'recovered', 'capacity')
local incarnation, seq = tonumber(meta[1] or 1), tonumber(meta[2] or 0)
local clock, epoch, recovered = tonumber(meta[3] or 0), tonumber(meta[4] or 0), tonumber(meta[5] or 0)
if seq < tonumber(ARGV[2]) then return {'BEHIND', seq} end
local was_incarnation, was_seq, was_clock, was_epoch, was_recovered = incarnation, seq, clock, epoch, recovered

local rows = {}
local tenants, order = {}, {}
local ready_add, ready_rem, delayed_add, delayed_rem, lease_add, lease_rem, gone = {}, {}, {}, {}, {}, {}, {}
local held_add, held_rem = {}, {}

-- A whole number from least to most, or nil: NaN, infinities, fractions and hexadecimal are none.
local function whole(text, least, most)
  if not text:find('^%-?%d+$') then return nil end
  local number = tonumber(text)
  if number >= least and number <= most then return number end
end

local function less(a, b)
  local i = 1
  while true do
    local x, y = a:byte(i), b:byte(i)
    if not y then return false end
    if not x or x < y then return true end
    if x > y then return false end
    i = i + 1
  end
end

local function put(list, a, b)
  local n = #list
  list[n + 1], list[n + 2] = a, b
end

-- A command with any number of members: what Lua can unpack at once is bounded.
local function many(command, key, list)
  local n = #list
  for from = 1, n, 4000 do
    local to = min(from + 3999, n)
    if key then call(command, key, unpack(list, from, to)) else call(command, unpack(list, from, to)) end
  end
end

-- Periods of the UTC calendar: the number of the one that now is in, and when it ends (quota.rs, Period::at).
local function period_at(period)
  local day = floor(now / DAY)
  if period == 'day' then return day, (day + 1) * DAY end
  if period == 'week' then
    local week = floor((day + 3) / 7)
    return week, ((week + 1) * 7 - 3) * DAY
  end
  local z = day + 719468
  local era = floor(z / 146097)
  local doe = z - era * 146097
  local yoe = floor((doe - floor(doe / 1460) + floor(doe / 36524) - floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + floor(yoe / 4) - floor(yoe / 100))
  local mp = floor((5 * doy + 2) / 153)
  local month = mp < 10 and mp + 3 or mp - 9
  local number = (yoe + era * 400 + (month <= 2 and 1 or 0) - 1970) * 12 + month - 1
  local year = 1970 + floor((number + 1) / 12)
  month = (number + 1) % 12 + 1
  local y = month <= 2 and year - 1 or year
  era = floor(y / 400)
  yoe = y - era * 400
  doy = floor((153 * (month > 2 and month - 3 or month + 9) + 2) / 5)
  return number, (era * 146097 + yoe * 365 + floor(yoe / 4) - floor(yoe / 100) + doy - 719468) * DAY
end

-- Grants: expiry:amount with commas between, in order of expiry.
local function grants_read(text)
  if text == '' then return NO_GRANTS end
  local list = {}
  for at, amount in text:gmatch('(%d+):(%d+)') do list[#list + 1] = {tonumber(at), tonumber(amount)} end
  return list
end

local function grants_text(list)
  if #list == 0 then return '' end
  local texts = {}
  for i = 1, #list do texts[i] = fmt('%d:%d', list[i][1], list[i][2]) end
  return table.concat(texts, ',')
end

-- An account: what an operator looks for by name is a field of its own, the rest is three values (MessagePack), since a
-- step reads and writes an account for each tenant it meets. None is longer than 64 bytes, so that the hash stays small.
local FIELDS = {'credits', 'last_us', 'rate_per_sec', 'burst', 'grants', 'money', 'order', 'terms'}

local function account_read(f)
  local rest, held, number, spent, noticed, granted = decode(f[6])
  local standing, due_us, running, tag, agent_clock, used, used_us = decode(f[7])
  local weight, max_running, period, limit, hard, life = decode(f[8])
  return {
    credits = tonumber(f[1]), last_us = tonumber(f[2]), rest = rest, grants = f[5] or '', held = held,
    period_number = number, spent = spent, granted = granted or 0, noticed = noticed, running = running,
    standing = standing, due_us = due_us, tag = tag, used = used, used_us = used_us, agent_clock = agent_clock,
    rate_per_sec = tonumber(f[3]), burst = tonumber(f[4]), weight = weight, max_running = max_running, period = period,
    limit = limit, hard = hard, life = life,
  }
end

local function account_write(t)
  local a, was, list = t.a, t.was, {}
  local money = encode(a.rest, a.held, a.period_number, a.spent, a.noticed, a.granted)
  local place = encode(a.standing, a.due_us, a.running, a.tag, a.agent_clock, a.used, a.used_us)
  local terms = encode(a.weight, a.max_running, a.period, a.limit, a.hard, a.life)
  if a.credits ~= was.credits then put(list, 'credits', fmt('%d', a.credits)) end
  if a.last_us ~= was.last_us then put(list, 'last_us', fmt('%d', a.last_us)) end
  if a.rate_per_sec ~= was.rate then put(list, 'rate_per_sec', fmt('%d', a.rate_per_sec)) end
  if a.burst ~= was.burst then put(list, 'burst', fmt('%d', a.burst)) end
  if a.grants ~= (was.grants or '') then put(list, 'grants', a.grants) end
  if money ~= was.money then put(list, 'money', money) end
  if place ~= was.order then put(list, 'order', place) end
  if terms ~= was.terms then put(list, 'terms', terms) end
  if not list[1] then return end
  call('HSET', t.key .. 'quota:gpu', unpack(list))
  was.credits, was.last_us, was.rate, was.burst, was.grants = a.credits, a.last_us, a.rate_per_sec, a.burst, a.grants
  was.money, was.order, was.terms = money, place, terms
end

-- An account's names and values, after what an answer begins with.
local function account_answer(out, a)
  for name, value in pairs(a or NO_GRANTS) do out[#out + 1], out[#out + 2] = name, value end
  return out
end

-- A tenant: its account if it has one, and what is to be written for it.
local function tenant(name)
  local t = tenants[name]
  if t then return t end
  local key = TENANT .. name .. ':'
  t = {name = name, key = key, was = {}}
  tenants[name] = t
  order[#order + 1] = t
  local found = call('HMGET', key .. 'quota:gpu', unpack(FIELDS))
  if found[1] then
    local a = account_read(found)
    t.a = a
    t.was = {
      standing = a.standing, tag = a.tag, due_us = a.due_us, credits = a.credits, last_us = a.last_us, grants = a.grants,
      rate = a.rate_per_sec, burst = a.burst, money = found[6], order = found[7], terms = found[8],
    }
  end
  return t
end

-- Adds one or two values to a list of what is to be written for a tenant.
local function add(t, name, x, y)
  local list = t[name]
  if not list then
    list = {}
    t[name] = list
  end
  local n = #list
  list[n + 1], list[n + 2] = x, y
end

local function deltas()
  return {granted = 0, refilled = 0, held = 0, spent = 0, expired = 0, adjusted = 0, notice = 0}
end

local touched = deltas()

-- What was spent in the period, and granted in it (ledger.rs, After::period_text).
local function period_text(a)
  if a.granted == 0 then return fmt('%d', a.spent) end
  return fmt('%d:%d', a.spent, a.granted)
end

-- A row of the ledger, as ledger.rs writes it; the account is as it is after the step.
local function book(t, kind, agent, reference, attempt, d, quantity, label)
  local a = t.a
  seq = seq + 1
  rows[#rows + 1] = fmt(
    '%d|%d|%d|%s|%s|%s|%s|%d|%d|%d|%d|%d|%d|%d|%d|%d|%s|%d|%s|%d|%d|%d|%d|%s|%d', incarnation, seq, now, kind, t.name,
    agent, reference, attempt, d.granted, d.refilled, d.held, d.spent, d.expired, d.adjusted, d.notice, quantity, label,
    a.credits, a.grants, a.held, a.last_us, a.rest, a.period_number, period_text(a), a.noticed)
end

-- A new account with a full bucket, and what that grants it. It is not booked.
local function account_new(t)
  local _, rate, burst, weight, running, period, limit, hard =
    ARGV[3]:match('^(%d+)|(%d+)|(%d+)|(%d+)|(%d+)|(%a*)|(%d+)|(%d+)$')
  -- The warm pool's account is granted nothing (quota.rs, POOL).
  if t.name == 'warm-pool' then rate, burst = 0, 0 end
  local d = deltas()
  d.granted = tonumber(burst)
  return {
    credits = d.granted, last_us = now, rest = 0, grants = '', held = 0,
    period_number = period ~= '' and period_at(period) or 0, spent = 0, granted = 0, noticed = 0, running = 0,
    standing = 'idle', due_us = 0, tag = 0, used = 0, used_us = now, agent_clock = 0,
    rate_per_sec = tonumber(rate), burst = d.granted, weight = tonumber(weight), max_running = tonumber(running), period = period, limit = tonumber(limit), hard = hard,
    life = seq + 1,
  }, d
end

-- A quota in one word (quota.rs, Quota::text).
local function quota_text(a)
  return fmt(
    '%d:%d:%d:%d:%s:%d:%d', a.rate_per_sec, a.burst, a.weight, a.max_running, a.period, a.period ~= '' and a.limit or 0,
    a.period ~= '' and a.hard == '1' and 1 or 0)
end

local function quota_put(a, text)
  local rate, burst, weight, running, period, limit, hard = text:match('^(%d+):(%d+):(%d+):(%d+):(%a*):(%d+):(%d)$')
  a.rate_per_sec, a.burst, a.weight, a.max_running = tonumber(rate), tonumber(burst), tonumber(weight), tonumber(running)
  a.period, a.limit, a.hard = period, tonumber(limit), hard
end

local function opened(t)
  if not t.a then
    local a, d = account_new(t)
    t.a = a
    call('ZADD', ACCOUNTS, 0, t.name)
    book(t, 'opening', '', '', 0, d, 0, '')
  end
  return t.a
end

local function available(a)
  local sum = a.credits
  if a.grants ~= '' then
    for _, grant in ipairs(grants_read(a.grants)) do sum = sum + grant[2] end
  end
  return sum
end

-- What of grants is gone unused widens the budget no more.
local function narrow(a, list)
  if a.period == '' then return end
  local left = max(a.spent - a.limit, 0) + a.held
  for i = 1, #list do left = left + list[i][2] end
  a.granted = min(a.granted, left)
end

-- Brings an account to now: refill, expiry of grants, the budget's period. Returns what that changed, until the next touch.
local function touch(a)
  local d = touched
  d.granted, d.refilled, d.held, d.spent, d.expired, d.adjusted, d.notice = 0, 0, 0, 0, 0, 0, 0
  local elapsed = now - a.last_us
  if elapsed > 0 then
    a.last_us = now
    local rate, room = a.rate_per_sec, a.burst - a.credits
    if rate == 0 or room <= 0 then
      a.rest = 0
    else
      local seconds, earned = floor(elapsed / MILLION), room
      local rest = 0
      if seconds <= floor(room / rate) then
        local numerator = elapsed % MILLION * rate + a.rest
        earned = seconds * rate + floor(numerator / MILLION)
        if earned >= room then earned = room else rest = numerator % MILLION end
      end
      a.rest, a.credits, d.refilled = rest, a.credits + earned, earned
    end
  end
  if a.grants ~= '' then
    local list, changed = grants_read(a.grants), false
    while list[1] and list[1][1] <= now do
      d.expired = d.expired + list[1][2]
      table.remove(list, 1)
      changed = true
    end
    if changed then
      a.grants = grants_text(list)
      narrow(a, list)
    end
  end
  if a.period ~= '' then
    local number = period_at(a.period)
    if number > a.period_number then a.period_number, a.spent, a.granted, a.noticed = number, 0, 0, 0 end
  end
  return d
end

-- What a touch may change, to put it back where a step says no.
local function before(a)
  return {a.credits, a.last_us, a.rest, a.grants, a.period_number, a.spent, a.granted, a.noticed}
end

local function put_back(a, old)
  a.credits, a.last_us, a.rest, a.grants, a.period_number, a.spent, a.granted, a.noticed = unpack(old)
end

-- Why an amount cannot be held (`credits` or `budget`), and until when (0: for good); nil if it can.
local function blocked(a, amount)
  local missing, rate = amount - available(a), a.rate_per_sec
  if missing > 0 and (rate == 0 or missing > max(a.burst - a.credits, 0) or floor(missing / rate) > 1000000000) then
    -- No new period helps either.
    return 'credits', 0
  end
  if a.hard == '1' and a.period ~= '' and a.spent - a.granted + a.held + amount > a.limit then
    local _, ends = period_at(a.period)
    return 'budget', ends
  end
  if missing <= 0 then return nil end
  return 'credits', a.last_us + floor(missing / rate) * MILLION + floor((missing % rate * MILLION + rate - 1) / rate)
end

-- Takes an amount out of the bucket, and what is not there out of grants; returns what these gave.
local function draw(a, amount)
  local from_bucket = min(amount, max(a.credits, 0))
  a.credits = a.credits - from_bucket
  local missing, drawn = amount - from_bucket, NO_GRANTS
  if missing > 0 then
    local list = grants_read(a.grants)
    drawn = {}
    while missing > 0 and list[1] do
      local part = min(missing, list[1][2])
      drawn[#drawn + 1] = {list[1][1], part}
      list[1][2] = list[1][2] - part
      missing = missing - part
      if list[1][2] == 0 then table.remove(list, 1) end
    end
    a.grants = grants_text(list)
  end
  return drawn
end

-- Holds an amount; returns what grants gave of it.
local function hold(a, amount, d)
  a.held, d.held = a.held + amount, d.held + amount
  return draw(a, amount)
end

-- What could be held besides all that is: all that is available, within a hard budget.
local function spare(a)
  local most = available(a)
  if a.hard == '1' and a.period ~= '' then most = min(most, a.limit - (a.spent - a.granted) - a.held) end
  return max(most, 0)
end

local function grant_add(a, at, amount)
  local list = a.grants == '' and {} or grants_read(a.grants)
  local i = 1
  while list[i] and list[i][1] < at do i = i + 1 end
  if list[i] and list[i][1] == at then
    list[i][2] = list[i][2] + amount
  else
    table.insert(list, i, {at, amount})
  end
  a.grants = grants_text(list)
end

-- Takes back what grants left, up to an amount, of the one that expires last first; returns how much.
local function revoke(a, amount)
  local list, missing = grants_read(a.grants), amount
  while missing > 0 and #list > 0 do
    local last = list[#list]
    local part = min(missing, last[2])
    last[2], missing = last[2] - part, missing - part
    if last[2] == 0 then list[#list] = nil end
  end
  a.grants = grants_text(list)
  narrow(a, list)
  return amount - missing
end

-- Whether a grant or a revocation was booked under a name: 'OTHER' if with another amount than is said now. Of a name without
-- its amount (an old one, or one that the ledger told) nothing else is known.
local function granted_before(t, name, said)
  local names = t.key .. 'granted'
  if not t.a or call('SISMEMBER', names, name) == 0 then return false end
  local known = call('SISMEMBER', names, name .. '#') == 1
  return known and call('SISMEMBER', names, name .. '#' .. said) == 0 and 'OTHER' or true
end

-- Books what was granted or, if the amount is negative, taken back.
local function granted_as(t, name, said, d)
  call('SADD', t.key .. 'granted', name, name .. '#', name .. '#' .. said)
  book(t, 'grant', '', name, 0, d, 0, '')
end

-- Ends a hold: used of it is spent, the rest goes back to where it came from. Use beyond it is taken from what can still be
-- held; the rest is adjusted.
local function settle(a, amount, grants, used, d)
  used = min(max(used, 0), MAX_AMOUNT)
  local charged = min(used, amount)
  d.held, d.spent = d.held - amount, d.spent + used
  a.held = a.held - amount
  local refund = amount - charged
  for i = #grants, 1, -1 do
    local back = min(refund, grants[i][2])
    refund = refund - back
    if back == 0 then break end
    if grants[i][1] <= now then d.expired = d.expired + back else grant_add(a, grants[i][1], back) end
  end
  a.credits, a.spent = a.credits + refund, min(a.spent + charged, MAX_AMOUNT)
  if used > charged then
    local over = min(used - charged, spare(a))
    draw(a, over)
    a.spent, d.adjusted = min(a.spent + over, MAX_AMOUNT), d.adjusted + used - charged - over
  end
  if a.period ~= '' then
    local reached = 0
    local of_budget = a.spent - a.granted
    if of_budget >= a.limit then reached = 100 elseif of_budget >= a.limit - floor(a.limit / 5) then reached = 80 end
    if reached > a.noticed then a.noticed, d.notice = reached, max(d.notice, reached) end
  end
end

local function virtual_cost(cost, weight)
  return floor((cost + weight - 1) / weight)
end

-- Halves recent use every half-life, in steps of a quarter of it (fairness.rs, decayed).
local function decay(a)
  local elapsed = now - a.used_us
  if elapsed < 150000000 then return end
  local steps = floor(elapsed / 150000000)
  if steps >= 200 or a.used == 0 then
    a.used, a.used_us = 0, now
    return
  end
  local left = a.used
  for _ = 1, floor(steps / 4) do left = floor(left / 2) end
  for _ = 1, steps % 4 do left = floor(left * 841 / 1000) end
  a.used, a.used_us = left, a.used_us + steps * 150000000
end

-- Counts a start: tag and recent use. Returns the virtual time then.
local function started(a, cost)
  local cost_here = virtual_cost(cost, a.weight)
  local at = max(clock, a.tag)
  a.tag = a.tag + cost_here
  decay(a)
  a.used = min(a.used + cost_here, MAX_COST)
  return at
end

local function corrected(a, announced, used)
  local change = virtual_cost(min(max(used, 0), MAX_COST), a.weight) - virtual_cost(announced, a.weight)
  if change >= 0 then a.tag = a.tag + change else a.tag = max(a.tag + change, min(clock + 1, a.tag)) end
  a.used = min(max(a.used + change, 0), MAX_COST)
end

local OVER, NONE = {{'ended', KEEP_FINISHED}, {'dead', KEEP_DEAD}}, {}

-- A job's record: one value (MessagePack), since a step reads and writes a record for each job it moves. `prompt` and
-- `result` are here while they are short, else in keys of their own and false here; a job that never ran has no result.
local function job_value(j)
  return encode(
    j.state, j.agent, j.cost, j.priority, j.max, j.tag, j.submitted, j.attempts, j.epoch, j.hold, j.grants, j.used, j.cancel,
    j.worker, j.due, j.reason, j.at, j.result, j.prompt)
end

-- Writes a record: at once, so that a step that moves many jobs holds few of them.
local function job_save(j)
  if j.keep then call('SET', j.key, job_value(j), 'PX', j.keep) else call('SET', j.key, job_value(j)) end
end

-- The score of a tenant whose jobs wait while it is not its turn: 2 if it is among the delayed too. 0: of none such.
local function held_back(standing, due_us)
  if standing ~= 'capped' and standing ~= 'credits' and standing ~= 'budget' then return 0 end
  return due_us > 0 and 2 or 1
end

-- Writes what was changed of tenants and of the order; the order follows from the accounts.
local function flush()
  for i = 1, #order do
    local t = order[i]
    local a, was, key = t.a, t.was, t.key
    if a then
      local is_ready, was_ready = a.standing == 'ready', was.standing == 'ready'
      if is_ready then
        if not was_ready or was.tag ~= a.tag then put(ready_add, fmt('%d', a.tag), t.name) end
      elseif was_ready then
        ready_rem[#ready_rem + 1] = t.name
      end
      local is_held = held_back(a.standing, a.due_us)
      if is_held ~= held_back(was.standing, was.due_us or 0) then
        if is_held > 0 then put(held_add, is_held, t.name) else held_rem[#held_rem + 1] = t.name end
      end
      if a.due_us ~= (was.due_us or 0) then
        if a.due_us > 0 then put(delayed_add, fmt('%d', a.due_us), t.name) else delayed_rem[#delayed_rem + 1] = t.name end
      end
      was.standing, was.tag, was.due_us = a.standing, a.tag, a.due_us
      account_write(t)
    end
    if t.wait_skip then
      call('ZREMRANGEBYRANK', key .. 'waiting', 0, t.wait_skip - 1)
      t.wait_skip = nil
    end
    if t.wait_add then many('ZADD', key .. 'waiting', t.wait_add); t.wait_add = nil end
    if t.agents_gone then
      if t.agents_set then call('UNLINK', key .. 'agents') else gone[#gone + 1] = key .. 'agents' end
      t.agents_gone = nil
    end
    if t.agents_set then
      local list = {}
      for agent, ends in pairs(t.agents_set) do put(list, agent, fmt('%d', ends)) end
      many('HSET', key .. 'agents', list)
      t.agents_set = nil
    end
    if t.jobs_add then many('ZADD', key .. 'jobs', t.jobs_add); t.jobs_add = nil end
    if t.jobs_rem then many('ZREM', key .. 'jobs', t.jobs_rem); t.jobs_rem = nil end
    local day = floor(now / DAY)
    for _, over in ipairs(t.over and OVER or NONE) do
      local list = t[over[1]]
      if list then
        local bucket = fmt('%s%s:%d', key, over[1], day)
        many('ZADD', bucket, list)
        -- It is new: it goes when the last job of the day does.
        if call('ZCARD', bucket) * 2 <= #list then
          call('PEXPIRE', bucket, floor(((day + 1) * DAY - now + over[2]) / 1000) + 1000)
        end
        t[over[1]] = nil
      end
    end
    t.over = nil
  end
  many('ZADD', READY, ready_add)
  many('ZREM', READY, ready_rem)
  many('ZADD', HELD, held_add)
  many('ZREM', HELD, held_rem)
  many('ZREM', DELAYED, delayed_rem)
  many('ZADD', DELAYED, delayed_add)
  many('ZREM', LEASES, lease_rem)
  many('ZADD', LEASES, lease_add)
  many('UNLINK', nil, gone)
  ready_add, ready_rem, delayed_add, delayed_rem, lease_add, lease_rem, gone = {}, {}, {}, {}, {}, {}, {}
  held_add, held_rem = {}, {}
end

-- The end of a step: everything that was changed is written, and its rows into the outbox.
local function finish()
  flush()
  if rows[1] then call('XADD', OUTBOX, fmt('%d-0', seq), 'rows', table.concat(rows, '\n')) end
  local list = {}
  if incarnation ~= was_incarnation then put(list, 'incarnation', fmt('%d', incarnation)) end
  if seq ~= was_seq then put(list, 'seq', fmt('%d', seq)) end
  if clock ~= was_clock then put(list, 'clock', fmt('%d', clock)) end
  if epoch ~= was_epoch then put(list, 'epoch', fmt('%d', epoch)) end
  if recovered ~= was_recovered then put(list, 'recovered', fmt('%d', recovered)) end
  if list[1] then call('HSET', META, unpack(list)) end
end
