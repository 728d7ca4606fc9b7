-- The end of the work under an idempotency key, unless another has claimed it meanwhile.
-- KEYS: tacos:{i:H}. ARGV: time, claim (16 hex digits), finish, abandon or suspend, and to finish: milliseconds until all is
-- forgotten, status (3 digits), answer. Result: {0}, or {1} when the claim is no longer this one. O(1).
--
-- The value is described in key_claim.lua.
local old = redis.call('GET', KEYS[1])
if not old or old:sub(1, 16) ~= ARGV[2] then return {1} end
if ARGV[3] == 'finish' then
  redis.call('SET', KEYS[1], old:sub(1, 61) .. ARGV[5] .. ARGV[6], 'PX', ARGV[4])
elseif tonumber(old:sub(62, 64)) > 0 then
  return {1}
elseif ARGV[3] == 'abandon' then
  redis.call('DEL', KEYS[1])
else
  redis.call('SET', KEYS[1], old:sub(1, 48) .. string.rep('0', 13) .. '000', 'KEEPTTL')
end
return {0}
