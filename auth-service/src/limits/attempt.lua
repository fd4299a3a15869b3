-- Counts a failure in each of KEYS and returns 0; or, if one of them is in its delay, counts
-- nothing and returns the longest time left. Times in microseconds, the caller's clock.
-- ARGV: now, base delay, longest delay, memory; then for each key: free failures, closed at.
local now, base, longest, memory =
  tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])

local function delay(count, free, closed_at)
  if count >= closed_at then return memory end
  if count <= free then return 0 end
  return math.min(longest, base * 2 ^ (count - free - 1))
end

local wait, failures = 0, {}
for i, key in ipairs(KEYS) do
  local known = redis.call('HMGET', key, 'count', 'at')
  local count, at = tonumber(known[1]) or 0, tonumber(known[2]) or now
  local free, closed_at = tonumber(ARGV[3 + 2 * i]), tonumber(ARGV[4 + 2 * i])
  local pause = delay(count, free, closed_at)
  -- Without a delay `at` says nothing: another replica's clock may be ahead.
  if pause > 0 then wait = math.max(wait, at + pause - now) end
  if now >= at + memory then count, at = 0, now end
  failures[i] = { count = count, at = at }
end
if wait > 0 then return wait end

for i, key in ipairs(KEYS) do
  redis.call('HSET', key, 'count', failures[i].count + 1, 'at', ARGV[1], 'before', failures[i].at)
  redis.call('PEXPIRE', key, math.ceil(memory / 1000))
end
return 0
