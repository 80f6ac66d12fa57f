-- The oldest rows that were not trimmed.
-- Why: rows and the partition's position at one moment. Asked with ARGV[2] = 0, so that it answers when the store forgot.
-- KEYS[1]: sys:{p07}:meta
-- ARGV[4]: how many at most.
-- Returns {'OK', seq, incarnation, trimmed up to, rows of one step with newlines between ...}; perhaps more rows than
-- asked for, and some of the first step that were trimmed.
local limit = whole(ARGV[4], 0, 100000)
if not limit then return {'INVALID', seq} end
local trimmed = tonumber(call('HGET', META, 'trimmed') or 0)
local out, count, from = {'OK', seq, incarnation, trimmed}, 0, fmt('(%d', trimmed)
while count < limit do
  local entries = call('XRANGE', OUTBOX, from, '+', 'COUNT', 16)
  for i = 1, #entries do
    local text = entries[i][2][2]
    out[#out + 1] = text
    local _, lines = text:gsub('\n', '')
    count = count + lines + 1
    from = '(' .. entries[i][1]
    if count >= limit then break end
  end
  if #entries < 16 then break end
end
return out
