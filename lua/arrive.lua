-- A ticket that the event's own key has numbered takes its place in its bucket; or, there already, is asked for.
-- KEYS: the bucket. ARGV: time, the seven of open_bucket(), number, user (16 bytes). Result: as answer(); its outcome is 3
-- when the number has come to nothing - the user left, it or its grant has lapsed, or the watermark passed it before it
-- arrived - and the user needs another. O(log n).
local event = open_bucket(true)
local number, user = tonumber(ARGV[9]), ARGV[10]
local owner, joined = record_of(event, number)
if owner == '' then
  if number <= event.head then return {R_EXPIRED} end
  write_record(event, number, user)
  redis.call('ZADD', SEEN, event.at, number)
  redis.call('HINCRBY', line, 'arrived', 1)
  event.next = math.max(event.next, number)
  redis.call('HSET', line, 'next', event.next)
  return answer(event, R_OK, WAITING, number, 0, user, event.at)
end
if owner == NOBODY then
  local key, from = place_of(event, number)
  redis.call('SETRANGE', key, from, user)
elseif owner ~= user then
  return {R_EXPIRED}
end
local state, until_ms, grant = state_of(number)
if is_over(event, state, until_ms, grant) then return {R_EXPIRED} end
if state == WAITING then redis.call('ZADD', SEEN, 'XX', event.at, number) end
return answer(event, R_OK, state, number, until_ms, user, joined)
