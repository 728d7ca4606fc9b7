-- A user joins the line. One who is in it, or in, keeps the ticket they have, and gets it again for proving to be that user: a
-- name is not a proof. One who left or lapsed, whose grant has lapsed unused or whose reservation has come to nothing, starts
-- again at the end.
-- KEYS: the event. ARGV: time, user (16 bytes), event id, the number of this user that has come to nothing (0: none; in a line in
-- one slot only one whose grant is spent can have), and what proves() of the prelude reads: proof (8 bytes), shown, proven.
-- Result: as answer(), and whether the ticket's grant has made a reservation; or {outcome}; {10, that, number, epoch} for a
-- ticket in line of which the join proves nothing; 100 when there is no event; 101 and what spread_answer() tells when the ticket has still to
-- arrive in its bucket.
-- O(1) and O(log n) for the heartbeat, with the index strategy for that too.
local event, v = load_event('id', 'draining', 'max')
if not event then return {R_NO_EVENT} end
if v[15] ~= ARGV[3] then return {R_OVERLOADED} end

local number = event.next + 1
local open = not event.sold and v[16] ~= '1' and event.next - GAP * event.failovers < tonumber(v[17])
-- The usual join is a new user's: one command asks and answers.
local new = open and redis.call('HSETNX', USERS, ARGV[2], number) == 1
local held = not new and tonumber(redis.call('HGET', USERS, ARGV[2]) or 0) or 0
local over = tonumber(ARGV[4])
if event.mode == 'spread' then
  if held > 0 and held ~= over then return spread_answer(event, held) end
elseif held > 0 then
  local state, until_ms, grant = state_of(held)
  local spent = state == ENTERED and grant == 's'
  if not is_over(event, state, until_ms, grant) and not (spent and held == over) then
    local user, joined, recorded = record_of(event, held)
    if not proves(event, held, recorded, ARGV[5], ARGV[6], ARGV[7]) then
      if shown(event, state) ~= SOLD_OUT then return {R_IN_LINE, spent and 1 or 0, held, event.epoch} end
      redis.call('HINCRBY', line, 'refused', 1)
      return {R_SOLD_OUT}
    end
    if state == WAITING then redis.call('ZADD', SEEN, 'XX', event.at, held) end
    local reply = answer(event, R_OK, state, held, until_ms, user, joined)
    reply[#reply + 1] = spent and 1 or 0
    return reply
  end
end
if event.sold then
  redis.call('HINCRBY', line, 'refused', 1)
  return {R_SOLD_OUT}
end
if v[16] == '1' then return {R_CLOSED} end
if not open then return {R_CLOSED} end -- as many tickets as it may give, ever

event.next = number
redis.call('HSET', line, 'next', number, 'touched', event.now)
if not new then redis.call('HSET', USERS, ARGV[2], number) end
if event.mode == 'spread' then return spread_answer(event, number) end
write_record(event, number, ARGV[2], ARGV[5])
redis.call('ZADD', SEEN, event.at, number)
if event.mode == 'index' then
  redis.call('ZADD', INDEX, number, number)
elseif event.mode == 'keys' then
  redis.call('SET', line .. ':user:' .. number, ARGV[2])
end
return answer(event, R_OK, WAITING, number, 0, ARGV[2], event.at)
