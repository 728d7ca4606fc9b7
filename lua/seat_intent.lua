-- A payment is begun for a reservation that is held or sold.
-- KEYS: the event. ARGV: time, number, epoch, reservation's id, id for the payment, amount, currency, life in milliseconds: it
-- lives longer when the hold does, as who has paid must find it when they confirm.
-- Result: {outcome, status}. O(1), and O(q log r) when the hold has run out.
local event, number = load_ticket()
if not event then return {NOT_FOUND} end
local r = load_reservation(event, number, ARGV[4])
if not r then return {NOT_FOUND} end
if r.state == 'r' then return {LAPSED} end
local text = string.format('%s|%s|%s|%s|c', ARGV[2], ARGV[4], ARGV[6], ARGV[7])
redis.call('SET', line .. ':pay:' .. ARGV[5], text, 'NX', 'PX', math.max(tonumber(ARGV[8]), r.until_ms - event.now))
local payment = load_payment(ARGV[5])
return {OK, payment.status}
