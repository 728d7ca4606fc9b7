-- Sets what events to come begin with.
-- KEYS: tacos:{events}. ARGV: time, then rate (millionths a second), burst, paused, draining; '' leaves one as it is.
-- Result: {0}. O(1).
for i, field in ipairs({'rate', 'burst', 'paused', 'draining'}) do
  if ARGV[i + 1] ~= '' then redis.call('HSET', KEYS[1] .. ':defaults', field, ARGV[i + 1]) end
end
return {R_OK}
