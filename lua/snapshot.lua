-- What an operator sees of an event.
-- KEYS: the event. ARGV: time. Result: {0, id, joined, waiting, ready, entered, left, expired, sold out, refused, admitted,
-- seats free, held, sold, version, rate in millionths a second, paused, draining}, or {100}. O(1).
local v = redis.call('HMGET', line, 'id', 'next', 'entered', 'left', 'expired', 'refused', 'admitted', 'free', 'held',
  'sold_seats', 'version', 'rate', 'paused', 'draining', 'sold')
if not v[1] then return {R_NO_EVENT} end
local waiting, ready, told = redis.call('ZCARD', SEEN), redis.call('ZCARD', TURNS), 0
if v[15] == '1' then waiting, ready, told = 0, 0, waiting + ready end
return {R_OK, v[1], v[2], waiting, ready, v[3], v[4], v[5], told, v[6], v[7], v[8], v[9], v[10], v[11], v[12], v[13], v[14]}
