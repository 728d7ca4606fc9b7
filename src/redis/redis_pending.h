#pragma once

#include "redis/redis_link.h"

namespace tacos::redis {

// How every link takes a request in and hands it back: the named limit, the deadline, the counts.

// False when it was refused, and its done has been called.
bool begin_request(RedisRequest& request, const RedisLinkOptions& options, RedisCounters& counters,
                   const core::Clock& clock);
void end_request(RedisRequest& request, const RedisReply* reply, RedisFailure failure, RedisCounters& counters);

}  // namespace tacos::redis
