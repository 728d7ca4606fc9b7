#pragma once

#include <string_view>

#include "redis/redis_reply.h"
#include "redis/redis_request.h"
#include "tacos-gateway/redis_store/redis_store.h"

namespace tacos::gateway {

// Writes the call of lua/open.lua into a request: an event comes into being as it is declared, or as this gateway's
// options and the operator's defaults say. registered is what lua/register.lua answered for it.
void write_open(redis::RedisRequest& request, const RedisStoreParts& parts, std::string_view event_id,
                const redis::RedisReply& registered);

}  // namespace tacos::gateway
