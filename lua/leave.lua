-- A user gives up the place, the turn, or the grant that was not used.
-- KEYS: the event. ARGV: time, number, epoch. Result: as answer(), and whether the grant has made a
-- reservation; or {1}. O(log n).
local event, number = load_ticket()
if not event then return number end
local state, until_ms, grant = state_of(number)
local had_grant = state == ENTERED and grant == 'u'
local outcome = R_OK
if state == WAITING or state == READY or had_grant then
  if state == WAITING then
    redis.call('ZREM', SEEN, number)
    unlist(event, {number})
    redis.call('RPUSH', DEPARTURES, number)
  elseif state == READY then
    redis.call('ZREM', TURNS, number)
  else
    redis.call('ZREM', DUE, number)
    redis.call('HSET', GRANTS, number, 'l:' .. until_ms)
    redis.call('HINCRBY', line, 'entered', -1)
  end
  redis.call('HSET', GONE, number, 'L')
  redis.call('HINCRBY', line, 'left', 1)
  state = LEFT
elseif state == EXPIRED then
  outcome = R_EXPIRED
elseif grant == 'l' then
  outcome = R_EXPIRED
elseif state == ENTERED then
  outcome = R_SPENT -- it has become a reservation: that is cancelled, not left
end
local reply = answer(event, outcome, state, number, until_ms)
reply[#reply + 1] = state == ENTERED and grant == 's' and 1 or 0
return reply
