-- How it stands with a ticket, asked of a replica while its primary is away: nothing is written, so that this is no heartbeat,
-- and the answer may be old.
-- KEYS: the event. ARGV: time, number, epoch. Result: as answer(), or {1} when this server does not know the ticket.
-- O(log n).
reads_only = true
local event = load_event()
if not event or event.epoch ~= tonumber(ARGV[3]) or event.mode == 'spread' then return {R_NOT_FOUND} end
local number = tonumber(ARGV[2])
local user, joined = record_of(event, number)
if number < 1 or user == '' then return {R_NOT_FOUND} end
local state, until_ms = state_of(number)
return answer(event, R_OK, state, number, until_ms, user, joined)
