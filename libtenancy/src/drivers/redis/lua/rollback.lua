-- Tells a store that forgot what the ledger knows.
-- Why: accounts are as the ledger left them, what ended is over, holds that nobody has any more go back, and rows made from
-- now on are of a new incarnation. One step: whoever claims sees the store before it or after it.
-- KEYS[1]: sys:{p07}:meta
-- ARGV[4]: the new incarnation. ARGV[5]: the sequence number to go on from.
-- ARGV[6]: jobs that ended, a line each: tenant|serial|label. ARGV[7]: accounts, a line each:
-- tenant|bucket|grants|held|refilled at|remainder|period|period spent[:granted in it]|noticed|quota (empty: as it is).
-- ARGV[8]: turns that ended, a line each: tenant|key|1 if it was charged, 0 if its hold had lapsed.
-- ARGV[9]: up to which number the outbox is the ledger's; empty if nothing contradicts.
-- ARGV[10]: grants and usage that were booked, a line each: tenant|kind|reference.
-- ARGV[11]: when the ledger's last row was made, in µs.
-- Returns {'OK', seq, the credits that were held for nobody}.
local raised, upto, last = whole(ARGV[4], 0, MAX_WHOLE), whole(ARGV[5], 0, MAX_WHOLE), whole(ARGV[11], 0, MAX_WHOLE)
if not (raised and upto and last) then return {'INVALID', seq} end
if incarnation >= raised then return {'OK', seq, '0'} end
incarnation, seq = raised, max(seq, upto)
-- Forgotten epochs are not given again, even if this server's clock is behind (partition.rs, FORGOTTEN_EPOCHS).
epoch = max(epoch, now, last) + 60000000
-- Rows that were made on forgotten ground have numbers that others have in the ledger. Those of tenants of whom the ledger
-- knows more are void, since their accounts are set anew; the others stand, and get numbers of their own.
if ARGV[9] ~= '' then
  local agreed, known = whole(ARGV[9], 0, MAX_WHOLE), {}
  if not agreed then return {'INVALID', seq} end
  for name in ('\n' .. ARGV[7]):gmatch('\n([^|\n]+)|') do known[name] = true end
  local entries = call('XRANGE', OUTBOX, fmt('%d', agreed + 1), '+')
  for i = 1, #entries do
    for line in entries[i][2][2]:gmatch('[^\n]+') do
      local number, rest, kind, name, reference = line:match('^%d+|(%d+)|(%d+|([^|]+)|([^|]+)|[^|]*|([^|]*)|.*)$')
      if tonumber(number) <= agreed then
        -- A step's rows are all before it or all behind it.
      elseif not known[name] then
        seq = seq + 1
        rows[#rows + 1] = fmt('%d|%d|%s', incarnation, seq, rest)
      elseif kind == 'grant' then
        -- It was not booked, so it may be again.
        call('SREM', TENANT .. name .. ':granted', reference)
      elseif reference ~= '' then
        call('UNLINK', TENANT .. name .. ':usage:' .. kind .. ':' .. reference)
      end
    end
    call('XDEL', OUTBOX, entries[i][1])
  end
end
for name, serial, label in ARGV[6]:gmatch('([^|\n]+)|([^|\n]+)|([^|\n]*)') do
  local t = tenant(name)
  local j = job(t, serial)
  local live = j and (j.state == 'queued' or j.state == 'delayed' or j.state == 'running')
  if live and label ~= 'succeeded' and label ~= 'dead' and label ~= 'cancelled' then
    if j.state == 'running' and (label == 'retry' or label == 'released') then
      -- The attempt that runs here has ended there: its hold is not held any more.
      call('ZREM', LEASES, name .. '+' .. serial)
      j.hold, j.grants = 0, ''
      delay(t, j, now, 'lease_lapsed')
    end
  elseif live then
    if j.state == 'queued' then
      t.waiting = waiting(t) - call('ZREM', t.key .. 'waiting', serial)
      if t.a then idle_if_empty(t) end
    elseif j.state == 'delayed' then
      call('ZREM', DELAYED, name .. '.' .. serial)
    else
      call('ZREM', LEASES, name .. '+' .. serial)
    end
    j.hold, j.grants = 0, ''
    result(j, 'its result was forgotten by the store; the ledger knows that it ended')
    end_job(t, j, label)
  end
end
local settled_anew = {}
for name, key, charged in ARGV[8]:gmatch('([^|\n]+)|([^|\n]+)|(%d)') do
  local t = tenant(name)
  local found = turn(t, key)
  if not (found and found.settled) then
    local at = t.key .. 'turn:' .. key
    call('ZREM', TURNS, name .. '|' .. key)
    if not found or charged ~= '1' then call('UNLINK', at) end
    if charged == '1' then
      -- Its account may be one that is made below: its life is set there.
      if not found then call('HSET', at, 'epoch', 0, 'agent', 'main', 'life', t.a and t.a.life or 0) end
      call('HSET', at, 'settled', '1', 'hold', 0, 'grants', '', 'until', now + DAY)
      call('PEXPIRE', at, DAY / 1000 + 1)
      if not t.a then put(settled_anew, t, at) end
    end
  end
end
flush()
-- What is held now, and by how many, of every tenant.
local held, running = {}, {}
local leases = call('ZRANGE', LEASES, 0, -1)
for i = 1, #leases do
  local name, serial = leases[i]:match('^(.-)%+(.*)$')
  running[name] = (running[name] or 0) + 1
  local j = job(tenant(name), serial)
  held[name] = (held[name] or 0) + (j and j.hold or 0)
end
local turns = call('ZRANGE', TURNS, 0, -1)
for i = 1, #turns do
  local name, key = turns[i]:match('^(.-)|(.*)$')
  local found = turn(tenant(name), key)
  if found and not found.settled then held[name] = (held[name] or 0) + found.hold end
end
local lost = 0
for name, bucket, grants, was_held, last_us, rest, period, spent, granted, noticed, quota in
  ARGV[7]:gmatch('([^|\n]+)|(%-?%d+)|([%d:,]*)|(%-?%d+)|(%-?%d+)|(%-?%d+)|(%-?%d+)|(%-?%d+):?(%d*)|(%d+)|([%w:]*)') do
  local t = tenant(name)
  if not t.a then
    t.a = account_new(t)
    call('ZADD', ACCOUNTS, 0, name)
  end
  local a = t.a
  if quota ~= '' then quota_put(a, quota) end
  local here, there = held[name] or 0, tonumber(was_held)
  local nobodys, d = max(there - here, 0), deltas()
  a.credits, a.grants, a.last_us, a.rest = tonumber(bucket) + nobodys, grants, tonumber(last_us), tonumber(rest)
  a.period_number, a.noticed = tonumber(period), tonumber(noticed)
  a.spent, a.granted = tonumber(spent), tonumber(granted) or 0
  -- What is held beyond it, for work begun on forgotten ground, is drawn as far as there is something.
  local more = max(here - there, 0)
  local drawn = min(more, available(a))
  hold(a, drawn, deltas())
  a.held, a.running = here, running[name] or 0
  reconsider(t)
  d.held, d.adjusted = here - there, more - drawn
  book(t, 'rollback', '', '', 0, d, 0, '')
  lost = lost + nobodys
end
for i = 1, #settled_anew, 2 do
  local t = settled_anew[i]
  if t.a then call('HSET', settled_anew[i + 1], 'life', t.a.life) else call('UNLINK', settled_anew[i + 1]) end
end
for name, kind, reference in ARGV[10]:gmatch('([^|\n]+)|([^|\n]+)|([^\n]+)') do
  local t = tenant(name)
  if t.a and kind == 'grant' then
    call('SADD', t.key .. 'granted', reference)
  elseif t.a then
    call('SET', t.key .. 'usage:' .. kind .. ':' .. reference, t.a.life, 'PX', 8 * DAY / 1000)
  end
end
finish()
wake(1)
return {'OK', seq, fmt('%d', lost)}
