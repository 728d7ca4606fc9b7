#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include "core/units.h"
#include "redis/redis_command.h"
#include "redis/redis_request.h"
#include "redis/redis_slots.h"
#include "tacos-gateway/redis_store/line_reply.h"
#include "tacos-gateway/redis_store/line_scripts.h"

namespace tacos::gateway {

// Writes one EVALSHA of a script of the line into a request: first the key, by line() or events(), with the number of
// arguments that follow the time.
class ScriptCall {
 public:
  ScriptCall(redis::RedisRequest& request, const redis::ScriptBook& book, LineScript script, std::uint64_t time)
      : request_(request), script_(book[static_cast<std::size_t>(script)]), time_(time) {
    request_.command.clear();
    request_.script = &script_;
    request_.stale_ok = false;
  }

  // The script writes nothing, and a replica may execute it.
  void of_replica() { request_.stale_ok = true; }

  redis::RedisCommand line(std::uint64_t event, std::size_t arguments) {
    return begin(LineKey::of_event(event).text(), arguments);
  }
  redis::RedisCommand bucket(std::uint64_t event, std::uint32_t bucket, std::size_t arguments) {
    return begin(LineKey::of_bucket(event, bucket).text(), arguments);
  }
  redis::RedisCommand events(std::size_t arguments) { return begin(kEventsKey, arguments); }

 private:
  redis::RedisCommand begin(std::string_view key, std::size_t arguments) {
    request_.slot = redis::redis_slot(key);
    redis::RedisCommand command(request_.command, 5 + arguments);
    command.arg(request_.stale_ok ? "EVALSHA_RO" : "EVALSHA").arg(script_.sha1).arg(1).arg(key).arg(time_);
    return command;
  }

  redis::RedisRequest& request_;
  const redis::RedisScript& script_;
  std::uint64_t time_;
};

// What lua/bucket.lua takes of the line, kTermsOfLine arguments.
inline constexpr std::size_t kTermsOfLine = 7;
inline void add_terms(redis::RedisCommand& command, const LineFacts& line) {
  command.arg(line.epoch).arg(line.began_us).arg(line.opens_us).arg(line.heartbeat_ms);
  command.arg(line.turn_ms).arg(line.grant_ms).arg(line.buckets);
}

// As the scripts count: a rate in millionths of a ticket a second, rounded down; a burst in whole tickets, 1 at least.
inline std::uint64_t micro_rate(core::Rate rate) {
  return static_cast<std::uint64_t>(std::floor(std::clamp(rate.per_second(), 0.0, 1e9) * 1e6));
}
inline std::uint64_t whole_burst(double burst) {
  return static_cast<std::uint64_t>(std::clamp(std::floor(burst), 1.0, 1e9));
}

}  // namespace tacos::gateway
