-- What an operator sees of an event.
-- KEYS: the event. ARGV: time. Result: {0, id, joined, waiting, ready, entered, left, expired, sold out, refused, admitted,
-- seats free, held, sold, version, rate in millionths a second, paused, draining, failovers, tickets known to be lost by
-- them, tickets put back, buckets, sold out for good}, or {100}. The same of one bucket of a spread line, as far as it knows. O(1).
local v = redis.call('HMGET', line, 'id', 'next', 'entered', 'left', 'expired', 'refused', 'admitted', 'free', 'held',
  'sold_seats', 'version', 'rate', 'paused', 'draining', 'sold', 'mode', 'arrived', 'called', 'failovers', 'lost',
  'restored', 'stride', 'takeovers')
if not v[22] then return {R_NO_EVENT} end
local waiting, ready, told = redis.call('ZCARD', SEEN), redis.call('ZCARD', TURNS), 0
if v[15] == '1' then waiting, ready, told = 0, 0, waiting + ready end
local joined, admitted = v[2] - GAP * v[19] + (v[21] or 0), v[7]
if v[16] == 'bucket' then joined, admitted = v[17], v[18] end
return {R_OK, v[1] or '', joined, waiting, ready, v[3], v[4], v[5], told, v[6] or 0, admitted, v[8] or 0, v[9] or 0,
  v[10] or 0, v[11] or 0, v[12], v[13], v[14] or 0, v[23] or 0, v[20] or 0, v[21] or 0, v[22], v[15]}
