-- Stands before the scripts that move time on, behind the prelude: what lapses, and who is absent, a bounded slice each.
local CLAIM_LIFE = 300000 -- ms
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

local function lapse_grants(key, upto)
  local numbers = redis.call('ZRANGE', key, '-inf', upto, 'BYSCORE', 'LIMIT', 0, SLICE)
  if #numbers == 0 then return end
  redis.call('ZREM', key, unpack(numbers))
  local old = redis.call('HMGET', GRANTS, unpack(numbers))
  local lapsed = {}
  for i, number in ipairs(numbers) do
    -- Claimed, and seats were held for it: it has done what a grant is for. (A bucket can't see that; then it lapses, and
    -- the reservation itself refuses a second one.)
    local spent = key == CLAIMS and redis.call('HEXISTS', line .. ':reservations', number) == 1
    lapsed[#lapsed + 1] = number
    lapsed[#lapsed + 1] = (spent and 's' or 'l') .. old[i]:sub(2)
  end
  redis.call('HSET', GRANTS, unpack(lapsed))
end

-- Turns not taken and grants not used.
local function lapse(event)
  local turns = redis.call('ZRANGE', TURNS, '-inf', event.at, 'BYSCORE', 'LIMIT', 0, SLICE)
  if #turns > 0 then
    redis.call('ZREM', TURNS, unpack(turns))
    expire(turns)
  end
  lapse_grants(DUE, event.at)
  -- A claim is settled within a request's time; one that was not belongs to a gateway that died over it.
  lapse_grants(CLAIMS, event.at - CLAIM_LIFE)
end

local function outstanding()
  return redis.call('ZCARD', TURNS) + redis.call('ZCARD', DUE) + redis.call('ZCARD', CLAIMS)
end

-- Those of the numbers that wait are given their turns.
local function call_up(event, numbers, turn_ttl)
  redis.call('ZREM', SEEN, unpack(numbers))
  unlist(event, numbers)
  local deadline = event.at + turn_ttl
  local scored = {}
  for _, number in ipairs(numbers) do
    scored[#scored + 1] = deadline
    scored[#scored + 1] = number
  end
  redis.call('ZADD', TURNS, unpack(scored))
end

-- The absent. But when nobody has ticked for long, as after an outage, nobody could be heard either: then everybody gets
-- the time of a heartbeat to be heard again before anyone is taken for gone. Gives the time from when on that is done.
local function sweep(event, watch_from)
  if event.now - event.ticked > event.beat_ttl * 1000 / 3 then watch_from = event.now + event.beat_ttl * 1000 end
  if event.now < watch_from then return watch_from end
  local absent = redis.call('ZRANGE', SEEN, '-inf', event.at - event.beat_ttl, 'BYSCORE', 'LIMIT', 0, SLICE)
  if #absent > 0 then
    redis.call('ZREM', SEEN, unpack(absent))
    unlist(event, absent)
    redis.call('RPUSH', DEPARTURES, unpack(absent))
    expire(absent)
  end
  return watch_from
end

-- Past a stretch of numbers that were never given. Gives the last number before the next one.
local function past_holes(event, holes)
  local last = math.huge
  for from, to in holes:gmatch('(%d+)-(%d+) ') do
    from, to = tonumber(from), tonumber(to)
    if event.head >= from and event.head < to then
      event.head = to
    elseif from > event.head then
      last = math.min(last, from)
    end
  end
  return last
end

-- After a failover: what a gateway knew of the line before, which this server may not. ARGV[2] to [4]: the last number and
-- the watermark that it knows, and how many failovers it knows of. Numbers it knows to be given are no hole any more; who
-- had been called, as it knows, is called.
local function recall(event, holes, turn_ttl)
  local last, head = tonumber(ARGV[2]), tonumber(ARGV[3])
  if tonumber(ARGV[4]) >= event.failovers then return holes end
  holes = given_upto(last)
  local from = event.head
  while event.head < math.min(head, event.next) do
    local at = event.head
    past_holes(event, holes)
    if event.head > head then -- not to be passed before the gateways have told who is in there
      event.head = at
      break
    end
    local upto = math.min(event.head + 100, head)
    local numbers = {}
    for number = event.head + 1, upto do numbers[#numbers + 1] = number end
    event.head = upto
    if event.mode ~= 'spread' and #numbers > 0 then
      local seen = redis.call('ZMSCORE', SEEN, unpack(numbers))
      local called = {}
      for i, number in ipairs(numbers) do
        if seen[i] then called[#called + 1] = number end
      end
      if #called > 0 then call_up(event, called, turn_ttl) end
    end
  end
  if event.head > from and redis.call('HEXISTS', line, 'journal') == 1 then -- see tick.lua
    redis.call('RPUSH', line .. ':admissions', string.format('k %.0f %d %d', event.now, from + 1, event.head))
  end
  return holes
end
