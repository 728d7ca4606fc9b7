-- What is declared of an event, for its next life; and that of the one it has, it is declared.
-- KEYS: tacos:{events}. ARGV: time, member (16 hex digits and the event's id), what :declared keeps of it (see register.lua; '' takes
-- the declaration back; 'rate R burst B' changes what stands), most declared events, 1 to leave one that stands as it is.
-- Result: {0 made, 1 changed, 2 kept, 3 as many as may be are declared, 4 nothing to change or take back}. O(log n).
local declared, id = KEYS[1] .. ':declared', ARGV[2]:sub(17)
local before = redis.call('HGET', declared, id)
if ARGV[3] == '' then
  return {redis.call('HDEL', declared, id) == 1 and 1 or 4}
end
local new_rate, new_burst = ARGV[3]:match('^rate (%d*) burst (%d*)$')
if new_rate then
  if not before then return {4} end
  local seats, rate, burst, rest = before:match('^(%d+)|(%d+)|(%d+)|(.*)$')
  if new_rate ~= '' then rate = new_rate end
  if new_burst ~= '' then burst = new_burst end
  redis.call('HSET', declared, id, table.concat({seats, rate, burst, rest}, '|'))
  return {1}
end
if before and ARGV[5] == '1' then return {2} end
if not before and redis.call('HLEN', declared) >= tonumber(ARGV[4]) then return {3} end
redis.call('HSET', declared, id, ARGV[3])
redis.call('ZREM', KEYS[1] .. ':undeclared', ARGV[2])
return {before and 1 or 0}
