-- What a gateway has to know to answer for those who wait without asking: read by each gateway a few times a second.
-- KEYS: the event. ARGV: time, how many departures it has read, the epoch it has read them in. Result: {0, epoch, last
-- ticket, watermark, sold out, micro-tickets admitted a second (0: none), opening, beginning and now in microseconds,
-- heartbeat in milliseconds, buckets, turn and grant in milliseconds, failovers, numbers that were left out ("from-to "
-- for each stretch, without its first), tickets known to be lost, tickets put back, length of the departures, first
-- departure told, departures...}, or {100}.
-- O(departures told), 4,000 at most.
local event, v = load_event('turn_ttl', 'grant_ttl', 'holes', 'lost', 'restored')
if not event then return {R_NO_EVENT} end
local from = tonumber(ARGV[3]) == event.epoch and tonumber(ARGV[2]) or 0
local reply = {R_OK, event.epoch, event.next, event.head, event.sold and 1 or 0, event.paused and 0 or event.rate,
  event.opens, event.began, event.now, event.beat_ttl, event.stride, tonumber(v[15]), tonumber(v[16]), event.failovers,
  v[17] or '', tonumber(v[18] or 0), tonumber(v[19] or 0), redis.call('LLEN', DEPARTURES), from}
for _, number in ipairs(redis.call('LRANGE', DEPARTURES, from, from + 4 * SLICE - 1)) do reply[#reply + 1] = number end
return reply
