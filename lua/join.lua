-- A user joins the line. One who is in it, or in, keeps the ticket they have; one who left or lapsed starts again at the
-- end.
-- KEYS: the event. ARGV: time, user (16 bytes), event id. Result: as answer(), or {outcome}; 100 when there is no event.
-- O(1) and O(log n) for the heartbeat, with the index strategy for that too.
local event, v = load_event('id', 'draining', 'max')
if not event then return {R_NO_EVENT} end
if v[11] ~= ARGV[3] then return {R_OVERLOADED} end

local number = event.next + 1
local open = not event.sold and v[12] ~= '1' and event.next < tonumber(v[13])
-- The usual join is a new user's: one command asks and answers.
local new = open and redis.call('HSETNX', USERS, ARGV[2], number) == 1
local held = not new and tonumber(redis.call('HGET', USERS, ARGV[2]) or 0) or 0
if held > 0 then
  local state, until_ms = state_of(held)
  if state ~= LEFT and state ~= EXPIRED then
    if state == WAITING then redis.call('ZADD', SEEN, 'XX', event.at, held) end
    return answer(event, R_OK, state, held, until_ms)
  end
end
if event.sold then
  redis.call('HINCRBY', line, 'refused', 1)
  return {R_SOLD_OUT}
end
if v[12] == '1' then return {R_CLOSED} end
if not open then return {R_OVERLOADED} end

event.next = number
redis.call('HSET', line, 'next', number)
if not new then redis.call('HSET', USERS, ARGV[2], number) end
redis.call('SETRANGE', record_key(number), ((number - 1) % BLOCK) * RECORD, ARGV[2] .. struct.pack('>I4', event.at))
redis.call('ZADD', SEEN, event.at, number)
if event.mode == 'index' then
  redis.call('ZADD', INDEX, number, number)
elseif event.mode == 'keys' then
  redis.call('SET', line .. ':user:' .. number, ARGV[2])
end
return answer(event, R_OK, WAITING, number, 0, ARGV[2], event.at)
