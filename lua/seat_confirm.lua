-- Sells a hold whose payment is approved; again: the same order. Once every seat is sold the event is over for good.
-- KEYS: the event. ARGV: time, number, epoch, reservation's id, payment's id, id for the order.
-- Result: as told(), or {outcome}. O(log n), and O(q log r) when the hold has run out.
local event, number = load_ticket()
if not event then return {NOT_FOUND} end
local r = load_reservation(event, number, ARGV[4])
if not r then return {NOT_FOUND} end
local payment = payment_of(number)
if r.state == 'r' then return told(event, LAPSED, r, payment) end
if not payment or payment.id ~= ARGV[5] then return told(event, NO_PAYMENT, r, payment) end
if payment.status ~= 'a' then return told(event, NOT_APPROVED, r, payment) end
if r.state == 'h' then
  event.held, event.sold_seats = event.held - #r.seats, event.sold_seats + #r.seats
  r.state, r.order = 's', ARGV[6]
  keep(number, r)
  redis.call('ZREM', HOLDS, number)
  count(event)
  if event.free + event.held == 0 then
    redis.call('HSET', line, 'sold', '1')
    event.sold = true
  end
end
return told(event, OK, r, payment)
