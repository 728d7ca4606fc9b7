-- Stands before every other script of this folder: the keys of one event, the clock, what a ticket's state is.
--
-- KEYS[1]  tacos:{E}, E = 16 hex digits of the event's key. All other keys of the event begin with it, so that they lie in
--          one slot and a script may name them itself.
-- ARGV[1]  the time in microseconds; 0: the server's own clock, which is what every gateway but a test's asks for.
--
-- Times of tickets are milliseconds since the event began. Lua's numbers are doubles: whatever is counted here stays
-- below 2^53, and numbers of more than 14 digits never go through '..', which would round them.
local line = KEYS[1]
local SEEN, TURNS, GONE = line .. ':seen', line .. ':turns', line .. ':gone'
local GRANTS, DUE, CLAIMS = line .. ':grants', line .. ':due', line .. ':claims'
local DEPARTURES, INDEX, USERS = line .. ':departures', line .. ':line', line .. ':users'

-- As the gateway's TicketStatus and StoreOutcome.
local WAITING, READY, ENTERED, LEFT, EXPIRED, SOLD_OUT = 0, 1, 2, 3, 4, 5
local R_OK, R_NOT_FOUND, R_NOT_READY, R_EXPIRED, R_SOLD_OUT = 0, 1, 2, 3, 4
local R_SPENT, R_IN_FLIGHT, R_OVERLOADED, R_CLOSED, R_NO_EVENT = 5, 6, 7, 8, 100

local SLICE = 1000     -- the most that one call does of each kind of work
local RECORD = 20      -- bytes of one ticket: 16 of the user's key, 4 of the millisecond of its join
local BLOCK = 1024     -- tickets in one string
local MICRO = 1000000

local function clock_us()
  local given = tonumber(ARGV[1])
  if given > 0 then return given end
  local time = redis.call('TIME')
  return time[1] * MICRO + time[2]
end

-- The event, or nil when there is none; and what was read: fields asked for besides follow from the eleventh.
local function load_event(...)
  local v = redis.call('HMGET', line, 'epoch', 'began', 'opens', 'next', 'head', 'rate', 'paused', 'sold', 'mode',
    'beat_ttl', ...)
  if not v[1] then return nil end
  local now = clock_us()
  local began = tonumber(v[2])
  return {
    now = now, at = math.max(0, math.floor((now - began) / 1000)),
    epoch = tonumber(v[1]), began = began, opens = tonumber(v[3]), next = tonumber(v[4]), head = tonumber(v[5]),
    rate = tonumber(v[6]), paused = v[7] == '1', sold = v[8] == '1', mode = v[9], beat_ttl = tonumber(v[10]),
  }, v
end

-- The event of a reference to a ticket, and the ticket's number: nil when the reference is of another life of the line,
-- or names a number that was never given. ARGV[2] is the number, ARGV[3] the epoch.
local function load_ticket()
  local event = load_event()
  if not event or event.epoch ~= tonumber(ARGV[3]) then return nil end
  local number = tonumber(ARGV[2])
  if number < 1 or number > event.next then return nil end
  return event, number
end

-- What has become of a ticket, apart from the event's being sold out; and its deadline, and of a grant its state:
-- u unused, c claimed, s spent, l lapsed.
local function state_of(number)
  if redis.call('ZSCORE', SEEN, number) then return WAITING end
  local deadline = redis.call('ZSCORE', TURNS, number)
  if deadline then return READY, tonumber(deadline) end
  local gone = redis.call('HGET', GONE, number)
  local grant = redis.call('HGET', GRANTS, number)
  local until_ms, state = 0, nil
  if grant then state, until_ms = grant:sub(1, 1), tonumber(grant:sub(3)) end
  if gone then return gone == 'L' and LEFT or EXPIRED, until_ms, state end
  return ENTERED, until_ms, state
end

local function record_key(number)
  return line .. ':t:' .. math.floor((number - 1) / BLOCK)
end

-- The user's key and the millisecond of the join.
local function record_of(number)
  local from = ((number - 1) % BLOCK) * RECORD
  local record = redis.call('GETRANGE', record_key(number), from, from + RECORD - 1)
  if #record < RECORD then return '', 0 end
  return record:sub(1, 16), (struct.unpack('>I4', record, 17))
end

-- index: O(log n). keys: what not to do: O(every key of the server), kept to measure it. watermark: an upper bound; the
-- gateway knows better.
local function position_of(event, number)
  if event.mode == 'index' then
    local rank = redis.call('ZRANK', INDEX, number)
    if rank then return rank + 1 end
  elseif event.mode == 'keys' then
    local before = 1
    local prefix = line .. ':user:'
    for _, key in ipairs(redis.call('KEYS', prefix .. '*')) do
      if tonumber(key:sub(#prefix + 1)) < number then before = before + 1 end
    end
    return before
  end
  return number - event.head
end

-- A ticket stops waiting: takes it out of what only the index and the reproduction of the KEYS mistake keep.
local function unlist(event, numbers)
  if event.mode == 'index' then
    redis.call('ZREM', INDEX, unpack(numbers))
  elseif event.mode == 'keys' then
    for _, number in ipairs(numbers) do redis.call('DEL', line .. ':user:' .. number) end
  end
end

local function shown(event, state)
  if event.sold and (state == WAITING or state == READY) then return SOLD_OUT end
  return state
end

-- What the gateway reads of a ticket: outcome, status, number, position, milliseconds waited, microseconds until the
-- opening, micro-tickets admitted a second (0: none), epoch, user, end of the grant in calendar milliseconds, last
-- ticket, watermark, sold out, the event's millisecond, heartbeat in milliseconds.
local function answer(event, outcome, state, number, until_ms, user, joined)
  if not user then user, joined = record_of(number) end
  local status = shown(event, state)
  local position = status == WAITING and position_of(event, number) or 0
  return {outcome, status, number, position, math.max(0, event.at - joined), math.max(0, event.opens - event.now),
    event.paused and 0 or event.rate, event.epoch, user, math.floor(event.began / 1000) + (until_ms or 0), event.next,
    event.head, event.sold and 1 or 0, event.at, event.beat_ttl}
end

-- The token bucket: exact. credit is whole millionths of a ticket, rest millionths of those, rate millionths a second;
-- never more than rate x window + burst in any window of the store's clock.
local function refill(event)
  local v = redis.call('HMGET', line, 'burst', 'credit', 'rest', 'credited')
  event.capacity = tonumber(v[1]) * MICRO
  event.credit, event.rest, event.credited = tonumber(v[2]), tonumber(v[3]), tonumber(v[4])
  local passed = event.now - event.credited
  if passed <= 0 then return end
  event.credited = event.now
  local seconds = math.floor(passed / MICRO)
  local micros = passed - seconds * MICRO
  local whole = math.floor(event.rate / MICRO)
  local part = micros * (event.rate - whole * MICRO) + event.rest
  local added = math.floor(part / MICRO)
  event.rest = part - added * MICRO
  -- Beyond 2^53 the sum is rounded, but then it is far beyond the capacity too.
  event.credit = event.credit + seconds * event.rate + micros * whole + added
  if event.credit >= event.capacity then event.credit, event.rest = event.capacity, 0 end
end

