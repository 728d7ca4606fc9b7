-- The end of the work under an idempotency key, unless another has claimed it meanwhile.
-- KEYS: tacos:{i:H}. ARGV: time, key's field, claim (16 hex digits), finish, abandon or suspend, and to finish: milliseconds
-- for which the answer is kept, status (3 digits), answer. Result: {0}, or {1} when the claim is no longer this one. O(1).
--
-- The values are described in key_claim.lua.
local given = tonumber(ARGV[1])
local now
if given > 0 then
  now = math.floor(given / 1000)
else
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end

local old = redis.call('HGET', KEYS[1], ARGV[2])
if not old or old:sub(1, 16) ~= ARGV[3] then return {1} end
if ARGV[4] == 'finish' then
  redis.call('HSET', KEYS[1], ARGV[2], string.format('%s%013.0f%s%s', old:sub(1, 48), now + tonumber(ARGV[5]), ARGV[6], ARGV[7]))
  redis.call('PEXPIRE', KEYS[1], ARGV[5], 'GT')
elseif old:sub(62, 64) ~= '000' then
  return {1}
elseif ARGV[4] == 'abandon' then
  redis.call('HDEL', KEYS[1], ARGV[2])
else
  redis.call('HSET', KEYS[1], ARGV[2], string.format('%s%013.0f000', old:sub(1, 48), now))
end
return {0}
