-- Stands before every other script of this folder: the keys of one event, the clock, what a ticket's state is.
--
-- KEYS[1]  tacos:{E}, E = 16 hex digits of the event's key. All other keys of the event begin with it, so that they lie in
--          one slot and a script may name them itself. Of an event that is spread over B buckets, ticket n lies in bucket
--          (n - 1) mod B, and everything about it under tacos:{E.b}, b = 2 hex digits, in a slot of the bucket's own; the
--          event's own key then keeps the numbering, who has which number, the watermark, the token bucket and the seats.
--          Its hash's field touched is when something last happened in it, or could have: forget.lua reads it.
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
local R_SPENT, R_IN_FLIGHT, R_OVERLOADED, R_CLOSED, R_IN_LINE, R_NOT_DECLARED = 5, 6, 7, 8, 10, 11
local R_NO_EVENT, R_SPREAD = 100, 101

local SLICE = 1000     -- the most that one call does of each kind of work
local RECORD = 30      -- bytes of one ticket: 16 of the user's key, 8 that prove a repeated join, 6 of the millisecond of its join
local NO_PROOF = string.rep('\0', 8)
local BLOCK = 1024     -- tickets in one string
local NO_RECORD = string.rep('\0', RECORD)
local NOBODY = string.rep('\255', 16) -- the user of a ticket whose record was lost
local MICRO = 1000000
local UNHEARD = 100000 -- us without a tick, after which it is asked whether this is still the server it was
local GAP = 131072     -- numbers left out after a failover: more than one can have lost, so that none is given twice
local APART = 2000000  -- us: of two takeovers in a row the second comes later than this
local MOST_GAPS = 32   -- for one failover, after a minute without a tick
local COLD = 600       -- seconds without a tick, after which nobody can be taking over in a row: it was stopped
local RECOVERY = 1000000 -- us after a failover without admissions, in which every gateway tells what it knew

-- Set by a script that a replica executes: it must not write.
local reads_only = false

local function clock_us()
  local given = tonumber(ARGV[1])
  if given > 0 then return given end
  local time = redis.call('TIME')
  return time[1] * MICRO + time[2]
end

-- A promoted replica, or a server that started again, may lack the last moments before. Numbers that were given then must
-- not be given again, nor turns: a gap in the numbers, an empty bucket of tokens, and a pause in which the gateways tell
-- how far they knew the line to be. Says whether that was so.
--
-- The field failovers counts gaps, takeovers how often this was so. A server that took over and was lost again before its
-- replica heard of it may have given numbers behind its gap, and the next one begins where it began: so there is a gap for
-- each APART since the last tick, and theirs differ.
local function check_server(event)
  local server = redis.call('INFO', 'server'):match('run_id:(%x+)'):sub(1, 16)
  if server == event.server then return false end
  local silent = math.max(0, event.now - event.ticked)
  local gaps = 1
  if event.mode ~= 'bucket' and silent < COLD * MICRO then gaps = math.min(MOST_GAPS, 1 + math.floor(silent / APART)) end
  event.failovers = event.failovers + gaps
  redis.call('HSET', line, 'server', server, 'failovers', event.failovers)
  redis.call('HINCRBY', line, 'takeovers', 1)
  if redis.call('HEXISTS', line, 'journal') == 1 then -- see tick.lua
    redis.call('RPUSH', line .. ':admissions', string.format('f %.0f %d %d', event.now, event.failovers, event.next))
  end
  if event.mode == 'bucket' then return true end
  local last = event.next
  event.next = last + GAP * gaps
  local holes = redis.call('HGET', line, 'holes') or ''
  redis.call('HSET', line, 'next', event.next, 'known', last, 'holes', holes .. last .. '-' .. event.next .. ' ',
    'credit', 0, 'calls', 0, 'calls_at', event.now, 'rest', 0, 'credited', event.now, 'recovers', event.now + RECOVERY)
  return true
end

-- The event, or nil when there is none; and what was read: fields asked for besides follow from the fifteenth.
local function load_event(...)
  local v = redis.call('HMGET', line, 'epoch', 'began', 'opens', 'next', 'head', 'rate', 'paused', 'sold', 'mode',
    'beat_ttl', 'ticked', 'server', 'failovers', 'stride', ...)
  if not v[1] then return nil end
  local now = clock_us()
  local began = tonumber(v[2])
  local event = {
    now = now, at = math.max(0, math.floor((now - began) / 1000)),
    epoch = tonumber(v[1]), began = began, opens = tonumber(v[3]), next = tonumber(v[4]), head = tonumber(v[5]),
    rate = tonumber(v[6]), paused = v[7] == '1', sold = v[8] == '1', mode = v[9], beat_ttl = tonumber(v[10]),
    ticked = tonumber(v[11]), server = v[12], failovers = tonumber(v[13]), stride = tonumber(v[14]),
  }
  if now - event.ticked > UNHEARD and not reads_only and check_server(event) then
    for i, field in ipairs({...}) do v[14 + i] = redis.call('HGET', line, field) end -- such as the new gap
  end
  return event, v
end

-- What a gateway has to know of a spread event before it can go on at a bucket.
local function spread_answer(event, number)
  local v = redis.call('HMGET', line, 'turn_ttl', 'grant_ttl')
  return {R_SPREAD, event.stride, event.epoch, event.began, event.opens, event.paused and 0 or event.rate, event.beat_ttl,
    tonumber(v[1]), tonumber(v[2]), number, event.next, event.head, event.sold and 1 or 0, event.failovers}
end

-- What has become of a ticket, apart from the event's being sold out; its deadline; and of a grant its state (u unused, c
-- claimed, s spent, l lapsed), of one that waits its last heartbeat.
local function state_of(number)
  local seen = redis.call('ZSCORE', SEEN, number)
  if seen then return WAITING, 0, tonumber(seen) end
  local deadline = redis.call('ZSCORE', TURNS, number)
  if deadline then return READY, tonumber(deadline) end
  local gone = redis.call('HGET', GONE, number)
  local grant = redis.call('HGET', GRANTS, number)
  local until_ms, state = 0, nil
  if grant then state, until_ms = grant:sub(1, 1), tonumber(grant:sub(3)) end
  if gone then return gone == 'L' and LEFT or EXPIRED, until_ms, state end
  return ENTERED, until_ms, state
end

-- Whether a ticket has come to nothing: its user left, or let it, its turn or its grant lapse. Another join makes another.
local function is_over(event, state, until_ms, grant)
  if state == ENTERED then return grant == 'l' or grant == 'u' and event.at >= until_ms end
  return state == LEFT or state == EXPIRED
end

-- Where a ticket's record lies: the string's key, and the offset in it.
local function place_of(event, number)
  local nth = math.floor((number - 1) / event.stride)
  return line .. ':t:' .. math.floor(nth / BLOCK), (nth % BLOCK) * RECORD
end

-- The user's key, the millisecond of the join and what proves a repeated one; '' when there is no record.
local function record_of(event, number)
  local key, from = place_of(event, number)
  local record = redis.call('GETRANGE', key, from, from + RECORD - 1)
  if #record < RECORD or record == NO_RECORD then return '', 0, NO_PROOF end
  local high, low = struct.unpack('>I2I4', record, 25)
  return record:sub(1, 16), high * 4294967296 + low, record:sub(17, 24)
end

local function write_record(event, number, user, proof)
  local key, from = place_of(event, number)
  local high = math.floor(event.at / 4294967296)
  redis.call('SETRANGE', key, from, user .. proof .. struct.pack('>I2I4', high, event.at - high * 4294967296))
end

-- Whether a join proves to be of the user who holds a ticket: the site vouches for it ('1'), it shows the ticket's token
-- ('epoch:number'), or its idempotency key is the first join's. recorded is what record_of() gives.
local function proves(event, number, recorded, proof, shown, proven)
  return proven == '1' or shown == string.format('%.0f:%.0f', event.epoch, number) or
    proof ~= NO_PROOF and proof == recorded
end

-- A bucket may be lost whole, and then knows of no failover.
local function may_have_lost(event)
  return event.failovers > 0 or event.mode == 'bucket'
end

-- A number in a gap that was given after all: so were those before it, from the gap's beginning, or from where a server
-- between began; and whoever is missing there is lost. Gives the gaps.
local function given_upto(number)
  local v = redis.call('HMGET', line, 'holes', 'known')
  local lost = 0
  local holes = (v[1] or ''):gsub('(%d+)%-(%d+) ', function(from, to)
    from, to = tonumber(from), tonumber(to)
    -- Where a server began and gave none, the last number is the end of what it left out.
    if number <= from or number >= to or (to - number) % GAP == 0 then return nil end
    local began = to - GAP * math.ceil((to - number + 1) / GAP)
    lost = number - math.max(from, began)
    local before = began > from and string.format('%.0f-%.0f ', from, began) or ''
    return before .. string.format('%.0f-%.0f ', number, to)
  end)
  if lost > 0 then
    redis.call('HSET', line, 'holes', holes, 'known', math.max(number, tonumber(v[2])))
    redis.call('HINCRBY', line, 'lost', lost)
  end
  return holes
end

-- A ticket that was surely given, and that a failover has lost, stands again where it stood: no number is given twice.
-- Says whether that was so. Who it belongs to is known again when that user joins with it.
local function put_back(event, number)
  if not may_have_lost(event) or record_of(event, number) ~= '' then return false end
  write_record(event, number, NOBODY, NO_PROOF)
  if event.mode ~= 'bucket' then given_upto(number) end -- else the watermark would step over it
  if number > event.head then
    redis.call('ZADD', SEEN, event.at, number)
    if event.mode == 'index' then redis.call('ZADD', INDEX, number, number) end
  else -- it had been called, or would have been
    redis.call('ZADD', TURNS, event.at + tonumber(redis.call('HGET', line, 'turn_ttl')), number)
  end
  redis.call('HINCRBY', line, 'restored', 1)
  if event.mode == 'bucket' then redis.call('HINCRBY', line, 'arrived', 1) end
  return true
end

-- The event of a reference to a ticket, and the ticket's number: nil and the answer when the reference is of another life
-- of the line, names a number that was never given, or one that lies in a bucket. ARGV[2] is the number, ARGV[3] the
-- epoch. A reference proves that the number was given.
local function load_ticket()
  local event = load_event()
  if not event or event.epoch ~= tonumber(ARGV[3]) then return nil, {R_NOT_FOUND} end
  local number = tonumber(ARGV[2])
  if event.mode == 'spread' then return nil, spread_answer(event, number) end
  if number < 1 or number > event.next and not may_have_lost(event) then return nil, {R_NOT_FOUND} end
  put_back(event, number)
  return event, number
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
  return math.max(1, number - event.head) -- in a bucket the watermark may have passed it, and the tick not yet
end

-- A ticket stops waiting: takes it out of what only the index and the reproduction of the KEYS mistake keep.
local function unlist(event, numbers)
  if event.mode == 'index' then
    redis.call('ZREM', INDEX, unpack(numbers))
  elseif event.mode == 'keys' then
    for _, number in ipairs(numbers) do redis.call('DEL', line .. ':user:' .. number) end
  end
end

-- Takes note that somebody who waits is there. Where every question comes here, a third of a heartbeat's time after the
-- last note; by watermark few do, and the gateway counts on it.
local function hear(event, number, heard)
  local always = event.mode == 'watermark' or event.mode == 'bucket'
  if always or event.at - heard >= event.beat_ttl / 3 then redis.call('ZADD', SEEN, 'XX', event.at, number) end
end

local function shown(event, state)
  if event.sold and (state == WAITING or state == READY) then return SOLD_OUT end
  return state
end

-- How a ticket stands for its user, and whether its grant has made a reservation: one whose grant has lapsed is of no more
-- use, whatever it counts as.
local function seen_by_user(event, state, until_ms, grant)
  if state ~= ENTERED then return state, 0 end
  if is_over(event, state, until_ms, grant) then return EXPIRED, 0 end
  return state, grant == 's' and 1 or 0
end

-- What the gateway reads of a ticket: outcome, status, number, position, milliseconds waited, microseconds until the
-- opening, micro-tickets admitted a second (0: none), epoch, user, end of the grant in calendar milliseconds, last
-- ticket, watermark, sold out, the event's millisecond, heartbeat in milliseconds, failovers.
local function answer(event, outcome, state, number, until_ms, user, joined)
  if not user then user, joined = record_of(event, number) end
  local status = shown(event, state)
  local position = status == WAITING and position_of(event, number) or 0
  return {outcome, status, number, position, math.max(0, event.at - joined), math.max(0, event.opens - event.now),
    event.paused and 0 or event.rate, event.epoch, user, math.floor(event.began / 1000) + (until_ms or 0), event.next,
    event.head, event.sold and 1 or 0, event.at, event.beat_ttl, event.failovers}
end

-- The token bucket: exact. credit is whole millionths of a ticket, rest millionths of those, rate millionths a second;
-- never more than rate x window + burst in any window of the store's clock. In a spread line that is for what is charged, and
-- calls is a bucket like it for what is called of that, which may be later: see tick_line.lua.
local function refill(event)
  local v = redis.call('HMGET', line, 'burst', 'credit', 'rest', 'credited', 'calls', 'calls_at')
  event.capacity = tonumber(v[1]) * MICRO
  event.credit, event.rest, event.credited = tonumber(v[2]), tonumber(v[3]), tonumber(v[4])
  event.calls, event.calls_at = tonumber(v[5] or v[2]), tonumber(v[6] or v[4])
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
  added = added + seconds * event.rate + micros * whole
  event.credit = event.credit + added
  if event.credit >= event.capacity then event.credit, event.rest = event.capacity, 0 end
end

-- A change of rate (millionths a second) or burst, '' for none. What the time before it gave is credited at the old rate.
local grow_calls
local function change_pace(event, rate, burst)
  refill(event)
  grow_calls(event, event.now)
  if rate ~= '' then redis.call('HSET', line, 'rate', rate) end
  if burst ~= '' then
    redis.call('HSET', line, 'burst', burst)
    event.credit = math.min(event.credit, tonumber(burst) * MICRO)
    event.calls = math.min(event.calls, tonumber(burst) * MICRO)
  end
  -- A rate of 0 is to let nobody in, not even the burst.
  if tonumber(rate ~= '' and rate or event.rate) == 0 then event.credit, event.calls, event.rest = 0, 0, 0 end
  redis.call('HSET', line, 'credit', event.credit, 'calls', event.calls, 'calls_at', event.calls_at, 'rest', event.rest,
    'credited', event.credited)
  local v = redis.call('HMGET', line, 'journal', 'rate', 'burst')
  if v[1] then -- see tick.lua
    redis.call('RPUSH', line .. ':admissions', string.format('r %.0f %s %s', event.now, v[2], v[3]))
  end
end

-- The bucket of the calls at a later time; by refill() it is as it was kept.
function grow_calls(event, upto)
  if upto <= event.calls_at then return end
  event.calls = math.min(event.capacity, event.calls + math.floor((upto - event.calls_at) / MICRO * event.rate))
  event.calls_at = upto
end

