-- A user joins the line. One who is in it, or in, keeps the ticket they have; one who left or lapsed, or whose grant has
-- lapsed unused, starts again at the end.
-- KEYS: the event. ARGV: time, user (16 bytes), event id, and of a spread event the number that this user has and that has
-- come to nothing (0: none). Result: as answer(), or {outcome}; 100 when there is no event; 101 and what spread_answer()
-- tells when the ticket has still to arrive in its bucket.
-- O(1) and O(log n) for the heartbeat, with the index strategy for that too.
local event, v = load_event('id', 'draining', 'max')
if not event then return {R_NO_EVENT} end
if v[15] ~= ARGV[3] then return {R_OVERLOADED} end

local number = event.next + 1
local open = not event.sold and v[16] ~= '1' and event.next - GAP * event.failovers < tonumber(v[17])
-- The usual join is a new user's: one command asks and answers.
local new = open and redis.call('HSETNX', USERS, ARGV[2], number) == 1
local held = not new and tonumber(redis.call('HGET', USERS, ARGV[2]) or 0) or 0
if event.mode == 'spread' then
  if held > 0 and held ~= tonumber(ARGV[4]) then return spread_answer(event, held) end
elseif held > 0 then
  local state, until_ms, grant = state_of(held)
  if not is_over(event, state, until_ms, grant) then
    if state == WAITING then redis.call('ZADD', SEEN, 'XX', event.at, held) end
    return answer(event, R_OK, state, held, until_ms)
  end
end
if event.sold then
  redis.call('HINCRBY', line, 'refused', 1)
  return {R_SOLD_OUT}
end
if v[16] == '1' then return {R_CLOSED} end
if not open then return {R_OVERLOADED} end

event.next = number
redis.call('HSET', line, 'next', number, 'touched', event.now)
if not new then redis.call('HSET', USERS, ARGV[2], number) end
if event.mode == 'spread' then return spread_answer(event, number) end
write_record(event, number, ARGV[2])
redis.call('ZADD', SEEN, event.at, number)
if event.mode == 'index' then
  redis.call('ZADD', INDEX, number, number)
elseif event.mode == 'keys' then
  redis.call('SET', line .. ':user:' .. number, ARGV[2])
end
return answer(event, R_OK, WAITING, number, 0, ARGV[2], event.at)
