-- What is left of the seats. A report that a later one has overtaken is passed over. Once every seat is sold the event is
-- over for good: one flag tells the whole line, however long it is.
-- KEYS: the event. ARGV: time, free, held, sold, version. Result: {0, sold out}, or {1} when there is no event. O(1).
local v = redis.call('HMGET', line, 'version', 'sold')
if not v[1] then return {R_NOT_FOUND, 0} end
if tonumber(ARGV[5]) < tonumber(v[1]) then return {R_OK, tonumber(v[2])} end
redis.call('HSET', line, 'free', ARGV[2], 'held', ARGV[3], 'sold_seats', ARGV[4], 'version', ARGV[5],
  'touched', clock_us())
if v[2] == '1' or tonumber(ARGV[2]) + tonumber(ARGV[3]) > 0 then return {R_OK, tonumber(v[2])} end
redis.call('HSET', line, 'sold', '1')
return {R_OK, 1}
