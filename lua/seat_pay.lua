-- Settles a payment that is still open, while its reservation lives; one that is settled keeps its first answer.
-- KEYS: the event. ARGV: time, number, epoch, payment's id, a or f (approve, fail). Result: as told_payment(), or {outcome}.
-- O(1), and O(q log r) when the hold has run out.
local event, number = load_ticket()
if not event then return {NOT_FOUND} end
local r = load_reservation(event, number)
local p = r and payment_of(number)
if not p or p.id ~= ARGV[4] then return {NOT_FOUND} end
if r.state == 'r' then return told_payment(event, LAPSED, r, p) end
if p.status == 'c' then
  p.status = ARGV[5]
  keep_payment(number, p)
end
return told_payment(event, OK, r, p)
