#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "core/random.h"
#include "tacos-plan/simulation/admission.h"
#include "tacos-plan/simulation/draws.h"
#include "tacos-plan/simulation/fluid_server.h"
#include "tacos-plan/simulation/poll_timer.h"
#include "tacos-plan/simulation/redis_station.h"
#include "tacos-plan/simulation/seat_office.h"
#include "tacos-plan/simulation/timing_wheel.h"
#include "tacos-plan/simulation/wait_counts.h"
#include "tacos-plan/simulation/waiting_line.h"

namespace tacos::plan {
namespace {

TEST(TimingWheel, HandsOutEveryoneAtTheirTickInTheOrderOfAdding) {
  constexpr std::uint32_t kCrowd = 2000;
  TimingWheel wheel(kCrowd);
  core::Random random(3);
  std::vector<std::uint32_t> due(kCrowd);
  std::vector<int> times(kCrowd);
  for (std::uint32_t who = 0; who < kCrowd; ++who) {
    due[who] = 1 + static_cast<std::uint32_t>(random.below(40'000));  // five turns of the wheel
    wheel.add(due[who], who);
  }
  for (std::uint32_t tick = 0; tick <= 80'000; ++tick) {
    wheel.take(
        tick, [](std::uint32_t) {},
        [&](std::uint32_t who) {
          ASSERT_EQ(due[who], tick);
          if (++times[who] == 1) wheel.add(due[who] = tick + 1 + static_cast<std::uint32_t>(random.below(30'000)), who);
        });
  }
  EXPECT_EQ(wheel.count(), 0U);
  EXPECT_TRUE(std::all_of(times.begin(), times.end(), [](int n) { return n == 2; }));
}

TEST(TimingWheel, KeepsTheOrderWithinATick) {
  TimingWheel wheel(100);
  for (std::uint32_t who = 0; who < 100; ++who) wheel.add(7, 99 - who);
  std::vector<std::uint32_t> seen;
  for (std::uint32_t tick = 0; tick < 8; ++tick) {
    wheel.take(
        tick, [](std::uint32_t) {}, [&](std::uint32_t who) { seen.push_back(who); });
  }
  EXPECT_TRUE(std::is_sorted(seen.rbegin(), seen.rend()));
  EXPECT_EQ(seen.size(), 100U);
}

TEST(WaitingLine, KnowsEveryPositionWhileTicketsLeaveFromTheMiddle) {
  constexpr std::uint32_t kUsers = 3000;
  WaitingLine line(kUsers);
  std::vector<std::uint32_t> reference;  // tickets in line
  core::Random random(5);
  std::uint32_t joined = 0;
  for (int step = 0; step < 9000; ++step) {
    const auto what = random.below(4);
    if (what < 2 && joined < kUsers) {
      reference.push_back(line.join(joined++));
    } else if (what == 2 && !reference.empty()) {
      EXPECT_EQ(line.call(), reference.front());  // users and tickets have the same numbers here
      reference.erase(reference.begin());
    } else if (!reference.empty()) {
      const auto i = static_cast<std::ptrdiff_t>(random.below(reference.size()));
      EXPECT_TRUE(line.remove(reference[static_cast<std::size_t>(i)]));
      EXPECT_FALSE(line.remove(reference[static_cast<std::size_t>(i)]));
      reference.erase(reference.begin() + i);
    }
    ASSERT_EQ(line.count(), reference.size());
    if (reference.empty()) continue;
    const std::size_t i = random.below(reference.size());
    ASSERT_EQ(line.position(reference[i]), i + 1);
  }
}

TEST(WaitingLine, SubtractsWhileNobodyLeavesTheMiddle) {
  WaitingLine line(10);
  for (std::uint32_t user = 0; user < 10; ++user) line.join(user);
  EXPECT_EQ(line.call(), 0U);
  EXPECT_EQ(line.call(), 1U);
  EXPECT_EQ(line.position(2), 1U);
  EXPECT_EQ(line.position(9), 8U);
}

TEST(FluidServer, DelaysByTheBacklogAndDrainsAtItsCapacity) {
  FluidServer queue;
  queue.begin_tick(1, 100);
  queue.add(350);
  EXPECT_DOUBLE_EQ(queue.delay_sec(), 2.5);
  for (int tick = 0; tick < 2; ++tick) queue.begin_tick(1, 100);
  EXPECT_DOUBLE_EQ(queue.backlog(), 50);
  queue.begin_tick(1, 100);
  const FluidServer::Use use = queue.take_use();
  EXPECT_DOUBLE_EQ(use.done, 350);
  EXPECT_DOUBLE_EQ(use.possible, 400);
}

TEST(FluidServer, HoldsNobodyUpBelowItsCapacity) {
  FluidServer queue;
  for (int tick = 0; tick < 100; ++tick) {
    queue.begin_tick(0.01, 100'000);
    for (int i = 0; i < 900; ++i) {
      EXPECT_DOUBLE_EQ(queue.delay_sec(), 0);
      queue.add(1);
    }
  }
  EXPECT_NEAR(queue.take_use().share(), 0.9, 1e-9);
}

TEST(FluidServer, WaitsForeverWithoutCapacity) {
  FluidServer queue;
  queue.begin_tick(1, 0);
  queue.add(1);
  EXPECT_EQ(queue.delay_sec(), FluidServer::kForever);
}

TEST(RedisStation, ChargesForThoseInLineAsKeysDoes) {
  RedisParameters costs;
  costs.status_cpu_sec = 1e-5;
  costs.status_cpu_sec_per_waiting = 1e-7;
  const RedisStation redis(costs);
  EXPECT_DOUBLE_EQ(redis.cost_sec(RedisStation::Call::kStatus, 0), 1e-5);
  EXPECT_DOUBLE_EQ(redis.cost_sec(RedisStation::Call::kStatus, 10'000), 1e-5 + 1e-3);
  EXPECT_DOUBLE_EQ(redis.cost_sec(RedisStation::Call::kJoin, 10'000), costs.join_cpu_sec);
}

TEST(AdmissionBucket, IsFullAtTheOpeningAndRefillsAtItsRate) {
  AdmissionBucket bucket(1000, 100);
  EXPECT_EQ(bucket.take(500), 100U);
  EXPECT_EQ(bucket.take(500), 0U);
  for (int i = 0; i < 10; ++i) {
    bucket.pass(0.01);
    EXPECT_EQ(bucket.take(500), 10U);
  }
  bucket.pass(60);
  EXPECT_EQ(bucket.take(500), 100U);
}

TEST(PollTimer, AsksEveryIntervalWithinItsJitter) {
  PollParameters polling;
  const PollTimer policy(polling, 1000);
  core::Random random(1);
  double sum = 0;
  for (int i = 0; i < 10'000; ++i) {
    const double next = policy.next_sec(1, random);
    ASSERT_GE(next, 4.5);
    ASSERT_LE(next, 5.5);
    sum += next;
  }
  EXPECT_NEAR(sum / 10'000, 5, 0.02);
}

// The rule of the gateway's status answer: a quarter of the wait left, between 1 and 20 s.
TEST(PollTimer, AsksMoreOftenTheNearerTheFront) {
  PollParameters polling;
  polling.kind = PollParameters::Kind::kByPosition;
  polling.jitter_share = 0;
  const PollTimer policy(polling, 1000);
  core::Random random(1);
  EXPECT_DOUBLE_EQ(policy.next_sec(1, random), 1);
  EXPECT_DOUBLE_EQ(policy.next_sec(40'000, random), 10);
  EXPECT_DOUBLE_EQ(policy.next_sec(300'000, random), 20);
}

TEST(SeatOffice, NeverHoldsOrSellsMoreThanThereIs) {
  SeatOffice office(5);
  EXPECT_EQ(office.hold(4), 4U);
  EXPECT_EQ(office.hold(2), 1U);
  EXPECT_EQ(office.hold(1), 0U);
  office.give_back(1);
  EXPECT_EQ(office.free(), 1U);
  EXPECT_FALSE(office.sold_out());
  EXPECT_EQ(office.hold(1), 1U);
  office.sell(4);
  office.sell(1);
  EXPECT_TRUE(office.sold_out());
  EXPECT_EQ(office.sold(), 5U);
}

TEST(Draws, ExponentialHasItsMeanVarianceAndTail) {
  core::Random random(11);
  constexpr int kDraws = 200'000;
  double sum = 0;
  double squares = 0;
  int beyond = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = draw_exponential(random);
    sum += x;
    squares += x * x;
    beyond += x > 2 ? 1 : 0;
  }
  EXPECT_NEAR(sum / kDraws, 1, 0.01);
  EXPECT_NEAR(squares / kDraws, 2, 0.05);
  EXPECT_NEAR(beyond / static_cast<double>(kDraws), std::exp(-2.0), 0.003);
}

TEST(WaitCounts, GivesPercentilesExactlyToTheTick) {
  WaitCounts waits;
  for (std::uint32_t i = 1; i <= 1000; ++i) waits.count(i);
  const WaitSummary summary = waits.summary(0.01);
  EXPECT_EQ(summary.count, 1000U);
  EXPECT_NEAR(summary.mean_sec, 5.005, 1e-9);
  EXPECT_NEAR(summary.p50_sec, 5.00, 1e-9);
  EXPECT_NEAR(summary.p90_sec, 9.00, 1e-9);
  EXPECT_NEAR(summary.p95_sec, 9.50, 1e-9);
  EXPECT_NEAR(summary.p99_sec, 9.90, 1e-9);
  EXPECT_NEAR(summary.max_sec, 10.00, 1e-9);
}

TEST(WaitCounts, IsAllZeroWhenNobodyWaited) {
  EXPECT_EQ(WaitCounts().summary(0.01).count, 0U);
  EXPECT_EQ(WaitCounts().summary(0.01).max_sec, 0);
}

}  // namespace
}  // namespace tacos::plan
