-- Takes an event that was forgotten out of the set of events, unless somebody has registered it again meanwhile.
-- KEYS: tacos:{events}. ARGV: time, member (16 hex digits and the event's id), the serial that its registration had before
-- it was forgotten. Result: {0}, or {1} when it is another by now. O(1).
local serials, event = KEYS[1] .. ':serials', ARGV[2]:sub(1, 16)
if (redis.call('HGET', serials, event) or '0') ~= ARGV[3] then return {R_NOT_FOUND} end
redis.call('HDEL', serials, event)
redis.call('SREM', KEYS[1], ARGV[2])
redis.call('ZREM', KEYS[1] .. ':undeclared', ARGV[2])
return {R_OK}
