-- Claims a client's idempotency key before any work is done under it.
-- KEYS: tacos:{i:H}, H = 32 hex digits of the scoped key's hash. ARGV: time, claim (16 hex digits), hash of the request's
-- body (32), milliseconds until the claim lapses, milliseconds until all is forgotten.
-- Result: {0 claimed, 1 in flight, 2 done before, 3 used with another body; whether an earlier claim was broken off; status
-- and answer of what was done before}. O(1).
--
-- The value: claim (16), hash (32), when the claim lapses in milliseconds (13), status (3; 000: not done), answer; before it
-- is done 'r' for a claim that came after one that was broken off.
local given = tonumber(ARGV[1])
local now
if given > 0 then
  now = math.floor(given / 1000)
else
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end

local old = redis.call('GET', KEYS[1])
if old then
  if old:sub(17, 48) ~= ARGV[3] then return {3} end
  local status = tonumber(old:sub(62, 64))
  if status > 0 then return {2, 0, status, old:sub(65)} end
  -- The same claim again is one whose answer was lost on the way.
  if old:sub(1, 16) == ARGV[2] then return {0, old:sub(65) == 'r' and 1 or 0} end
  if now < tonumber(old:sub(49, 61)) then return {1} end
end
redis.call('SET', KEYS[1], string.format('%s%s%013.0f000%s', ARGV[2], ARGV[3], now + tonumber(ARGV[4]),
  old and 'r' or ''), 'PX', ARGV[5])
return {0, old and 1 or 0}
