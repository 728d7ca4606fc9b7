#pragma once

#include <cstdint>
#include <deque>
#include <unordered_map>
#include <vector>

#include "tacos-gateway/redis_seats/redis_seats.h"

namespace tacos::gateway {

// Frees, for one gateway, the seats of holds that ran out, event by event: no sooner than the last look said that any
// is due, but now and then anyway, as other gateways hold seats too. Of one session, on its thread and link.
class SeatSweep {
 public:
  SeatSweep(RedisStoreParts& parts, const RedisSeatOptions& options, const redis::RedisScript& script,
            redis::RedisLink& link)
      : parts_(parts), options_(options), script_(script), link_(link) {}

  void run();

 private:
  struct Look {
    redis::RedisRequest request;
    SeatSweep* sweep = nullptr;
    std::uint64_t event = 0;
    bool under_way = false;
    core::Instant next;  // on the link's clock: tests stand the other still
  };
  void look_now(Look& look);
  static void looked(redis::RedisRequest& request, const redis::RedisReply* reply, redis::RedisFailure failure);

  RedisStoreParts& parts_;
  const RedisSeatOptions& options_;
  const redis::RedisScript& script_;
  redis::RedisLink& link_;
  std::unordered_map<std::uint64_t, Look> looks_;  // by event
};

}  // namespace tacos::gateway
