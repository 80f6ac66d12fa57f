-- Takes a wake lock that is free, has lapsed, or is the owner's already.
-- Why: looking and taking are one step (R2).
-- KEYS[1]: tenant:waking:acme
-- ARGV[2]: owner. ARGV[3]: for how long, µs.
-- Returns 1 if the owner holds it now, else 0.
local held = call('GET', KEYS[1])
if held then
  local owner, lapses = held:match('^(.*) (%d+)$')
  -- A value without a time is another control plane's, which lets its key expire.
  if owner ~= ARGV[2] and (not lapses or tonumber(lapses) > now) then return 0 end
end
call('SET', KEYS[1], ARGV[2] .. ' ' .. fmt('%d', now + tonumber(ARGV[3])), 'PX', fmt('%d', math.ceil(ARGV[3] / 1000)))
return 1
