-- Settles an attempt that was counted at ARGV[3]. KEYS are, in this order: with ARGV[1] = 1 an account and
-- a device's share of its failures; ARGV[2] keys to delete; keys that get the failure of this attempt back.
-- At last the share is taken from the account, and deleted. ARGV[4] is how long failures are remembered.
-- Times in microseconds.
local repaid, forgotten, at, memory = 2 * tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])

local function take(key, count)
  if redis.call('EXISTS', key) == 1 and redis.call('HINCRBY', key, 'count', -count) <= 0 then
    redis.call('DEL', key)
  end
end

for i = repaid + 1, #KEYS do
  local key = KEYS[i]
  if i <= repaid + forgotten then
    redis.call('DEL', key)
  else
    local last = redis.call('HMGET', key, 'at', 'before')
    if last[1] == at then redis.call('HSET', key, 'at', last[2]) end
    take(key, 1)
  end
end
if repaid > 0 then
  local share = redis.call('HMGET', KEYS[2], 'count', 'at')
  local count, last = tonumber(share[1]), tonumber(share[2])
  if count and tonumber(at) < last + memory then take(KEYS[1], count) end
  redis.call('DEL', KEYS[2])
end
