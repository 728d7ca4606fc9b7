-- Gives the seats of a hold back; again: nothing more.
-- KEYS: the event. ARGV: time, number, epoch, reservation's id. Result: as told(), or {outcome}. O(q log r).
local event, number = load_ticket()
if not event then return {NOT_FOUND} end
local r = load_reservation(event, number, ARGV[4])
if not r then return {NOT_FOUND} end
local payment = payment_of(number)
if r.state == 's' then return told(event, CONFIRMED, r, payment) end
if r.state == 'h' then
  release(event, number, r)
  count(event)
end
return told(event, OK, r, payment)
