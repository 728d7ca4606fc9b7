#pragma once

#include <atomic>
#include <cstdint>

#include "core/clock.h"

namespace tacos::gateway {

// Whether this gateway should be sent requests: the store has answered a moment ago, and no shutdown has begun.
// Thread rule: any thread.
class Readiness {
 public:
  // The store is asked every 250 ms, of a cluster one primary after the other; five unanswered questions mean that it
  // is not there. So one primary that is away leaves the gateway ready: events on the others are served, and every
  // other gateway would be as unready.
  static constexpr core::Nanos kFresh = std::chrono::milliseconds(1250);

  void store_answered(core::Instant at) { answered_ns_.store(at.since_origin().count(), std::memory_order_relaxed); }
  void begin_shutdown() { stopping_.store(true, std::memory_order_relaxed); }

  bool stopping() const { return stopping_.load(std::memory_order_relaxed); }
  bool store_answers(core::Instant now) const {
    const std::int64_t answered = answered_ns_.load(std::memory_order_relaxed);
    return answered != kNever && now - core::Instant(core::Nanos(answered)) < kFresh;
  }
  bool ready(core::Instant now) const { return !stopping() && store_answers(now); }

 private:
  static constexpr std::int64_t kNever = INT64_MIN;

  std::atomic<std::int64_t> answered_ns_{kNever};
  std::atomic<bool> stopping_{false};
};

}  // namespace tacos::gateway
