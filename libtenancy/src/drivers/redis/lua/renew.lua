-- RENEW: extends live leases of these epochs, and raises their holds where asked.
-- Why: a worker that lost its job is told so (M7), and one that needs more than was announced asks before it uses it.
-- KEYS[1]: sys:{p07}:meta
-- ARGV[4..], five a lease: tenant, serial, epoch, lease in µs, need (micro-credits held in all; empty: as it is).
-- Returns {'OK', seq, three a lease}: continue UNTIL | cancel UNTIL reason | lost.
local out = {'OK', 0}
for i = 4, #ARGV, 5 do
  local t, at, lease = tenant(ARGV[i]), tonumber(ARGV[i + 2]), whole(ARGV[i + 3], 0, 3600000000)
  local need = ARGV[i + 4] ~= '' and whole(ARGV[i + 4], 0, MAX_AMOUNT) or 0
  local a, j = t.a, lease and job(t, ARGV[i + 1])
  local n = #out
  if not (a and j) or j.state ~= 'running' or j.epoch ~= at or j.due <= now then
    out[n + 1], out[n + 2], out[n + 3] = 'lost', '', ''
  else
    local lease_until = fmt('%d', now + lease)
    local answer, reason = 'continue', ''
    if j.cancel then
      answer, reason = 'cancel', 'cancelled'
    elseif need > j.hold then
      local old = before(a)
      local d = touch(a)
      local why = blocked(a, need - j.hold)
      if why then
        put_back(a, old)
        answer, reason = 'cancel', why
      else
        local drawn = grants_text(hold(a, need - j.hold, d))
        j.hold = need
        if drawn ~= '' then j.grants = j.grants == '' and drawn or j.grants .. ',' .. drawn end
        book(t, 'hold', j.agent, j.serial, j.attempts, d, 0, 'raise')
      end
    end
    j.due = now + lease
    job_save(j)
    put(lease_add, lease_until, t.name .. '+' .. j.serial)
    out[n + 1], out[n + 2], out[n + 3] = answer, lease_until, reason
  end
end
finish()
out[2] = seq
return out
