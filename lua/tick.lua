-- A bounded slice of what time brings: lapsed turns and grants, admissions, the absent. Any gateway may run it at any
-- time; running it more often never admits more.
-- KEYS: the event. ARGV: time. Result: {0, last ticket, watermark, sold out, whether anything is left to wait for, length
-- of the departures}, or {100}. O(slice x log n).
-- An event whose field 'journal' is set, as tests do, keeps a list :admissions: 'a microsecond admitted first last' here.
local CLAIM_LIFE = 300000 -- ms

local event = load_event()
if not event then return {R_NO_EVENT} end
if event.sold then return {R_OK, event.next, event.head, 1, 0, redis.call('LLEN', DEPARTURES)} end

local expired = 0
local function expire(numbers)
  local pairs_of = {}
  for _, number in ipairs(numbers) do
    pairs_of[#pairs_of + 1] = number
    pairs_of[#pairs_of + 1] = 'E'
  end
  redis.call('HSET', GONE, unpack(pairs_of))
  expired = expired + #numbers
end

local turns = redis.call('ZRANGE', TURNS, '-inf', event.at, 'BYSCORE', 'LIMIT', 0, SLICE)
if #turns > 0 then
  redis.call('ZREM', TURNS, unpack(turns))
  expire(turns)
end

local function lapse(key, upto)
  local numbers = redis.call('ZRANGE', key, '-inf', upto, 'BYSCORE', 'LIMIT', 0, SLICE)
  if #numbers == 0 then return end
  redis.call('ZREM', key, unpack(numbers))
  local old = redis.call('HMGET', GRANTS, unpack(numbers))
  local lapsed = {}
  for i, number in ipairs(numbers) do
    lapsed[#lapsed + 1] = number
    lapsed[#lapsed + 1] = 'l' .. old[i]:sub(2)
  end
  redis.call('HSET', GRANTS, unpack(lapsed))
end
lapse(DUE, event.at)
-- A claim is settled within a request's time; one that was not belongs to a gateway that died over it.
lapse(CLAIMS, event.at - CLAIM_LIFE)

local v = redis.call('HMGET', line, 'free', 'turn_ttl', 'ticked', 'watch_from', 'journal')
local waiting = redis.call('ZCARD', SEEN)
refill(event)

-- Who is next: the watermark walks over the numbers, each passed once in the event's life.
local function next_in_line(wanted)
  local called = {}
  local walked = 0
  while #called < wanted and event.head < event.next and walked < 4 * SLICE do
    local upto = math.min(event.head + 100, event.next)
    local numbers = {}
    for number = event.head + 1, upto do numbers[#numbers + 1] = number end
    walked = walked + #numbers
    local seen = redis.call('ZMSCORE', SEEN, unpack(numbers))
    for i, number in ipairs(numbers) do
      if #called == wanted then break end
      event.head = number
      if seen[i] then called[#called + 1] = number end
    end
  end
  return called
end

local admitted = 0
if not event.paused and event.now >= event.opens and waiting > 0 then
  local outstanding = redis.call('ZCARD', TURNS) + redis.call('ZCARD', DUE) + redis.call('ZCARD', CLAIMS)
  local places = tonumber(v[1]) - outstanding
  local wanted = math.min(math.floor(event.credit / MICRO), waiting, places, SLICE)
  if wanted > 0 then
    local called = next_in_line(wanted)
    admitted = #called
    if admitted > 0 then
      event.credit = event.credit - admitted * MICRO
      redis.call('ZREM', SEEN, unpack(called))
      unlist(event, called)
      local deadline = event.at + tonumber(v[2])
      local scored = {}
      for _, number in ipairs(called) do
        scored[#scored + 1] = deadline
        scored[#scored + 1] = number
      end
      redis.call('ZADD', TURNS, unpack(scored))
      redis.call('HINCRBY', line, 'admitted', admitted)
      if v[5] then
        redis.call('RPUSH', line .. ':admissions',
          string.format('a %.0f %d %d %d', event.now, admitted, called[1], called[admitted]))
      end
    end
  end
end

-- The absent. But when nobody has ticked for long, as after an outage, nobody could be heard either: then everybody gets
-- the time of a heartbeat to be heard again before anyone is taken for gone.
local watch_from = tonumber(v[4] or 0)
if event.now - tonumber(v[3]) > event.beat_ttl * 1000 / 3 then watch_from = event.now + event.beat_ttl * 1000 end
if event.now >= watch_from then
  local absent = redis.call('ZRANGE', SEEN, '-inf', event.at - event.beat_ttl, 'BYSCORE', 'LIMIT', 0, SLICE)
  if #absent > 0 then
    redis.call('ZREM', SEEN, unpack(absent))
    unlist(event, absent)
    redis.call('RPUSH', DEPARTURES, unpack(absent))
    expire(absent)
  end
end

redis.call('HSET', line, 'head', event.head, 'credit', event.credit, 'rest', event.rest, 'credited', event.credited,
  'ticked', event.now, 'watch_from', watch_from)
if expired > 0 then redis.call('HINCRBY', line, 'expired', expired) end
local active = (waiting > 0 or redis.call('ZCARD', TURNS) > 0 or redis.call('ZCARD', DUE) > 0 or
  redis.call('ZCARD', CLAIMS) > 0) and 1 or 0
return {R_OK, event.next, event.head, 0, active, redis.call('LLEN', DEPARTURES)}
