-- Stands before the scripts that may be the first to meet a bucket of a spread event, behind the prelude.
--
-- KEYS[1] is the bucket's key; ARGV[2] to [8] are what the event's own key says: epoch, beginning and opening in
-- microseconds, heartbeat, turn and grant in milliseconds, buckets.

-- What the bucket of an earlier life of the line left behind.
local function clear_bucket()
  local last = tonumber(redis.call('HGET', line, 'next') or 0)
  local stride = tonumber(ARGV[8])
  for block = 0, math.floor(last / stride / BLOCK) do redis.call('UNLINK', line .. ':t:' .. block) end
  redis.call('UNLINK', line, SEEN, TURNS, GONE, GRANTS, DUE, CLAIMS, DEPARTURES)
end

-- The bucket, made when it is not there. One of another life of the line is cleared first, by a ticket that the event's own
-- key has just numbered; by a tick, whose gateway may not have heard yet that a life is over, only when it is an earlier
-- one. Otherwise nil.
local function open_bucket(is_numbered)
  local event, v = load_event('called', 'watch_from', 'turn_ttl', 'journal', 'called_at')
  if event and event.epoch == tonumber(ARGV[2]) then return event, v end
  if event then
    if not is_numbered and tonumber(ARGV[3]) <= event.began then return nil end
    clear_bucket()
  end
  local server = redis.call('INFO', 'server'):match('run_id:(%x+)'):sub(1, 16)
  redis.call('HSET', line, 'epoch', ARGV[2], 'began', ARGV[3], 'opens', ARGV[4], 'next', 0, 'head', 0, 'rate', 0,
    'paused', '0', 'sold', '0', 'mode', 'bucket', 'beat_ttl', ARGV[5], 'ticked', clock_us(), 'server', server,
    'failovers', 0, 'stride', ARGV[8], 'turn_ttl', ARGV[6], 'grant_ttl', ARGV[7], 'called', 0, 'arrived', 0,
    'entered', 0, 'left', 0, 'expired', 0)
  return load_event('called', 'watch_from', 'turn_ttl', 'journal', 'called_at')
end
