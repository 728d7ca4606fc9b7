#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "net/counter.h"
#include "net/http_request.h"
#include "tacos-gateway/backend/seat_store.h"
#include "tacos-gateway/http/route.h"
#include "tacos-gateway/token/jws_verifier.h"

namespace tacos::gateway {

// How often durations fell where. One thread adds, any may read.
class DurationHistogram {
 public:
  // Upper bounds in seconds, from what an answer out of memory takes to what a user gives up at.
  static constexpr std::array<double, 16> kBounds{0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
                                                  0.025,   0.05,   0.1,     0.25,   0.5,   1.0,    2.5,   5.0};

  void add(core::Nanos duration);

  std::uint64_t in_bucket(std::size_t bucket) const { return buckets_[bucket].value(); }
  std::uint64_t sum_ns() const { return sum_ns_.value(); }

 private:
  std::array<net::Counter, kBounds.size() + 1> buckets_;
  net::Counter sum_ns_;
};

// What stands behind the gateway, as the label of backend_call_duration_seconds.
enum class Backend : std::uint8_t { kInventory, kPayment };
inline constexpr std::array<std::string_view, 2> kBackendNames{"inventory", "payment"};

// What a request for a payment came to, as the label of payment_intents_total.
enum class IntentResult : std::uint8_t {
  kCreated,
  kApproved,
  kFailed,
  kNotPrice,    // refused: another amount or currency than the reservation costs
  kTooMany,     // refused: --max-intents-per-reservation
  kPaidBefore,  // refused: a payment is approved, or the reservation confirmed
  kReleased,    // refused: the reservation was cancelled, or its hold lapsed
  kUnknown,     // refused: no such reservation or payment of this user, or the payment was replaced
};
inline constexpr std::array<std::string_view, 8> kIntentResultNames{
    "created",       "approved",     "failed",           "refused_price",
    "refused_limit", "refused_paid", "refused_released", "refused_unknown"};
// Of each Claim, as the label of idempotency_keys_total.
inline constexpr std::array<std::string_view, 6> kClaimNames{"claimed",  "in_flight",     "replayed",
                                                             "conflict", "refused_grant", "refused_full"};
// The limits on joins, as the label of joins_rate_limited_total.
enum class JoinLimit : std::uint8_t { kAddress, kEvent };
inline constexpr std::array<std::string_view, 2> kJoinLimitNames{"address", "event"};

// Why a join was refused for want of a proof of who joins: the assertion's own reasons, and these.
enum class UnprovenJoin : std::uint8_t { kNoAssertion, kAnotherUser, kAnonymous };
inline constexpr std::array<std::string_view, 3> kUnprovenJoinNames{"no_assertion", "another_user", "anonymous"};

// What one server thread has done. Recording is a few plain stores: no lock, no allocation.
class ThreadMetrics {
 public:
  static constexpr std::size_t kMethodCount = 9;
  // Every status this gateway can answer with; index kStatuses.size() counts any other.
  static constexpr std::array<int, 29> kStatuses{200, 201, 202, 204, 400, 401, 403, 404, 405, 408,
                                                 409, 410, 413, 414, 417, 422, 429, 431, 500, 501,
                                                 502, 503, 504, 505, 100, 304, 406, 411, 415};

  void record(Route route, net::HttpMethod method, int status, core::Nanos duration);
  void record_backend(Backend backend, core::Nanos duration) {
    backends_[static_cast<std::size_t>(backend)].add(duration);
  }
  void record_join_limited(JoinLimit limit) { joins_limited_[static_cast<std::size_t>(limit)].add(); }
  void record_assertion_refused(AssertionRefusal refusal) {
    assertions_refused_[static_cast<std::size_t>(refusal)].add();
  }
  void record_join_unproven(UnprovenJoin reason) { joins_unproven_[static_cast<std::size_t>(reason)].add(); }

  void record_intent(IntentResult result) { intents_[static_cast<std::size_t>(result)].add(); }
  void record_key(Claim claim) { claims_[static_cast<std::size_t>(claim)].add(); }

  std::uint64_t intents(std::size_t result) const { return intents_[result].value(); }
  std::uint64_t claims(std::size_t claim) const { return claims_[claim].value(); }
  std::uint64_t joins_limited(JoinLimit limit) const { return joins_limited_[static_cast<std::size_t>(limit)].value(); }
  std::uint64_t assertions_refused(AssertionRefusal refusal) const {
    return assertions_refused_[static_cast<std::size_t>(refusal)].value();
  }
  std::uint64_t joins_unproven(UnprovenJoin reason) const {
    return joins_unproven_[static_cast<std::size_t>(reason)].value();
  }
  std::uint64_t requests(Route route, net::HttpMethod method, std::size_t status_index) const {
    return requests_[static_cast<std::size_t>(route)][static_cast<std::size_t>(method)][status_index].value();
  }
  const DurationHistogram& durations(Route route) const { return durations_[static_cast<std::size_t>(route)]; }
  const DurationHistogram& backend(Backend backend) const { return backends_[static_cast<std::size_t>(backend)]; }

 private:
  using PerStatus = std::array<net::Counter, kStatuses.size() + 1>;

  std::array<std::array<PerStatus, kMethodCount>, kRouteCount> requests_;
  std::array<DurationHistogram, kRouteCount> durations_;
  std::array<DurationHistogram, kBackendNames.size()> backends_;
  std::array<net::Counter, kIntentResultNames.size()> intents_;
  std::array<net::Counter, kClaimNames.size()> claims_;
  std::array<net::Counter, kJoinLimitNames.size()> joins_limited_;
  std::array<net::Counter, kAssertionRefusalCount> assertions_refused_;
  std::array<net::Counter, kUnprovenJoinNames.size()> joins_unproven_;
};

}  // namespace tacos::gateway
