-- A bounded slice of what time brings: frees the seats of holds that ran out, forgets what was released long ago. Any
-- gateway may run it at any time.
-- KEYS: the event. ARGV: time, the most reservations to look at. Result: {0, milliseconds until the next is due or -1},
-- or {4} when there is no event. O(m log n).
local event = load_event()
if not event then return {NOT_FOUND} end
local released = false
for _, number in ipairs(redis.call('ZRANGE', HOLDS, '-inf', event.now, 'BYSCORE', 'LIMIT', 0, tonumber(ARGV[2]))) do
  local r = reservation_of(number)
  if r and r.state == 'h' then
    release(event, number, r)
    released = true
  else
    redis.call('ZREM', HOLDS, number)
    if r and r.state == 'r' then
      redis.call('HDEL', RESERVATIONS, number)
      redis.call('HDEL', PAYMENTS, number)
    end
  end
end
if released then count(event) end
local due = redis.call('ZRANGE', HOLDS, 0, 0, 'WITHSCORES')
return {OK, due[2] and math.max(0, tonumber(due[2]) - event.now) or -1}
