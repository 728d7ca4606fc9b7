-- How it stands with a ticket; counts as its heartbeat.
-- KEYS: the event. ARGV: time, number, epoch. Result: as answer(), or {1} when there is no such ticket.
-- O(log n); O(every key of the server) with the strategy "keys", which is there to show what that does.
local event, number = load_ticket()
if not event then return number end
local state, until_ms = state_of(number)
if state == WAITING then redis.call('ZADD', SEEN, 'XX', event.at, number) end
return answer(event, R_OK, state, number, until_ms)
