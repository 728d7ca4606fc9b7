#include "tacos-plan/redis/redis_load.h"

#include <algorithm>
#include <cmath>

namespace tacos::plan {
namespace {

// Microseconds of CPU at 300,000 users; `sorted` of them are those of a sorted set of that size.
struct Cost {
  double commands = 0;
  double cpu_us = 0;
  double sorted_us = 0;
  double index_us = 0;  // that an index of positions adds, of a sorted set too
};

constexpr double kMeasuredAtUsers = 300'000;
constexpr Cost kJoin{7, 20.1, 2.0, 3.0};
constexpr Cost kSpreadJoin{6, 16.3, 0, 0};
constexpr Cost kArrival{9, 25.1, 2.0, 0};
constexpr Cost kStatusByIndex{6, 19.6, 2.0, 0};
constexpr Cost kHeartbeat{0, 2.3, 2.3, 0.7};
constexpr Cost kTick{13, 30.3, 0, 0};
constexpr Cost kLetIn{0, 2.3, 1.0, 0.3};
constexpr Cost kFacts{5, 16.9, 0, 0};
constexpr Cost kEnter{11, 23.1, 0, 0.3};
constexpr Cost kClaim{11, 21.9, 0, 0};
constexpr Cost kHold{13, 24.2, 0, 0};
constexpr Cost kSettle{6, 14.7, 0, 0};
constexpr Cost kIntent{6, 17.3, 0, 0};
constexpr Cost kPay{5, 11.9, 0, 0};
constexpr Cost kConfirm{9, 22.8, 0, 0};
constexpr Cost kKeyClaim{4, 7.9, 0, 0};
constexpr Cost kKeyAnswer{3, 6.4, 0, 0};

// KEYS with a pattern that every key matches, by key, with its answer; and the eight requests around it.
constexpr double kKeysUsPerKey = 0.26;
constexpr double kKeysRequests = 9;
constexpr double kPlainRequestUs = 2.0;

constexpr double kTicksPerSecond = 100;
constexpr double kHeartbeatBytes = 12;
constexpr double kHeartbeatCommands = 4;  // of a call
constexpr double kMostHeartbeatsInCall = 1000;
// What the event's own tick takes for the report of each bucket: usec_per_call of EVALSHA with 2 to 256 buckets.
constexpr double kTickUsPerBucket = 7.5;

struct Call {
  const Cost& cost;
  double times = 1;
};

class Reckoner {
 public:
  explicit Reckoner(const LoadParameters& parameters)
      : index_(parameters.strategy == PositionStrategy::kIndex),
        growth_(std::log2(std::max(static_cast<double>(parameters.users), 2.0)) / std::log2(kMeasuredAtUsers)) {}

  RedisWork work(const char* name, Place place, double per_second, std::initializer_list<Call> calls) const {
    RedisWork all{.name = name, .place = place, .per_second = per_second, .calls = 0, .commands = 0};
    for (const auto& [cost, times] : calls) {
      all.calls += times * (cost.commands > 0 ? 1 : 0);
      all.commands += times * cost.commands;
      const double sorted_us = cost.sorted_us + (index_ ? cost.index_us : 0);
      all.cpu_us += times * (cost.cpu_us - cost.sorted_us + sorted_us * growth_);
    }
    return all;
  }

 private:
  bool index_;
  double growth_;
};

}  // namespace

std::vector<RedisWork> redis_work(const LoadParameters& p) {
  const Reckoner reckon(p);
  const bool spread = p.buckets > 1;
  const Place by_ticket = spread ? Place::kBuckets : Place::kEvent;
  std::vector<RedisWork> all;
  all.push_back(reckon.work("join", Place::kEvent, p.joins_per_second, {{spread ? kSpreadJoin : kJoin}}));
  if (spread) all.push_back(reckon.work("arrival", by_ticket, p.joins_per_second, {{kArrival}}));

  if (p.strategy == PositionStrategy::kIndex) {
    all.push_back(reckon.work("status", Place::kEvent, p.statuses_per_second, {{kStatusByIndex}}));
  } else if (p.strategy == PositionStrategy::kKeys) {
    const double scan_us = kKeysUsPerKey * static_cast<double>(p.users);
    all.push_back({.name = "status",
                   .per_second = p.statuses_per_second,
                   .calls = kKeysRequests,
                   .commands = kKeysRequests,
                   .cpu_us = scan_us + kKeysRequests * kPlainRequestUs,
                   .cpu_us_per_user = kKeysUsPerKey});
  } else {
    all.push_back(reckon.work("facts", Place::kEvent, p.gateways / p.facts_interval_sec, {{kFacts}}));
    // Otherwise each status is one.
    RedisWork heartbeat = reckon.work("heartbeat", by_ticket, p.heartbeats_per_second, {{kHeartbeat}});
    const double calls = std::max(p.gateways * static_cast<double>(p.buckets) / p.facts_interval_sec,
                                  p.heartbeats_per_second / kMostHeartbeatsInCall);
    heartbeat.calls = p.heartbeats_per_second > 0 ? std::min(1.0, calls / p.heartbeats_per_second) : 1;
    heartbeat.commands = kHeartbeatCommands * heartbeat.calls;
    heartbeat.bytes_beside_calls = kHeartbeatBytes;
    all.push_back(heartbeat);
  }

  all.push_back(reckon.work("ticks", Place::kEvent, kTicksPerSecond, {{kTick}}));
  if (spread) {
    all.back().cpu_us += kTickUsPerBucket * static_cast<double>(p.buckets);
    all.push_back(
        reckon.work("ticks of buckets", by_ticket, 2 * kTicksPerSecond * static_cast<double>(p.buckets), {{kTick}}));
  }

  all.push_back(
      reckon.work("admission", by_ticket, p.admissions_per_second, {{kLetIn}, {kEnter, p.enters_per_admission}}));
  if (p.reservations_per_admission > 0) {
    const double reservations = p.admissions_per_second * p.reservations_per_admission;
    const double paying = p.payments_per_reservation;
    // Grants are their ticket's, seats and payments the event's, each client's key its own.
    all.push_back(reckon.work("grant", by_ticket, reservations, {{kClaim}, {kSettle}}));
    all.push_back(reckon.work("purchase", Place::kEvent, reservations,
                              {{kHold}, {kIntent, paying}, {kPay, paying}, {kConfirm, paying}}));
    all.push_back(reckon.work("clients' keys", Place::kAnySlot, reservations,
                              {{kKeyClaim, 1 + 3 * paying}, {kKeyAnswer, 1 + 3 * paying}}));
  }
  return all;
}

RedisLoad redis_load(std::span<const RedisWork> all, double call_bytes) {
  RedisLoad load;
  for (const RedisWork& one : all) {
    load.calls_per_second += one.per_second * one.calls;
    load.commands_per_second += one.per_second * one.commands;
    load.bytes_per_second += one.per_second * (one.calls * call_bytes + one.bytes_beside_calls);
    load.work += one.per_second * one.cpu_us * 1e-6;
  }
  return load;
}

double busy_share(double work, double calls_per_second, double together, double wake_up_sec) {
  if (work >= 1) return work;
  const double set_up = calls_per_second / std::max(together, 1.0) * wake_up_sec;
  return (work + set_up) / (1 + set_up);
}

}  // namespace tacos::plan
