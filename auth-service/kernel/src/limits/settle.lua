-- Deletes the first ARGV[1] of KEYS; takes back from the others the failure counted at ARGV[2].
for i, key in ipairs(KEYS) do
  if i <= tonumber(ARGV[1]) then
    redis.call('DEL', key)
  elseif redis.call('EXISTS', key) == 1 then
    local last = redis.call('HMGET', key, 'at', 'before')
    if last[1] == ARGV[2] then redis.call('HSET', key, 'at', last[2]) end
    if redis.call('HINCRBY', key, 'count', -1) <= 0 then redis.call('DEL', key) end
  end
end
