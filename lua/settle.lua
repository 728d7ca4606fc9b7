-- The end of an attempt that claimed a grant. While it was claimed it kept its place, even past its time.
-- KEYS: the event. ARGV: time, number, epoch, spend or release. Result: {0}, or {1} when it is not claimed. O(log n).
local event, number = load_ticket()
if not event then return number end
local grant = redis.call('HGET', GRANTS, number)
if not grant or grant:sub(1, 1) ~= 'c' then return {R_NOT_FOUND} end
local until_ms = tonumber(grant:sub(3))
local state = ARGV[4] == 'spend' and 's' or event.at >= until_ms and 'l' or 'u'
redis.call('HSET', GRANTS, number, state .. ':' .. until_ms)
redis.call('ZREM', CLAIMS, number)
if state == 'u' then redis.call('ZADD', DUE, until_ms, number) end
return {R_OK}
