#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/clock.h"
#include "tacos-gateway/backend/seat_store.h"

namespace tacos::gateway {

struct IdempotencyOptions {
  core::Nanos ttl = std::chrono::minutes(10);
  std::size_t max_entries = 200'000;
};

// Remembers answers by the client's idempotency key, claimed before the work begins, so that a retry never does it
// twice. The caller scopes the key (whose it is and which route) and says what the body was. Answers with status 5xx
// are not kept: the client may try again. Full, it forgets the oldest answers first, never work in flight. Thread rule:
// any thread.
class IdempotencyStore {
 public:
  struct Answer {
    Claim claim = Claim::kFresh;
    int status = 0;
    std::string body = {};
    bool resumed = false;  // fresh, but suspended before
  };

  IdempotencyStore(IdempotencyOptions options, const core::Clock& clock) : options_(options), clock_(clock) {}

  Answer claim(const std::string& scoped_key, std::string_view body);
  void finish(const std::string& scoped_key, int status, std::string_view answer);
  void abandon(const std::string& scoped_key);
  // The work was broken off: the key may be claimed again, and whoever does is told so.
  void suspend(const std::string& scoped_key);
  void sweep();

 private:
  struct Entry {
    bool in_flight = true;
    bool suspended = false;
    std::size_t fingerprint = 0;
    int status = 0;
    std::string body;
    std::uint64_t serial = 0;
  };
  struct Done {
    core::Instant at;
    std::string key;
    std::uint64_t serial;
  };
  void forget_oldest();

  const IdempotencyOptions options_;
  const core::Clock& clock_;
  std::mutex mutex_;
  std::unordered_map<std::string, Entry> entries_;
  std::deque<Done> done_;  // by time
  std::uint64_t next_serial_ = 1;
};

}  // namespace tacos::gateway
