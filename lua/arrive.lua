-- A ticket that the event's own key has numbered takes its place in its bucket; or, there already, is asked for.
-- KEYS: the bucket. ARGV: time, the seven of open_bucket(), number, user (16 bytes), proof (8 bytes), shown, proven.
-- Result: as join.lua's; its outcome is 3 when the number has come to nothing - the user left, it or its grant has lapsed, or the watermark passed it before it
-- arrived - and the user needs another. O(log n).
local event = open_bucket(true)
local number, user = tonumber(ARGV[9]), ARGV[10]
local owner, joined, recorded = record_of(event, number)
if owner == '' then
  if number <= event.head then return {R_EXPIRED} end
  write_record(event, number, user, ARGV[11])
  redis.call('ZADD', SEEN, event.at, number)
  redis.call('HINCRBY', line, 'arrived', 1)
  event.next = math.max(event.next, number)
  redis.call('HSET', line, 'next', event.next)
  return answer(event, R_OK, WAITING, number, 0, user, event.at)
end
if owner == NOBODY then
  local key, from = place_of(event, number)
  redis.call('SETRANGE', key, from, user .. ARGV[11])
  recorded = ARGV[11]
elseif owner ~= user then
  return {R_EXPIRED}
end
local state, until_ms, grant = state_of(number)
if is_over(event, state, until_ms, grant) then return {R_EXPIRED} end
local spent = state == ENTERED and grant == 's'
if owner ~= NOBODY and not proves(event, number, recorded, ARGV[11], ARGV[12], ARGV[13]) then
  if shown(event, state) == SOLD_OUT then return {R_SOLD_OUT} end
  return {R_IN_LINE, spent and 1 or 0, number, event.epoch}
end
if state == WAITING then redis.call('ZADD', SEEN, 'XX', event.at, number) end
local reply = answer(event, R_OK, state, number, until_ms, user, joined)
reply[#reply + 1] = spent and 1 or 0
return reply
