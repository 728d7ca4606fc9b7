-- Forgets one bucket of a spread event that is being forgotten; of another life of the line it is left as it is.
-- KEYS: the bucket. ARGV: time, epoch of the life that is over. Result: {0, 1} there is more of it, ask again; {0, 3} it is
-- gone. O(slice).
local v = redis.call('HMGET', line, 'epoch', 'forgetting', 'next', 'stride')
if (v[1] or v[2]) ~= ARGV[2] then return {R_OK, 3} end
local next_number, stride = tonumber(v[3]), tonumber(v[4])
local last = math.floor(next_number / stride / BLOCK)
local first = math.max(0, last - SLICE + 1)
local keys = {}
for block = first, last do keys[#keys + 1] = line .. ':t:' .. block end
redis.call('UNLINK', unpack(keys))
if first > 0 then
  -- Without an epoch it is none to whoever asks.
  redis.call('HDEL', line, 'epoch')
  redis.call('HSET', line, 'forgetting', ARGV[2], 'next', (first - 1) * stride * BLOCK)
  return {R_OK, 1}
end
redis.call('UNLINK', line, SEEN, TURNS, GONE, GRANTS, DUE, CLAIMS, DEPARTURES)
return {R_OK, 3}
