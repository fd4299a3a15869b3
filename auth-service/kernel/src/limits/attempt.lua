-- One round trip for all that a request is counted by: rates (gcra.rs) and failures (policy.rs).
-- Counts in each of KEYS, rates first, or in none of them. Times in microseconds.
-- ARGV: number of rates, time for rates (empty: this server's), then the caller's time for failures,
-- base delay, longest delay, memory; for each rate: interval, burst; for each other key: free
-- failures, closed at.
-- Returns the longest time to wait (0: counted), then how far ahead each rate is.
local rates, clock = tonumber(ARGV[1]), tonumber(ARGV[2])
local now, base, longest, memory =
  tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])

if not clock then
  local time = redis.call('TIME')
  clock = time[1] * 1000000 + time[2]
end

local function parameters(i)
  return tonumber(ARGV[5 + 2 * i]), tonumber(ARGV[6 + 2 * i])
end

local function delay(count, free, closed_at)
  if count >= closed_at then return memory end
  if count <= free then return 0 end
  return math.min(longest, base * 2 ^ (count - free - 1))
end

local wait, due, answer, failures = 0, {}, { 0 }, {}
for i = 1, rates do
  local interval, burst = parameters(i)
  local start = tonumber(redis.call('GET', KEYS[i])) or clock
  if start - clock > interval * burst then start = clock end
  start = math.max(start, clock)
  due[i] = start + interval
  wait = math.max(wait, due[i] - clock - interval * burst)
  answer[i + 1] = start - clock
end
for i = rates + 1, #KEYS do
  local key, free, closed_at = KEYS[i], parameters(i)
  local known = redis.call('HMGET', key, 'count', 'at')
  local count, at = tonumber(known[1]) or 0, tonumber(known[2]) or now
  local pause = delay(count, free, closed_at)
  -- Without a delay `at` says nothing: another replica's clock may be ahead.
  if pause > 0 then wait = math.max(wait, at + pause - now) end
  if now >= at + memory then count, at = 0, now end
  failures[i] = { count = count, at = at }
end
answer[1] = wait
if wait > 0 then return answer end

for i = 1, rates do
  answer[i + 1] = due[i] - clock
  redis.call('SET', KEYS[i], string.format('%.0f', due[i]), 'PX', math.ceil(answer[i + 1] / 1000))
end
for i = rates + 1, #KEYS do
  local key, known = KEYS[i], failures[i]
  redis.call('HSET', key, 'count', known.count + 1, 'at', ARGV[3], 'before', known.at)
  redis.call('PEXPIRE', key, math.ceil(memory / 1000))
end
return answer
