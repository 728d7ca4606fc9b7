-- Takes a new event into the set of events: one that is declared, or another where those may come into being, unless there are
-- as many of those as may be.
-- KEYS: tacos:{events} (not an event's key). ARGV: time, member (16 hex digits and the event's id), most undeclared events,
-- whether one may be undeclared.
-- Result: {0, then the defaults an operator has set for events to come: rate, burst, paused, draining, each '' if not, then what
-- is declared of this one, '' if nothing}; {7} there are as many as may be; {11} it is not declared. O(log n).
--
-- :declared    the event's id -> seats, rate in millionths a second, burst, opening in calendar milliseconds, price, currency,
--              with '|' between
-- :undeclared  members that are not declared, by the time of their registration
local terms = redis.call('HGET', KEYS[1] .. ':declared', ARGV[2]:sub(17))
if not terms and ARGV[4] ~= '1' then return {R_NOT_DECLARED} end
if redis.call('SISMEMBER', KEYS[1], ARGV[2]) == 0 then
  if not terms then
    local undeclared = KEYS[1] .. ':undeclared'
    if redis.call('ZCARD', undeclared) >= tonumber(ARGV[3]) then return {R_OVERLOADED} end
    redis.call('ZADD', undeclared, clock_us(), ARGV[2])
  end
  redis.call('SADD', KEYS[1], ARGV[2])
end
-- Each registration is told from the ones before, so that who forgets an event does not take a new life of it off the set.
local serials = KEYS[1] .. ':serials'
redis.call('HSET', serials, ARGV[2]:sub(1, 16), redis.call('HINCRBY', serials, 'last', 1))
local v = redis.call('HMGET', KEYS[1] .. ':defaults', 'rate', 'burst', 'paused', 'draining')
return {R_OK, v[1] or '', v[2] or '', v[3] or '', v[4] or '', terms or ''}
