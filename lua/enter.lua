-- A user whose turn it is enters: exactly one grant per ticket, and a replay gets the same one with the same end.
-- KEYS: the event. ARGV: time, number, epoch, whether the gateway knows the event to be sold out. Result: as answer(), and whether
-- the grant has made a reservation; or {1}. O(log n).
local event, number = load_ticket()
if not event then return number end
event.sold = event.sold or ARGV[4] == '1'
local state, until_ms, grant = state_of(number)
if state == READY and not event.sold then
  redis.call('ZREM', TURNS, number)
  if event.at >= until_ms then -- the turn has passed, whether or not the tick has seen it
    redis.call('HSET', GONE, number, 'E')
    redis.call('HINCRBY', line, 'expired', 1)
    state = EXPIRED
  else
    until_ms = event.at + tonumber(redis.call('HGET', line, 'grant_ttl'))
    grant = 'u'
    redis.call('HSET', GRANTS, number, 'u:' .. until_ms)
    redis.call('ZADD', DUE, until_ms, number)
    redis.call('HINCRBY', line, 'entered', 1)
    state = ENTERED
  end
end
local status = shown(event, state)
local outcome = R_EXPIRED
if status == ENTERED then
  -- One that is used, or being used, is its reservation's: it does not lapse.
  local lapsed = grant == 'l' or grant == 'u' and event.at >= until_ms
  outcome = lapsed and R_EXPIRED or R_OK
elseif status == WAITING then
  outcome = R_NOT_READY
elseif status == SOLD_OUT then
  outcome = R_SOLD_OUT
end
local seen, reserved = seen_by_user(event, state, until_ms, grant)
local reply = answer(event, outcome, seen, number, until_ms)
reply[#reply + 1] = reserved
return reply
