#include "tacos-plan/redis/redis_load.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace tacos::plan {
namespace {

RedisLoad load_of(const LoadParameters& parameters) {
  const auto work = redis_work(parameters);
  return redis_load(work, 300);
}

const RedisWork& part(const std::vector<RedisWork>& all, std::string_view name) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const RedisWork& one) { return one.name == name; });
  EXPECT_NE(found, all.end()) << name;
  return *found;
}

// The original's 10,000 status calls a second, and 60,000 where all of 300,000 users poll every 5 s.
LoadParameters polling(PositionStrategy strategy, double statuses_per_second) {
  return {.strategy = strategy, .users = 300'000, .statuses_per_second = statuses_per_second};
}

// The original found Redis at 100 % with about 100 ms for each call; the fix brought it under 5 ms.
TEST(RedisLoad, OfListingKeysIsBeyondOneThread) {
  const auto keys = redis_work(polling(PositionStrategy::kKeys, 10'000));
  EXPECT_GT(redis_load(keys, 300).work, 100);
  EXPECT_GT(part(keys, "status").cpu_us, 50'000);
  EXPECT_LT(part(keys, "status").cpu_us, 200'000);
  EXPECT_EQ(part(keys, "status").calls, 9);
  EXPECT_LT(load_of(polling(PositionStrategy::kIndex, 10'000)).work, 0.5);
}

TEST(RedisLoad, OfStatusesIsNoneByWatermark) {
  const RedisLoad few = load_of(polling(PositionStrategy::kWatermark, 100));
  const RedisLoad many = load_of(polling(PositionStrategy::kWatermark, 60'000));
  EXPECT_EQ(few.work, many.work);
  EXPECT_GT(load_of(polling(PositionStrategy::kIndex, 60'000)).work, 20 * many.work);
}

// A buyer on a real gateway: 15 scripts, of 89 commands with the scripts themselves, and a join one of 7.
TEST(RedisLoad, CountsCallsAndTheCommandsInThem) {
  LoadParameters parameters{.users = 1000, .reservations_per_admission = 1};
  const RedisLoad idle = load_of(parameters);
  parameters.joins_per_second = 10;
  RedisLoad load = load_of(parameters);
  EXPECT_NEAR(load.calls_per_second - idle.calls_per_second, 10, 1e-9);
  EXPECT_NEAR(load.commands_per_second - idle.commands_per_second, 70, 1e-9);
  EXPECT_NEAR(load.bytes_per_second - idle.bytes_per_second, 3000, 1e-6);
  parameters.joins_per_second = 0;
  parameters.admissions_per_second = 100;
  load = load_of(parameters);
  EXPECT_NEAR(load.calls_per_second - idle.calls_per_second, 1500, 1e-9);
  EXPECT_NEAR(load.commands_per_second - idle.commands_per_second, 8900, 1e-9);
}

// As script_costs.py has the parts: let in 2, enter 23, reserve 75, payment begun 32, approved 26, sold 37 µs.
TEST(RedisLoad, OfABuyerIsAboutTwoHundredMicroseconds) {
  LoadParameters parameters{.admissions_per_second = 1, .reservations_per_admission = 1};
  LoadParameters idle;
  EXPECT_NEAR((load_of(parameters).work - load_of(idle).work) * 1e6, 195, 10);
  parameters.reservations_per_admission = 0;
  EXPECT_NEAR((load_of(parameters).work - load_of(idle).work) * 1e6, 25, 3) << "where another system sells";
  parameters.reservations_per_admission = 1;
  parameters.payments_per_reservation = 0;
  EXPECT_NEAR((load_of(parameters).work - load_of(idle).work) * 1e6, 101, 5) << "who reserves and does not pay";
}

TEST(RedisLoad, OfHeartbeatsIsInFewCallsAndByIndexInNone) {
  LoadParameters parameters{.strategy = PositionStrategy::kWatermark, .heartbeats_per_second = 3000, .gateways = 2};
  EXPECT_NEAR(part(redis_work(parameters), "heartbeat").calls * 3000, 8, 1e-9) << "with each refresh of the facts";
  parameters.heartbeats_per_second = 15'000;
  EXPECT_NEAR(part(redis_work(parameters), "heartbeat").calls * 15'000, 15, 1e-9) << "a thousand in each at most";
  parameters.heartbeats_per_second = 3;
  EXPECT_EQ(part(redis_work(parameters), "heartbeat").calls, 1);
  parameters.strategy = PositionStrategy::kIndex;
  for (const RedisWork& work : redis_work(parameters)) EXPECT_NE(work.name, "heartbeat");
}

TEST(RedisLoad, OfFactsIsTheEventsWhateverTheBuckets) {
  LoadParameters parameters{.strategy = PositionStrategy::kWatermark, .gateways = 24, .buckets = 256};
  EXPECT_EQ(part(redis_work(parameters), "facts").per_second, 96);
  EXPECT_EQ(part(redis_work(parameters), "facts").place, Place::kEvent);
  EXPECT_NEAR(part(redis_work(parameters), "ticks").cpu_us, 1950, 10) << "a report of each bucket";
}

TEST(RedisLoad, OfBucketsLiesInThem) {
  const LoadParameters one{.strategy = PositionStrategy::kWatermark,
                           .joins_per_second = 100,
                           .heartbeats_per_second = 100,
                           .admissions_per_second = 10};
  for (const RedisWork& work : redis_work(one)) EXPECT_EQ(work.place, Place::kEvent) << work.name;
  LoadParameters spread = one;
  spread.buckets = 16;
  const auto work = redis_work(spread);
  EXPECT_EQ(part(work, "join").place, Place::kEvent);
  EXPECT_EQ(part(work, "arrival").place, Place::kBuckets);
  EXPECT_EQ(part(work, "heartbeat").place, Place::kBuckets);
  EXPECT_LT(part(work, "join").cpu_us, part(redis_work(one), "join").cpu_us);
  EXPECT_GT(load_of(spread).work, load_of(one).work) << "each bucket is ticked";
}

TEST(RedisLoad, GrowsWithTheLine) {
  double before = 0;
  for (std::uint64_t users = 1; users < 10'000'000; users *= 3) {
    LoadParameters parameters = polling(PositionStrategy::kIndex, 1000);
    parameters.users = users;
    parameters.joins_per_second = parameters.heartbeats_per_second = 1000;
    const double work = load_of(parameters).work;
    EXPECT_GE(work, before);
    before = work;
  }
}

// The study of the positions (reports/reference/study-position): index with 300,000 users, one gateway. The 4 % are the
// ticks, facts and heartbeats that the ladder by watermark shows at these rates.
TEST(BusyShare, IsThatOfTheStudyByIndex) {
  const struct {
    double rate, seen;
  } rungs[] = {{1000, 0.097}, {5000, 0.37}, {10'000, 0.56}, {20'000, 0.76}, {30'000, 0.88}};
  for (const auto& rung : rungs) {
    const double share = 0.04 + busy_share(rung.rate * 17e-6, rung.rate, 1, 53e-6);
    EXPECT_NEAR(share / rung.seen, 1, 0.2) << rung.rate;
  }
}

TEST(BusyShare, LiesBetweenTheWorkAndOne) {
  EXPECT_EQ(busy_share(0.3, 0, 1, 50e-6), 0.3);
  EXPECT_EQ(busy_share(0.3, 10'000, 1, 0), 0.3);
  EXPECT_EQ(busy_share(1, 10'000, 1, 50e-6), 1);
  EXPECT_EQ(busy_share(7, 10'000, 1, 50e-6), 7) << "more than there is";
  double before = 0.3;
  for (double calls = 1; calls < 1e7; calls *= 10) {
    const double share = busy_share(0.3, calls, 2, 50e-6);
    EXPECT_GT(share, before);
    EXPECT_LT(share, 1);
    EXPECT_LT(share, busy_share(0.3, calls, 1, 50e-6));
    before = share;
  }
}

}  // namespace
}  // namespace tacos::plan
