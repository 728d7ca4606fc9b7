-- Takes a new event into the set of events, unless there are as many as may be.
-- KEYS: tacos:{events} (not an event's key). ARGV: time, member (16 hex digits and the event's id), most events.
-- Result: {0 or 7, then the defaults an operator has set for events to come: rate, burst, paused, draining, each '' if not}.
-- O(1).
if redis.call('SISMEMBER', KEYS[1], ARGV[2]) == 0 then
  if redis.call('SCARD', KEYS[1]) >= tonumber(ARGV[3]) then return {R_OVERLOADED} end
  redis.call('SADD', KEYS[1], ARGV[2])
end
-- Each registration is told from the ones before, so that who forgets an event does not take a new life of it off the set.
local serials = KEYS[1] .. ':serials'
redis.call('HSET', serials, ARGV[2]:sub(1, 16), redis.call('HINCRBY', serials, 'last', 1))
local v = redis.call('HMGET', KEYS[1] .. ':defaults', 'rate', 'burst', 'paused', 'draining')
return {R_OK, v[1] or '', v[2] or '', v[3] or '', v[4] or ''}
