-- A payment is begun for a reservation that is held. It takes the place of an earlier one, unless that is approved; so a
-- reservation has one, however many are made.
-- KEYS: the event. ARGV: time, number, epoch, reservation's id, id for the payment, amount, currency, the most intents.
-- Result: as told_payment(), or {outcome}. O(1), and O(q log r) when the hold has run out.
local event, number = load_ticket()
if not event then return {NOT_FOUND} end
local r = load_reservation(event, number, ARGV[4])
if not r then return {NOT_FOUND} end
local p = payment_of(number)
if r.state == 'r' then return told_payment(event, LAPSED, r, p) end
if p and p.id == ARGV[5] then return told_payment(event, OK, r, p) end -- its answer was lost on the way
if r.state == 's' then return told_payment(event, CONFIRMED, r, p) end
if p and p.status == 'a' then return told_payment(event, PAID_BEFORE, r, p) end
if event.currency ~= '' then
  if ARGV[7] ~= event.currency then return told_payment(event, WRONG_CURRENCY, r, p) end
  if tonumber(ARGV[6]) ~= event.price * #r.seats then return told_payment(event, WRONG_AMOUNT, r, p) end
end
local made = p and p.made or 0
if made >= tonumber(ARGV[8]) then return told_payment(event, TOO_MANY_INTENTS, r, p) end
p = {id = ARGV[5], amount = ARGV[6], currency = ARGV[7], status = 'c', made = made + 1}
keep_payment(number, p)
return told_payment(event, OK, r, p)
