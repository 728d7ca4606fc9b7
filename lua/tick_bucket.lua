-- A bounded slice of what time brings to one bucket of a spread line: lapsed turns and grants, the turns of those whom the
-- event's watermark has passed, the absent. Any gateway may run it at any time.
-- KEYS: the bucket. ARGV: time, the seven of open_bucket(), watermark, micro-tickets admitted a second, sold out, first
-- departure to tell. Result: {0, watermark passed, called ever, outstanding, waiting, failovers,
-- microsecond of the last calls, departures...}, or {100} when the bucket is of a later life.
-- O(slice x log n), and O(numbers the watermark has passed), by the block where nobody is.
local event, v = open_bucket(false)
if not event then return {R_NO_EVENT} end
local head, sold = tonumber(ARGV[9]), ARGV[11]
local called, called_at = tonumber(v[15]), tonumber(v[19] or 0)
if not event.sold then
  lapse(event)
  -- Of this bucket, above what it has passed.
  local mine = (tonumber(KEYS[1]:match('%.(%x+)}$'), 16)) + 1
  local walked = 0
  while event.head < head and walked < SLICE do
    local numbers = {}
    local number = event.head + 1
    number = number + (mine - number) % event.stride
    if redis.call('EXISTS', (place_of(event, number))) == 0 then
      -- Nobody is in this block, as in what a failover left out: on to the next.
      local block = math.floor((number - 1) / event.stride / BLOCK)
      event.head = math.min(head, (block + 1) * BLOCK * event.stride)
      walked = walked + 10
    else
      while number <= head and #numbers < 100 do
        numbers[#numbers + 1] = number
        number = number + event.stride
      end
      walked = walked + #numbers
      event.head = #numbers == 100 and numbers[100] or head
    end
    local waits = {}
    if #numbers > 0 then
      local seen = redis.call('ZMSCORE', SEEN, unpack(numbers))
      for i, one in ipairs(numbers) do
        if seen[i] then waits[#waits + 1] = one end
      end
    end
    if #waits > 0 then
      call_up(event, waits, tonumber(v[17]))
      called, called_at = called + #waits, event.now
      if v[18] then -- see tick.lua
        redis.call('RPUSH', line .. ':admissions', string.format('a %.0f %d %d %d', event.now, #waits, waits[1], waits[#waits]))
      end
    end
  end
end
local watch_from = tonumber(v[16] or 0)
if not event.sold then watch_from = sweep(event, watch_from) end
redis.call('HSET', line, 'head', event.head, 'called', called, 'called_at', called_at, 'rate', ARGV[10], 'sold', sold,
  'opens', ARGV[4], 'ticked', event.now, 'watch_from', watch_from)
if expired > 0 then redis.call('HINCRBY', line, 'expired', expired) end
local reply = {R_OK, event.head, called, outstanding(), redis.call('ZCARD', SEEN), event.failovers, called_at}
local from = tonumber(ARGV[12])
for _, number in ipairs(redis.call('LRANGE', DEPARTURES, from, from + SLICE - 1)) do reply[#reply + 1] = number end
return reply
