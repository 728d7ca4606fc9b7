-- Settles a payment that is still open; one that is settled keeps its first answer.
-- KEYS: the event. ARGV: time, number, epoch, payment's id, a or f (approve, fail). Result: {outcome, status, amount, currency}.
-- O(1).
local event, number = load_ticket()
if not event then return {NOT_FOUND} end
local payment = load_payment(ARGV[4])
if not payment or payment.number ~= ARGV[2] then return {NOT_FOUND} end
if payment.status == 'c' then
  payment.status = ARGV[5]
  local text = string.format('%s|%s|%s|%s|%s', payment.number, payment.reservation, payment.amount, payment.currency, ARGV[5])
  redis.call('SET', line .. ':pay:' .. ARGV[4], text, 'KEEPTTL')
end
return {OK, payment.status, payment.amount, payment.currency}
