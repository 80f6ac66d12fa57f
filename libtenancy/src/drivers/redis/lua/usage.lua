-- Books time or bytes, once a reference.
-- Why: whoever reports may report again. References are remembered for eight days, so that they do not pile up (M20).
-- KEYS[1]: sys:{p07}:meta
-- ARGV[4]: tenant. ARGV[5]: kind. ARGV[6]: reference. ARGV[7]: quantity.
-- Returns {'OK', seq}.
local quantity = whole(ARGV[7], 0, MAX_WHOLE)
if not quantity then return {'INVALID', seq} end
local t = tenant(ARGV[4])
local a = opened(t)
local key = t.key .. 'usage:' .. ARGV[5] .. ':' .. ARGV[6]
if tonumber(call('GET', key) or -1) ~= a.life then
  call('SET', key, a.life, 'PX', 8 * DAY / 1000)
  book(t, ARGV[5], '', ARGV[6], 0, deltas(), quantity, '')
end
finish()
return {'OK', seq}
