-- A ticket's reservation, whatever has become of it.
-- KEYS: the event. ARGV: time, number, epoch. Result: as told(), or {outcome}. O(1), and O(q log r) when the hold has run out.
local event, number = load_ticket()
if not event then return {NOT_FOUND} end
local r = load_reservation(event, number)
if not r then return {NOT_FOUND} end
return told(event, r.state == 'r' and LAPSED or OK, r, payment_of(number))
