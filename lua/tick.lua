-- A bounded slice of what time brings to a line in one slot: lapsed turns and grants, admissions, the absent. Any gateway
-- may run it at any time; running it more often never admits more.
-- KEYS: the event. ARGV: time, and what the gateway knows (as recall() reads it). Result: {0, last ticket, watermark, sold
-- out, whether anything is left to wait for, microseconds since the tick before, failovers}; 101 and what spread_answer()
-- tells for a line in buckets, or {100}. O(slice x log n).
-- An event whose field 'journal' is set, as tests do, keeps a list :admissions: 'a microsecond admitted first last' here, 'f
-- microsecond failovers last' when this is found to be another server, 'k microsecond first last' of numbers that a gateway
-- knew to be passed before that. A bucket whose own hash has the field does so too.
local event, v = load_event('free', 'turn_ttl', 'watch_from', 'holes', 'recovers', 'journal')
if not event then return {R_NO_EVENT} end
if event.mode == 'spread' then return spread_answer(event, 0) end
local since = event.now - event.ticked
if event.sold then
  redis.call('HSET', line, 'ticked', event.now)
  return {R_OK, event.next, event.head, 1, 0, since, event.failovers}
end
local turn_ttl, holes = tonumber(v[16]), v[18] or ''
if event.failovers > 0 then holes = recall(event, redis.call('HGET', line, 'holes'), turn_ttl) end

lapse(event)
local waiting = redis.call('ZCARD', SEEN)
refill(event)

-- Who is next: the watermark walks over the numbers, each passed once in the event's life.
local function next_in_line(wanted)
  local called = {}
  local walked = 0
  while #called < wanted and event.head < event.next and walked < 4 * SLICE do
    if holes ~= '' then past_holes(event, holes) end
    local upto = math.min(event.head + 100, event.next)
    local numbers = {}
    for number = event.head + 1, upto do numbers[#numbers + 1] = number end
    walked = walked + #numbers
    if #numbers == 0 then break end
    local seen = redis.call('ZMSCORE', SEEN, unpack(numbers))
    for i, number in ipairs(numbers) do
      if #called == wanted then break end
      event.head = number
      if seen[i] then called[#called + 1] = number end
    end
  end
  return called
end

local recovers = tonumber(event.failovers > 0 and redis.call('HGET', line, 'recovers') or 0)
if not event.paused and event.now >= event.opens and event.now >= recovers and waiting > 0 then
  local places = tonumber(v[15]) - outstanding()
  local wanted = math.min(math.floor(event.credit / MICRO), waiting, places, SLICE)
  if wanted > 0 then
    local called = next_in_line(wanted)
    if #called > 0 then
      event.credit = event.credit - #called * MICRO
      call_up(event, called, turn_ttl)
      redis.call('HINCRBY', line, 'admitted', #called)
      if v[20] then
        redis.call('RPUSH', line .. ':admissions',
          string.format('a %.0f %d %d %d', event.now, #called, called[1], called[#called]))
      end
    end
  end
end

local watch_from = sweep(event, tonumber(v[17] or 0))
local active = waiting > 0 or outstanding() > 0
redis.call('HSET', line, 'head', event.head, 'credit', event.credit, 'rest', event.rest, 'credited', event.credited,
  'ticked', event.now, 'watch_from', watch_from, active and 'touched' or 'ticked', event.now)
if expired > 0 then redis.call('HINCRBY', line, 'expired', expired) end
return {R_OK, event.next, event.head, 0, active and 1 or 0, since, event.failovers}
