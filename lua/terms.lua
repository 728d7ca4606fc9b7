-- An operator declares an event that has come into being already, or changes what is declared of it.
-- KEYS: the event. ARGV: time, seats, rate (millionths a second), burst, opening in microseconds by this server's clock (0: now),
-- price, currency. Result: {0, 0} done; {0, 1} seats and price can't change any more, as somebody has joined; {0, 2} the opening can't
-- be put off any more; {100} there is no event. O(1).
--
-- :terms  what is declared, in the event's own slot, so that it and the event's coming into being are one step:
--         seats, rate, burst, opening, price, currency, with '|' between. open.lua reads it.
local text = table.concat({ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]}, '|')
local event, v = load_event('free', 'held', 'sold_seats', 'price', 'currency')
if not event then
  redis.call('SET', line .. ':terms', text)
  return {R_NO_EVENT}
end
local seats, opens = tonumber(ARGV[2]), math.max(event.now, tonumber(ARGV[5]))
local other = seats ~= tonumber(v[15]) + tonumber(v[16]) + tonumber(v[17])
local dearer = v[18] and (v[18] ~= ARGV[6] or v[19] ~= ARGV[7])
if (other or dearer) and event.next > 0 then return {R_OK, 1} end
if event.now >= event.opens and event.head > 0 and opens > event.now then return {R_OK, 2} end
if other then redis.call('HSET', line, 'free', seats, 'sold', seats == 0 and '1' or '0') end
change_pace(event, ARGV[3], ARGV[4])
redis.call('HSET', line, 'opens', opens, 'price', ARGV[6], 'currency', ARGV[7], 'touched', event.now)
redis.call('SET', line .. ':terms', text)
return {R_OK, 0}
