-- Scripts of a key that stands alone. ARGV[1]: now in µs, or 0 for the server's own time.
local call, fmt = redis.call, string.format
local now = tonumber(ARGV[1])
if now == 0 then
  local time = call('TIME')
  now = time[1] * 1000000 + time[2]
end
