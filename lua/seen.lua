-- Heartbeats that a gateway has gathered.
-- KEYS: the event. ARGV: time, epoch, numbers (1,000 at most). Result: {0, those of them that wait no longer...}, or {100}.
-- O(numbers x log n).
local event = load_event()
if not event or event.epoch ~= tonumber(ARGV[2]) then return {R_NO_EVENT} end
local scored = {}
for i = 3, #ARGV do
  scored[#scored + 1] = event.at
  scored[#scored + 1] = ARGV[i]
end
-- As many as were changed do wait, and usually that is all: then there is nothing to look for.
local reply = {R_OK}
if redis.call('ZADD', SEEN, 'XX', 'CH', unpack(scored)) == #ARGV - 2 then return reply end
local seen = redis.call('ZMSCORE', SEEN, unpack(ARGV, 3))
for i, score in ipairs(seen) do
  local number = tonumber(ARGV[i + 2])
  if not score and not put_back(event, number) then reply[#reply + 1] = number end
end
return reply
