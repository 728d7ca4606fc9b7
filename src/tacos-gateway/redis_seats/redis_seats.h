#pragma once

#include <memory>

#include "tacos-gateway/backend/seat_store.h"
#include "tacos-gateway/redis_store/redis_store.h"

namespace tacos::gateway {

struct RedisSeatOptions {
  core::Nanos hold_ttl = std::chrono::seconds(120);
  core::Nanos key_ttl = std::chrono::minutes(10);  // how long answers are remembered by the client's key
  SeatLimits limits{};
  // How often an event with nothing due is looked at for holds that other gateways made; 0: at every sweep.
  core::Nanos sweep_interval = std::chrono::seconds(1);
};

// Seats, payments and idempotency keys on the Redis that has the line, so that all its gateways sell the same seats. A
// change of seats and of the counts that admission follows is one script; the line need not be told. Each session has a
// link of its own beside the line's. How many seats an event has is what the line says of it.
//
// The line's store must live longer, and so must this than its sessions.
class RedisSeats final : public SeatStore {
 public:
  RedisSeats(RedisStoreParts& parts, RedisSeatOptions options);
  std::unique_ptr<SeatSession> open_session(boost::asio::any_io_executor executor) override;

 private:
  RedisStoreParts& parts_;
  const RedisSeatOptions options_;
  const std::shared_ptr<const redis::ScriptBook> scripts_;
};

}  // namespace tacos::gateway
