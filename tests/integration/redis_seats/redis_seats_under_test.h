#pragma once

#include <memory>
#include <string>
#include <utility>

#include "integration/redis_store/redis_under_test.h"
#include "tacos-gateway/redis_seats/redis_seats.h"

namespace tacos::gateway {

// A gateway's line and seats on one Redis. Time is what the test's clock says, and every sweep looks.
class RedisSeatGateway {
 public:
  RedisSeatGateway(const std::string& url, const LineOptions& line, core::Nanos hold_ttl, core::Nanos timeout,
                   const core::Clock& clock, SeatLimits limits = {})
      : redis(url, {.line = line, .max_events = 3, .command_timeout = timeout}, clock),
        seats(redis.store().parts(), {.hold_ttl = hold_ttl, .limits = limits, .sweep_interval = core::Nanos(0)}) {}

  RedisGateway redis;
  RedisSeats seats;
};

}  // namespace tacos::gateway
