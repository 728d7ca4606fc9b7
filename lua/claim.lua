-- Holds a grant for one attempt to reserve.
-- KEYS: the event. ARGV: time, number, epoch. Result: as answer(), or {1}. O(log n).
local event, number = load_ticket()
if not event then return number end
local state, until_ms, grant = state_of(number)
local outcome = R_EXPIRED
if state == ENTERED then
  if grant == 'u' and event.at < until_ms then
    redis.call('HSET', GRANTS, number, 'c:' .. until_ms)
    redis.call('ZREM', DUE, number)
    redis.call('ZADD', CLAIMS, event.at, number)
    outcome = R_OK
  elseif grant == 'c' then
    outcome = R_IN_FLIGHT
  elseif grant == 's' then
    outcome = R_SPENT
  end
end
return answer(event, outcome, state, number, until_ms)
