-- How it stands with a ticket; counts as its heartbeat, when that is due.
-- KEYS: the event. ARGV: time, number, epoch. Result: as answer(), and whether its grant has made a reservation; or {1} when
-- there is no such ticket.
-- O(log n); O(every key of the server) with the strategy "keys", which is there to show what that does.
local event, number = load_ticket()
if not event then return number end
local state, until_ms, heard = state_of(number)
if state == WAITING then hear(event, number, heard) end
local seen, reserved = seen_by_user(event, state, until_ms, heard)
local reply = answer(event, R_OK, seen, number, until_ms)
reply[#reply + 1] = reserved
return reply
