-- Sets what events to come begin with; the rate and burst of the declared ones too.
-- KEYS: tacos:{events}. ARGV: time, then rate (millionths a second), burst, paused, draining; '' leaves one as it is.
-- Result: {0}. O(declared events).
for i, field in ipairs({'rate', 'burst', 'paused', 'draining'}) do
  if ARGV[i + 1] ~= '' then redis.call('HSET', KEYS[1] .. ':defaults', field, ARGV[i + 1]) end
end
if ARGV[2] == '' and ARGV[3] == '' then return {R_OK} end
local declared = redis.call('HGETALL', KEYS[1] .. ':declared')
for i = 1, #declared, 2 do
  local seats, rate, burst, rest = declared[i + 1]:match('^(%d+)|(%d+)|(%d+)|(.*)$')
  if ARGV[2] ~= '' then rate = ARGV[2] end
  if ARGV[3] ~= '' then burst = ARGV[3] end
  redis.call('HSET', KEYS[1] .. ':declared', declared[i], table.concat({seats, rate, burst, rest}, '|'))
end
return {R_OK}
