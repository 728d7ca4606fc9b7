-- Claims a client's idempotency key before any work is done under it.
-- KEYS: tacos:{i:H}, H = 32 hex digits of the hash of the ticket that pays: a hash of all its keys. ARGV: time, key's field (32
-- hex digits of its hash), claim (16), hash of the request's body (32), milliseconds until the claim lapses, milliseconds for
-- which an answer is kept, the most keys at a time, the most claims while an answer is kept.
-- Result: {0 claimed, 1 in flight, 2 done before, 3 used with another body; whether an earlier claim was broken off; status
-- and answer of what was done before}, or {4 too many; milliseconds until there is room}. O(1), and O(keys) at the limit.
--
-- A key's value: claim (16), hash (32), when the claim lapses, or since when nothing is done under it, or when the answer may
-- be forgotten, in milliseconds (13), status (3; 000: not done), answer; before it is done 'r' for a claim that came after one
-- that was broken off. The fields until and claims: when the present count of claims ends, and that count. No answer is
-- forgotten before its time: beyond the limit new keys are refused.
local given = tonumber(ARGV[1])
local now
if given > 0 then
  now = math.floor(given / 1000)
else
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local LIFE, KEPT, SOON = tonumber(ARGV[5]), tonumber(ARGV[6]), 1000

local function is_done(value)
  return value:sub(62, 64) ~= '000'
end

local function forget_at(value)
  local at = tonumber(value:sub(49, 61))
  return is_done(value) and at or at + KEPT
end

local old = redis.call('HGET', KEYS[1], ARGV[2])
if old and now >= forget_at(old) then
  redis.call('HDEL', KEYS[1], ARGV[2])
  old = nil
end
if old then
  if old:sub(17, 48) ~= ARGV[4] then return {3} end
  if is_done(old) then return {2, 0, tonumber(old:sub(62, 64)), old:sub(65)} end
  -- The same claim again is one whose answer was lost on the way.
  if old:sub(1, 16) == ARGV[3] then return {0, old:sub(65) == 'r' and 1 or 0} end
  if now < tonumber(old:sub(49, 61)) then return {1} end
end

local window = redis.call('HMGET', KEYS[1], 'until', 'claims')
local ends, claims = tonumber(window[1] or 0), tonumber(window[2] or 0)
if now >= ends then ends, claims = now + KEPT, 0 end
if claims >= tonumber(ARGV[8]) then return {4, ends - now} end

-- With the two fields of the count, which any key stands beside.
if not old and redis.call('HLEN', KEYS[1]) - 2 >= tonumber(ARGV[7]) then
  local wait, gone = KEPT, 0
  local all = redis.call('HGETALL', KEYS[1])
  for i = 1, #all, 2 do
    local field, value = all[i], all[i + 1]
    if #field == 32 then
      if now >= forget_at(value) then
        gone = gone + redis.call('HDEL', KEYS[1], field)
      else
        wait = math.min(wait, is_done(value) and forget_at(value) - now or SOON)
      end
    end
  end
  if gone == 0 then return {4, wait} end
end
redis.call('HSET', KEYS[1], ARGV[2], string.format('%s%s%013.0f000%s', ARGV[3], ARGV[4], now + LIFE, old and 'r' or ''),
  'until', string.format('%.0f', ends), 'claims', claims + 1)
redis.call('PEXPIRE', KEYS[1], KEPT + LIFE)
return {0, old and 1 or 0}
