-- Changes a quota; opens the account if there is none.
-- Why: a change of the rate or of the budget must not lose or make credits: the account is brought to now before.
-- KEYS[1]: sys:{p07}:meta
-- ARGV[4]: tenant. ARGV[5..8]: rate, burst, weight, max_running. ARGV[9]: budget: empty as it is, '-' none, else
-- period|limit|hard. Each of ARGV[5..8] may be empty: as it is. ARGV[10..12], heeded if the budget's period is another one:
-- the number of that period, and what was spent and granted in it as the ledger has it; ARGV[13..15]: what the account counted
-- of its own period then (quota/so_far.rs).
-- Returns {'OK', seq, the account's fields and values}.
local function field(text, least, most)
  if text == '' then return true end
  return whole(text, least, most)
end
local rate, burst = field(ARGV[5], 0, 8000 * MILLION), field(ARGV[6], 0, MAX_AMOUNT)
local weight, running = field(ARGV[7], 1, 10000), field(ARGV[8], 1, 1000000)
local period, limit, hard = ARGV[9]:match('^(%a+)|(%d+)|([01])$')
if period then limit = whole(limit, 0, MAX_AMOUNT) end
local so_far = {}
for i = 10, 15 do
  so_far[i - 9] = whole(ARGV[i], 0, MAX_AMOUNT)
  if not so_far[i - 9] then return {'INVALID', seq} end
end
if not (rate and burst and weight and running) or (period and not limit) then return {'INVALID', seq} end
local t = tenant(ARGV[4])
local a = opened(t)
local d = touch(a)
if ARGV[9] ~= '' then
  period, limit, hard = period or '', limit or 0, hard or '0'
  local is_other = period ~= a.period
  if is_other or limit ~= a.limit or hard ~= a.hard then a.noticed = 0 end
  a.period, a.limit, a.hard = period, limit, hard
  if is_other then
    local number, spent, granted = period ~= '' and period_at(period) or 0, 0, 0
    if period ~= '' and number == so_far[1] then
      spent, granted = so_far[2] + a.spent, so_far[3] + a.granted
      -- Of a period that began since, the account counts nothing that the ledger had.
      if a.period_number == so_far[4] then spent, granted = spent - so_far[5], granted - so_far[6] end
    end
    a.period_number, a.spent, a.granted = number, max(min(spent, MAX_AMOUNT), 0), max(min(granted, MAX_AMOUNT), 0)
    narrow(a, grants_read(a.grants))
  end
end
if rate ~= true then
  if rate ~= a.rate_per_sec then a.rest = 0 end
  a.rate_per_sec = rate
end
if burst ~= true then
  -- What no longer fits into a bucket that shrank expires.
  if burst < a.burst and a.credits > burst then d.expired, a.credits = d.expired + a.credits - burst, burst end
  a.burst = burst
end
if weight ~= true then a.weight = weight end
if running ~= true then a.max_running = running end
reconsider(t)
book(t, 'configure', '', '', 0, d, 0, quota_text(a))
finish()
wake(1)
return account_answer({'OK', seq}, t.a)
