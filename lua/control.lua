-- An operator's change to one event. A change of the rate first credits the time before it at the old rate.
-- KEYS: the event. ARGV: time, then rate (millionths a second), burst, paused, draining; '' leaves one as it is.
-- Result: {0}, or {100} when there is no event. O(1).
local event = load_event()
if not event then return {R_NO_EVENT} end
if ARGV[2] ~= '' or ARGV[3] ~= '' then
  refill(event)
  grow_calls(event, event.now)
  if ARGV[2] ~= '' then redis.call('HSET', line, 'rate', ARGV[2]) end
  if ARGV[3] ~= '' then
    redis.call('HSET', line, 'burst', ARGV[3])
    event.credit = math.min(event.credit, tonumber(ARGV[3]) * MICRO)
    event.calls = math.min(event.calls, tonumber(ARGV[3]) * MICRO)
  end
  redis.call('HSET', line, 'credit', event.credit, 'calls', event.calls, 'calls_at', event.calls_at, 'rest', event.rest,
    'credited', event.credited)
  local v = redis.call('HMGET', line, 'journal', 'rate', 'burst')
  if v[1] then -- see tick.lua
    redis.call('RPUSH', line .. ':admissions', string.format('r %.0f %s %s', event.now, v[2], v[3]))
  end
end
redis.call('HSET', line, 'touched', event.now)
if ARGV[4] ~= '' then redis.call('HSET', line, 'paused', ARGV[4]) end
if ARGV[5] ~= '' then redis.call('HSET', line, 'draining', ARGV[5]) end
return {R_OK}
