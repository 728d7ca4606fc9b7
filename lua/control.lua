-- An operator's change to one event. A change of the rate first credits the time before it at the old rate.
-- KEYS: the event. ARGV: time, then rate (millionths a second), burst, paused, draining; '' leaves one as it is.
-- Result: {0}, or {100} when there is no event. O(1).
local terms = redis.call('GET', line .. ':terms')
if terms and (ARGV[2] ~= '' or ARGV[3] ~= '') then -- see terms.lua
  local seats, rate, burst, rest = terms:match('^(%d+)|(%d+)|(%d+)|(.*)$')
  if ARGV[2] ~= '' then rate = ARGV[2] end
  if ARGV[3] ~= '' then burst = ARGV[3] end
  redis.call('SET', line .. ':terms', table.concat({seats, rate, burst, rest}, '|'))
end
local event = load_event()
if not event then return {R_NO_EVENT} end
if ARGV[2] ~= '' or ARGV[3] ~= '' then change_pace(event, ARGV[2], ARGV[3]) end
redis.call('HSET', line, 'touched', event.now)
if ARGV[4] ~= '' then redis.call('HSET', line, 'paused', ARGV[4]) end
if ARGV[5] ~= '' then redis.call('HSET', line, 'draining', ARGV[5]) end
return {R_OK}
