-- Forgets an event that is over: nobody waits, has a turn, a grant that may be used or a held seat, or all is sold; and
-- nothing has happened for long enough by this server's clock. What is begun here is irrevocable: from then on the event
-- is none, for whoever asks, while any gateway takes its keys away in bounded slices.
-- KEYS: the event. ARGV: time, microseconds without anything (a whole number), 1 when its buckets are gone, and why: 'over' as
-- above; 'unused' an operator withdraws it, and it goes if nobody is in it and no seat is sold, however lately; 'force' whatever
-- is in it; 'room' it is to make room for another, and goes if nobody is in it or nobody has come back to it.
-- Result: {0, 0} it is not over; {0, 1} there is more of it, ask again; {0, 2, buckets, epoch} the buckets are to be
-- forgotten first; {0, 3} it is gone; {100} there is none. O(slice).
--
-- The field 'forgetting', alone in the event's hash meanwhile: epoch, buckets, strategy of positions, numbers whose blocks
-- are still there.
local function is_over(event, free_of_holds)
  if event.sold then return true end
  if not free_of_holds or redis.call('EXISTS', SEEN, TURNS, DUE, CLAIMS) > 0 then return false end
  if event.mode ~= 'spread' then return true end
  for bucket = 0, event.stride - 1 do
    local report = redis.call('HGET', line, 'report' .. bucket) or '0 0 0 0'
    local busy, waiting = report:match('%d+ %d+ (%d+) (%d+)')
    if tonumber(busy) + tonumber(waiting) > 0 then return false end
  end
  return true
end

-- Of a name that somebody made up: each of its few users has joined, and nothing since.
-- Gateways write what they have heard a third of a heartbeat's time late.
local FEW = 16
local function never_asked_about(event)
  if event.mode == 'spread' or event.next > FEW or event.at < event.beat_ttl / 2 then return false end
  if redis.call('EXISTS', GONE, GRANTS) > 0 then return false end
  for number = 1, event.next do
    local heard = redis.call('ZSCORE', SEEN, number)
    local _, joined = record_of(event, number)
    if heard and tonumber(heard) > joined then return false end
  end
  return true
end

local function may_go(event, touched, held, sold_seats)
  local why = ARGV[4]
  if why == 'force' then return true end
  if why == 'over' then
    local quiet = event.now - touched >= tonumber(ARGV[2]) and event.now >= event.opens
    return quiet and is_over(event, held == 0)
  end
  local sold = event.sold
  event.sold = false
  -- The buckets of a line tell now and then who is in them: a number that the watermark has not passed may wait, but for
  -- those that are known to have left.
  local all_passed = event.mode ~= 'spread' or event.head >= event.next or
    event.next - event.head <= redis.call('BITCOUNT', line .. ':away', event.head + 1, event.next, 'BIT')
  local empty = held == 0 and sold_seats == 0 and (sold or all_passed and is_over(event, true))
  event.sold = sold
  return empty or why == 'room' and held == 0 and sold_seats == 0 and never_asked_about(event)
end

local function unlink(prefix, first, last)
  local keys = {}
  for i = first, last do keys[#keys + 1] = prefix .. i end
  if #keys > 0 then redis.call('UNLINK', unpack(keys)) end
end

local forgetting = redis.call('HGET', line, 'forgetting')
if not forgetting then
  local withdrawn = ARGV[4] == 'force' or ARGV[4] == 'unused'
  local event, v = load_event('touched', 'held', 'sold_seats')
  if not event then
    if withdrawn then redis.call('DEL', line .. ':terms') end
    return {R_NO_EVENT}
  end
  if not v[15] then -- made before anything was forgotten
    redis.call('HSET', line, 'touched', event.now)
    return {R_OK, 0}
  end
  if not may_go(event, tonumber(v[15]), tonumber(v[16] or 0), tonumber(v[17] or 0)) then return {R_OK, 0} end
  redis.call('UNLINK', line, SEEN, TURNS, GONE, GRANTS, DUE, CLAIMS, DEPARTURES, INDEX, USERS, line .. ':away',
    line .. ':admissions', line .. ':seats', line .. ':back', line .. ':reservations', line .. ':holds',
    line .. ':payments')
  if withdrawn then redis.call('DEL', line .. ':terms') end
  forgetting = string.format('%.0f %d %s %.0f', event.epoch, event.stride, event.mode, event.next)
  redis.call('HSET', line, 'forgetting', forgetting)
end

local epoch, buckets, mode, left = forgetting:match('(%d+) (%d+) (%a+) (%d+)')
left = tonumber(left)
if mode == 'spread' then
  if ARGV[3] ~= '1' then return {R_OK, 2, tonumber(buckets), tonumber(epoch)} end
  left = 0
else
  local width = mode == 'keys' and SLICE or SLICE * BLOCK -- numbers
  local from = math.max(0, left - width)
  unlink(line .. ':t:', math.floor(from / BLOCK), math.floor(left / BLOCK))
  if mode == 'keys' then unlink(line .. ':user:', from + 1, left) end
  left = from
end
if left == 0 then
  redis.call('UNLINK', line)
  return {R_OK, 3}
end
redis.call('HSET', line, 'forgetting', string.format('%s %s %s %.0f', epoch, buckets, mode, left))
return {R_OK, 1}
