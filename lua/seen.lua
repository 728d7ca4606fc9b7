-- Heartbeats that a gateway has gathered.
-- KEYS: the event. ARGV: time, epoch, numbers (1,000 at most). Result: {0, those of them that wait no longer...}, or {100}.
-- O(numbers x log n).
local event = load_event()
if not event or event.epoch ~= tonumber(ARGV[2]) then return {R_NO_EVENT} end
local numbers = {}
for i = 3, #ARGV do numbers[#numbers + 1] = ARGV[i] end
local seen = redis.call('ZMSCORE', SEEN, unpack(numbers))
local scored = {}
local reply = {R_OK}
for i, number in ipairs(numbers) do
  if seen[i] or put_back(event, tonumber(number)) then
    scored[#scored + 1] = event.at
    scored[#scored + 1] = number
  else
    reply[#reply + 1] = tonumber(number)
  end
end
if #scored > 0 then redis.call('ZADD', SEEN, 'XX', unpack(scored)) end
return reply
