-- A bounded slice of what time brings to the event's own key of a spread line: the watermark moves on as far as the token
-- bucket and the seats allow. A number is charged when the watermark passes it; who turns out, once every bucket has come
-- as far, not to have waited any more is given back. Whoever has left is known by what the buckets told, and is passed
-- without a charge. Any gateway may run it at any time, with reports of any age: older ones only make it more careful, since
-- what a bucket has called stays charged until a report says what became of it.
-- KEYS: the event. ARGV: time, what the gateway knows (as recall() reads it), then for each bucket: watermark passed ('' when
-- it was not heard), called ever, outstanding, waiting, microsecond of its last calls, first departure told, how many; then
-- all departures in that order.
-- Result: {101 and what spread_answer() tells, microseconds since the tick before, whether anything is left to wait for, for
-- each bucket the departures known}, or {100}. O(buckets + slice).
-- A journal, as tick.lua keeps one: 'a microsecond charged first last' of the numbers that the watermark passed, 'g
-- microsecond given' of what was given back (or, below 0, charged belatedly). The calls themselves are the buckets' to note.
local AWAY = line .. ':away' -- a bit for each number whose ticket left ahead of its turn
local event, v = load_event('free', 'holes', 'charged', 'recovers', 'journal')
if not event then return {R_NO_EVENT} end
if event.mode ~= 'spread' then return {R_NO_EVENT} end
local since = event.now - event.ticked
local holes, charged = v[16] or '', tonumber(v[17] or 0)
if event.failovers > 0 then holes = recall(event, redis.call('HGET', line, 'holes'), 0) end

local names = {}
for bucket = 0, event.stride - 1 do
  names[#names + 1] = 'report' .. bucket
  names[#names + 1] = 'left' .. bucket
end
local stored = redis.call('HMGET', line, unpack(names))
local changes, known_left = {}, {}
local called, busy, waiting, everywhere = 0, 0, 0, true
local next_departure = 5 + event.stride * 7
local new_calls = {}
for bucket = 0, event.stride - 1 do
  local at = 5 + bucket * 7
  local passed, report = ARGV[at], stored[bucket * 2 + 1] or '0 0 0 0'
  local left = tonumber(stored[bucket * 2 + 2] or 0)
  local heard = passed ~= ''
  -- As far as any report has told; one that a gateway of an earlier version wrote has four numbers.
  local most_called = tonumber(report:match('%d+ %d+ %d+ %d+ (%d+)') or report:match('%d+ (%d+)'))
  if heard then
    local most = string.format(' %.0f', math.max(most_called, tonumber(ARGV[at + 1])))
    report = passed .. ' ' .. ARGV[at + 1] .. ' ' .. ARGV[at + 2] .. ' ' .. ARGV[at + 3] .. most
    changes[#changes + 1] = 'report' .. bucket
    changes[#changes + 1] = report
  end
  local from, count = tonumber(ARGV[at + 5]), tonumber(ARGV[at + 6])
  if from <= left and from + count > left then
    local new = {}
    for i = left - from, count - 1 do
      local number = ARGV[next_departure + i]
      new[#new + 1] = number
      redis.call('SETBIT', AWAY, number, 1)
    end
    redis.call('RPUSH', DEPARTURES, unpack(new))
    left = from + count
    changes[#changes + 1] = 'left' .. bucket
    changes[#changes + 1] = left
  end
  next_departure = next_departure + count
  known_left[#known_left + 1] = left
  local p, c, o, w = report:match('(%d+) (%d+) (%d+) (%d+)')
  if not heard or tonumber(p) < event.head then everywhere = false end
  if heard and tonumber(c) > most_called then
    new_calls[#new_calls + 1] = {math.min(tonumber(ARGV[at + 4]), event.now), tonumber(c) - most_called}
  end
  called, busy, waiting = called + tonumber(c), busy + tonumber(o), waiting + tonumber(w)
end
if #changes > 0 then redis.call('HSET', line, unpack(changes)) end

refill(event)
-- What is charged and not called yet may be called at any moment, and a bucket that was away calls late: no more is charged
-- than the bucket of the calls has left beside it.
table.sort(new_calls, function(a, b) return a[1] < b[1] end)
for _, some in ipairs(new_calls) do
  grow_calls(event, some[1])
  event.calls = event.calls - some[2] * MICRO
end
grow_calls(event, event.now)
event.credit = math.min(event.credit, math.max(0, event.calls - math.max(0, charged - called) * MICRO))
if everywhere or charged < called then
  event.credit = math.min(event.credit + (charged - called) * MICRO, event.capacity, math.max(0, event.calls))
  if v[19] and charged ~= called then
    redis.call('RPUSH', line .. ':admissions', string.format('g %.0f %d', event.now, charged - called))
  end
  charged = called
end

local recovers = tonumber(event.failovers > 0 and redis.call('HGET', line, 'recovers') or 0)
if not event.sold and not event.paused and event.now >= event.opens and event.now >= recovers then
  local places = tonumber(v[15]) - busy - (charged - called)
  local wanted = math.min(math.floor(event.credit / MICRO), places, SLICE)
  local taken, walked, from = 0, 0, event.head
  while taken < wanted and event.head < event.next and walked < 4 * SLICE do
    local last = past_holes(event, holes)
    local first = event.head + 1
    local byte = math.floor(first / 8)
    local bits = redis.call('GETRANGE', AWAY, byte, byte + 63)
    for number = first, math.min(byte * 8 + 511, event.next, last) do
      if taken == wanted then break end
      walked = walked + 1
      event.head = number
      local of = bits:byte(math.floor(number / 8) - byte + 1) or 0
      if math.floor(of / 2 ^ (7 - number % 8)) % 2 == 0 then taken = taken + 1 end
    end
  end
  event.credit = event.credit - taken * MICRO
  charged = charged + taken
  if v[19] and event.head > from then
    redis.call('RPUSH', line .. ':admissions', string.format('a %.0f %d %d %d', event.now, taken, from + 1, event.head))
  end
end
local active = (waiting > 0 or busy > 0) and not event.sold
redis.call('HSET', line, 'head', event.head, 'charged', charged, 'credit', event.credit, 'calls', event.calls,
  'calls_at', event.calls_at, 'rest', event.rest, 'credited', event.credited, 'ticked', event.now,
  active and 'touched' or 'ticked', event.now)
local reply = spread_answer(event, 0)
reply[#reply + 1] = since
reply[#reply + 1] = (active or event.head < event.next and not event.sold) and 1 or 0
for _, left in ipairs(known_left) do reply[#reply + 1] = left end
return reply
