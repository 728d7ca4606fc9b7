-- An event comes into being, unless it has.
-- KEYS: the event. ARGV: time, epoch, event id, seats, rate (millionths a second), burst, turn, grant and heartbeat
-- in milliseconds, opening in microseconds by this server's clock (0: now), most tickets,
-- strategy of positions, paused, draining, buckets (1: the whole line in one slot), price of a seat in its currency's smallest
-- unit and that currency.
-- Last, 1 when the event is said to be declared: then what terms.lua has kept is what counts, and without it there is none.
-- Result: {0}, or {11}: it is not declared any more. O(1).
if redis.call('EXISTS', line) == 1 then return {R_OK} end
local terms = redis.call('GET', line .. ':terms')
if ARGV[18] == '1' and not terms then return {R_NOT_DECLARED} end
if terms then
  ARGV[4], ARGV[5], ARGV[6], ARGV[10], ARGV[16], ARGV[17] = terms:match('^(%d+)|(%d+)|(%d+)|(%d+)|(%d+)|(%u+)$')
end
local now = clock_us()
local buckets = tonumber(ARGV[15] or 1)
local rate, burst = tonumber(ARGV[5]), tonumber(ARGV[6])
-- What every script reads comes first: a short hash is searched from its beginning.
-- Starts full; but with a rate of 0, which is to let nobody in, empty.
redis.call('HSET', line, 'epoch', ARGV[2], 'began', now, 'opens', math.max(now, tonumber(ARGV[10])), 'next', 0, 'head', 0,
  'rate', rate, 'paused', ARGV[13], 'sold', tonumber(ARGV[4]) == 0 and '1' or '0', 'mode', buckets > 1 and 'spread' or ARGV[12],
  'beat_ttl', ARGV[9], 'ticked', now, 'server', redis.call('INFO', 'server'):match('run_id:(%x+)'):sub(1, 16),
  'failovers', 0, 'stride', buckets, 'id', ARGV[3], 'draining', ARGV[14], 'max', ARGV[11], 'turn_ttl', ARGV[7], 'grant_ttl', ARGV[8],
  'burst', burst, 'credit', rate == 0 and 0 or burst * MICRO, 'rest', 0, 'credited', now,
  'free', ARGV[4], 'held', 0, 'sold_seats', 0, 'version', 0,
  'touched', now, 'entered', 0, 'left', 0, 'expired', 0, 'refused', 0, 'admitted', 0)
if ARGV[16] then redis.call('HSET', line, 'price', ARGV[16], 'currency', ARGV[17]) end
return {R_OK}
