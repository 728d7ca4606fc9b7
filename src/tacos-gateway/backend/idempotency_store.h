#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/clock.h"
#include "tacos-gateway/backend/seat_store.h"

namespace tacos::gateway {

struct IdempotencyOptions {
  core::Nanos ttl = std::chrono::minutes(10);  // of an answer, from when it was given
  std::uint64_t max_entries = 1'000'000;       // of all tickets together
  std::uint64_t per_grant = 64;
};

// Remembers answers by the client's idempotency key, claimed before the work begins, so that a retry never does it
// twice. The caller scopes the key (whose it is and which route) and says what the body was. Answers with status 5xx
// are not kept: the client may try again.
//
// An answer is kept for its whole time: a store that is full refuses new keys and drops none. Each ticket has a share
// of its own, so that one user's keys never take the place of another's. Keys that were given back make room at once,
// but a ticket may claim only kClaimsPerKey times its share while an answer is kept. Thread rule: any thread.
class IdempotencyStore {
 public:
  struct Answer {
    Claim claim = Claim::kFresh;
    int status = 0;
    std::string body = {};
    bool resumed = false;  // fresh, but suspended before
    core::Nanos retry_after{0};
  };

  IdempotencyStore(IdempotencyOptions options, const core::Clock& clock) : options_(options), clock_(clock) {}

  // ends_purchase: as in KeyClaim.
  Answer claim(const TicketRef& owner, std::string_view scoped_key, std::string_view body, bool ends_purchase = false);
  void finish(const TicketRef& owner, std::string_view scoped_key, int status, std::string_view answer);
  void abandon(const TicketRef& owner, std::string_view scoped_key);
  // The work was broken off: the key may be claimed again, and whoever does is told so.
  void suspend(const TicketRef& owner, std::string_view scoped_key);
  void sweep();
  // Forgets the keys of an event's tickets.
  void forget(std::uint64_t event);

  std::uint64_t entries() const { return entries_.load(std::memory_order_relaxed); }

 private:
  using KeyHash = std::array<unsigned char, 16>;  // of the scoped key's SHA-256: keys are up to 255 bytes long
  enum class State : std::uint8_t { kInFlight, kSuspended, kDone };
  struct Entry {
    KeyHash key{};
    State state = State::kInFlight;
    int status = 0;
    std::size_t fingerprint = 0;
    core::Instant forget_at;  // unless in flight
    std::string body;
  };
  // What one ticket has. Few entries each, so they are searched one by one.
  struct Share {
    std::vector<Entry> entries;
    core::Instant window_ends;
    std::uint64_t claims = 0;  // since the window began
  };
  struct Due {
    core::Instant at;
    TicketRef owner;
  };

  static KeyHash hash_of(std::string_view scoped_key);
  static Entry* find(Share& share, const KeyHash& key);
  Entry* find_in_flight(const TicketRef& owner, std::string_view scoped_key);
  Answer known(Share& share, Entry& entry, std::size_t fingerprint);
  core::Nanos until_room(const Share& share) const;
  bool has_claims_left(Share& share, const TicketRef& owner, std::uint64_t most_keys);
  void remove_due(Share& share);
  void look_again(const TicketRef& owner) { due_.push_back({clock_.now() + options_.ttl, owner}); }

  const IdempotencyOptions options_;
  const core::Clock& clock_;
  std::mutex mutex_;
  std::unordered_map<TicketRef, Share, TicketHash> shares_;
  std::deque<Due> due_;  // by time; every share is looked at again once its window is over and its answers are old
  std::atomic<std::uint64_t> entries_{0};
};

}  // namespace tacos::gateway
