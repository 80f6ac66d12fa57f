-- Tells a store that forgot what the ledger knows.
-- Why: accounts are as the ledger left them, what ended is over, holds that nobody has any more go back, and rows made from
-- now on are of a new incarnation. One step: whoever claims sees the store before it or after it.
-- KEYS[1]: sys:{p07}:meta
-- ARGV[4]: the new incarnation. ARGV[5]: the sequence number to go on from.
-- ARGV[6]: jobs that ended, a line each: tenant|serial|label. ARGV[7]: accounts, a line each:
-- tenant|bucket|grants|held|refilled at|remainder|period|period spent|noticed.
-- ARGV[8]: turns that ended, a line each: tenant|key|1 if it was charged, 0 if its hold had lapsed.
-- Returns {'OK', seq, the credits that were held for nobody}.
local raised, upto = whole(ARGV[4], 0, MAX_WHOLE), whole(ARGV[5], 0, MAX_WHOLE)
if not (raised and upto) then return {'INVALID', seq} end
if incarnation >= raised then return {'OK', seq, '0'} end
incarnation, seq = raised, max(seq, upto)
for name, serial, label in ARGV[6]:gmatch('([^|\n]+)|([^|\n]+)|([^|\n]*)') do
  local t = tenant(name)
  local j = job(t, serial)
  local live = j and (j.state == 'queued' or j.state == 'delayed' or j.state == 'running')
  if live and label ~= 'succeeded' and label ~= 'dead' and label ~= 'cancelled' then
    if j.state == 'running' and (label == 'retry' or label == 'released') then
      -- The attempt that runs here has ended there: its hold is not held any more.
      call('ZREM', LEASES, name .. '+' .. serial)
      local list = {'hold', 0, 'grants', ''}
      delay(t, j, now, 'lease_lapsed', list)
      job_set(j, list)
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
    local list = {'hold', 0, 'grants', ''}
    result(j, 'its result was forgotten by the store; the ledger knows that it ended', list)
    end_job(t, j, label, list)
  end
end
for name, key, charged in ARGV[8]:gmatch('([^|\n]+)|([^|\n]+)|(%d)') do
  local t = tenant(name)
  local found = turn(t, key)
  if found and not found.settled then
    local at = t.key .. 'turn:' .. key
    call('ZREM', TURNS, name .. '|' .. key)
    if charged == '1' then
      call('HSET', at, 'settled', '1', 'hold', 0, 'grants', '', 'until', now + DAY)
      call('PEXPIRE', at, DAY / 1000 + 1)
    else
      call('UNLINK', at)
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
  held[name] = (held[name] or 0) + tonumber(call('HGET', TENANT .. name .. ':job:' .. serial, 'hold') or 0)
end
local turns = call('ZRANGE', TURNS, 0, -1)
for i = 1, #turns do
  local name, key = turns[i]:match('^(.-)|(.*)$')
  local found = turn(tenant(name), key)
  if found and not found.settled then held[name] = (held[name] or 0) + found.hold end
end
local lost = 0
for name, bucket, grants, was_held, last_us, rest, period, spent, noticed in
  ARGV[7]:gmatch('([^|\n]+)|(%-?%d+)|([%d:,]*)|(%-?%d+)|(%-?%d+)|(%-?%d+)|(%-?%d+)|(%-?%d+)|(%d+)') do
  local t = tenant(name)
  if not t.a then
    t.a = account_new()
    call('ZADD', ACCOUNTS, 0, name)
  end
  local a = t.a
  local here = held[name] or 0
  local nobodys = tonumber(was_held) - here
  a.credits, a.grants, a.last_us, a.rest = tonumber(bucket) + nobodys, grants, tonumber(last_us), tonumber(rest)
  a.period_number, a.spent, a.noticed = tonumber(period), tonumber(spent), tonumber(noticed)
  a.held, a.running = here, running[name] or 0
  reconsider(t)
  local d = deltas()
  d.held = 0 - nobodys
  book(t, 'rollback', '', '', 0, d, 0, '')
  lost = lost + nobodys
end
finish()
wake(1)
return {'OK', seq, fmt('%d', lost)}
