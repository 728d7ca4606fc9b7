-- Stands before the scripts of seats and payments: the keys they use, what a reservation is, what is left of an event.
--
-- KEYS[1]  tacos:{E}, the event's hash, as in prelude.lua; the fields free, held, sold_seats, version and sold are the
--          line's too, so that admission follows the seats in the very step that changes them.
-- ARGV[1]  the time in microseconds; 0: the server's own clock. ARGV[2] a ticket's number, ARGV[3] its epoch.
--
-- :seats         a bit for each seat, 1 when it is held or sold
-- :back          sorted set of the free seats below the field seat_next: those that came back. All seats from seat_next on
--                were never given by the store's choice, so that the next free one is found without a search
-- :reservations  ticket -> state h, s or r (held, sold, released), id, attempt, end of the hold in calendar milliseconds,
--                order, seats, with '|' between; a ticket has one, ever
-- :payments      ticket -> the payment for its reservation: id, amount, currency, status c, a or f (created, approved,
--                failed), intents made so far, with '|' between; another intent replaces one that is not approved
-- :holds         ticket scored by when its hold runs out, or when its released reservation may be forgotten
--
-- The hash's fields price (of a seat, in the currency's smallest unit) and currency are absent in events that an earlier
-- version made: then neither is checked.
local line = KEYS[1]
local SEATS, BACK, HOLDS, RESERVATIONS = line .. ':seats', line .. ':back', line .. ':holds', line .. ':reservations'
local PAYMENTS = line .. ':payments'

-- As the gateway's SeatOutcome.
local OK, TAKEN, NO_SUCH_SEAT, SOLD_OUT, NOT_FOUND, LAPSED, CONFIRMED = 0, 1, 2, 3, 4, 5, 6
local RESERVED_BEFORE, NO_PAYMENT, NOT_APPROVED, PAID_BEFORE = 7, 8, 9, 10
local WRONG_AMOUNT, WRONG_CURRENCY, TOO_MANY_INTENTS = 11, 12, 13

-- A released reservation is remembered for longer than a claim of its ticket's grant can live: until then it is what
-- keeps the ticket from making another.
local KEPT_MS = 3600000

local function clock_ms()
  local given = tonumber(ARGV[1])
  if given > 0 then return math.floor(given / 1000) end
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- The event, nil when there is none.
local function load_event()
  local v = redis.call('HMGET', line, 'epoch', 'free', 'held', 'sold_seats', 'seat_next', 'sold', 'price',
    'currency')
  if not v[1] then return nil end
  return {now = clock_ms(), epoch = tonumber(v[1]), free = tonumber(v[2]), held = tonumber(v[3]),
    sold_seats = tonumber(v[4]), next = tonumber(v[5] or 0), sold = v[6] == '1', price = tonumber(v[7] or 0),
    currency = v[8] or ''}
end

-- The event of a ticket and the ticket's number, nil when the ticket is of another life of the line.
local function load_ticket()
  local event = load_event()
  if not event or event.epoch ~= tonumber(ARGV[3]) then return nil end
  return event, tonumber(ARGV[2])
end

local function reservation_of(number)
  local record = redis.call('HGET', RESERVATIONS, number)
  if not record then return nil end
  local state, id, attempt, until_ms, order, seats = record:match('^(%l)|([^|]*)|([^|]*)|(%d+)|([^|]*)|(.*)$')
  local found = {state = state, id = id, attempt = attempt, until_ms = tonumber(until_ms), order = order, seats = {}}
  for seat in seats:gmatch('%d+') do found.seats[#found.seats + 1] = tonumber(seat) end
  return found
end

local function keep(number, r)
  redis.call('HSET', RESERVATIONS, number, string.format('%s|%s|%s|%.0f|%s|%s', r.state, r.id, r.attempt, r.until_ms,
    r.order, table.concat(r.seats, ',')))
end

local function count(event)
  redis.call('HSET', line, 'free', event.free, 'held', event.held, 'sold_seats', event.sold_seats, 'seat_next', event.next,
    'touched', event.now * 1000)
  redis.call('HINCRBY', line, 'version', 1)
end

-- Seats come back. The caller counts.
local function free(event, seats)
  for _, seat in ipairs(seats) do
    redis.call('SETBIT', SEATS, seat - 1, 0)
    if seat <= event.next then redis.call('ZADD', BACK, seat, seat) end
  end
end

local function release(event, number, r)
  free(event, r.seats)
  event.free, event.held = event.free + #r.seats, event.held - #r.seats
  r.state = 'r'
  keep(number, r)
  redis.call('ZADD', HOLDS, event.now + KEPT_MS, number)
end

-- The ticket's reservation of this id; a hold that has run out is released, whether or not the sweep has seen it.
local function load_reservation(event, number, id)
  local r = reservation_of(number)
  if not r or (id and r.id ~= id) then return nil end
  if r.state == 'h' and event.now >= r.until_ms then
    release(event, number, r)
    count(event)
  end
  return r
end

-- The payment for a ticket's reservation, nil when none was begun.
local function payment_of(number)
  local text = redis.call('HGET', PAYMENTS, number)
  if not text then return nil end
  local id, amount, currency, status, made = text:match('^([^|]*)|(%d+)|(%u+)|(%l)|(%d+)$')
  return {id = id, amount = amount, currency = currency, status = status, made = tonumber(made)}
end

local function keep_payment(number, p)
  redis.call('HSET', PAYMENTS, number, string.format('%s|%s|%s|%s|%d', p.id, p.amount, p.currency, p.status, p.made))
end

-- What the gateway reads of a reservation: outcome, id, order, end of the hold in calendar milliseconds, free, held, sold,
-- sold out, its price, currency ('': not known), its payment's status ('': none), then its seats. Of none: the outcome alone.
local function told(event, outcome, r, payment)
  local reply = {outcome, r.id, r.order, r.until_ms, event.free, event.held, event.sold_seats, event.sold and 1 or 0,
    event.price * #r.seats, event.currency, payment and payment.status or ''}
  for _, seat in ipairs(r.seats) do reply[#reply + 1] = seat end
  return reply
end

-- What the gateway reads of a payment: outcome, id, amount, currency, status; what its reservation costs, in which currency
-- ('': not known); milliseconds until the hold ends. Of none: the outcome alone.
local function told_payment(event, outcome, r, p)
  p = p or {id = '', amount = '0', currency = '', status = ''}
  return {outcome, p.id, p.amount, p.currency, p.status, event.price * #r.seats, event.currency,
    math.max(0, r.until_ms - event.now)}
end
