-- Holds seats for a ticket whose grant is claimed: all or none. A ticket makes one reservation, ever; the attempt that
-- made it gets it again, however often and from wherever it asks.
-- KEYS: the event. ARGV: time, number, epoch, attempt, new or replay (make none), id for the reservation, hold in
-- milliseconds, quantity, then the seats that are wanted, if by number.
-- Result: as told(), or {outcome}. O(q log r), q seats asked for, r seats that came back.
local event, number = load_ticket()
if not event then return {NOT_FOUND} end
local made = load_reservation(event, number)
if made then
  if made.state == 'r' then return told(event, LAPSED, made, payment_of(number)) end
  return told(event, made.attempt == ARGV[4] and OK or RESERVED_BEFORE, made)
end
if ARGV[5] == 'replay' then return {NOT_FOUND} end
if event.free + event.held == 0 then return {SOLD_OUT} end

local total = event.free + event.held + event.sold_seats
local seats = {}

-- The bit has the last word.
local function take(seat)
  if redis.call('SETBIT', SEATS, seat - 1, 1) == 0 then seats[#seats + 1] = seat end
end

-- The lowest that came back, then those never given. BITPOS looks from seat_next on, which never goes back: over the
-- event's life each byte is passed once.
local function choose(quantity)
  local back = redis.call('ZPOPMIN', BACK, quantity)
  for i = 1, #back, 2 do take(tonumber(back[i])) end
  while #seats < quantity do
    local at = redis.call('BITPOS', SEATS, 0, math.floor(event.next / 8))
    if at < 0 then at = event.next end -- beyond the string's end
    if at >= total then return false end
    take(at + 1)
    event.next = math.max(event.next, at + 1)
  end
  return true
end

if #ARGV > 8 then
  local distinct = {}
  for i = 9, #ARGV do
    local seat = tonumber(ARGV[i])
    if seat < 1 or seat > total or distinct[seat] then return {NO_SUCH_SEAT} end
    distinct[seat] = true
  end
  for i = 9, #ARGV do
    if redis.call('GETBIT', SEATS, tonumber(ARGV[i]) - 1) == 1 then return {TAKEN} end
  end
  for i = 9, #ARGV do
    take(tonumber(ARGV[i]))
    redis.call('ZREM', BACK, ARGV[i])
  end
elseif tonumber(ARGV[8]) > event.free then
  return {TAKEN}
elseif not choose(tonumber(ARGV[8])) then
  free(event, seats)
  redis.call('HSET', line, 'seat_next', event.next)
  return {TAKEN}
end

event.free, event.held = event.free - #seats, event.held + #seats
local r = {state = 'h', id = ARGV[6], attempt = ARGV[4], until_ms = event.now + tonumber(ARGV[7]), order = '', seats = seats}
keep(number, r)
redis.call('ZADD', HOLDS, r.until_ms, number)
count(event)
return told(event, OK, r)
