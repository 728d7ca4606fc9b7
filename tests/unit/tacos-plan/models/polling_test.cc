#include "tacos-plan/models/polling.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/random.h"

namespace tacos::plan {
namespace {

using testing::HasSubstr;

TEST(FixedPolls, AreUsersOverTheInterval) {
  EXPECT_EQ(fixed_polls_per_second(300'000, 5).value(), 60'000);
  EXPECT_EQ(fixed_polls_total(300'000, 150, 5).value(), 9'000'000);
  EXPECT_EQ(notice_delay(5).value().mean_seconds, 2.5);
  EXPECT_EQ(notice_delay(5).value().longest_seconds, 5);
}

// The gateway's rule at its defaults: a quarter of the wait, 1 to 20 s, ± 10 % within the same limits.
TEST(PollRule, IsTheGatewaysRule) {
  const PollRule rule;
  EXPECT_NEAR(poll_interval_seconds(rule, 0, 1), 1 / 0.9, 1e-12);
  EXPECT_NEAR(poll_interval_seconds(rule, 0, 0.9), 1, 1e-12);
  EXPECT_NEAR(poll_interval_seconds(rule, 0, 1.1), 1.1 / 0.9, 1e-12);
  EXPECT_EQ(poll_interval_seconds(rule, 40, 1), 10);
  EXPECT_NEAR(poll_interval_seconds(rule, 40, 0.9), 9, 1e-12);
  EXPECT_NEAR(poll_interval_seconds(rule, 1000, 1.1), 20, 1e-12);
  EXPECT_NEAR(poll_interval_seconds(rule, 1000, 0.9), 20 * 0.9 / 1.1, 1e-12);
}

TEST(PollRule, NeverLetsTheHeartbeatLapse) {
  EXPECT_EQ(longest_poll_seconds({.heartbeat_seconds = 30}), 10);
  EXPECT_EQ(longest_poll_seconds({.heartbeat_seconds = 600}), 20);
  EXPECT_EQ(longest_poll_seconds({.heartbeat_seconds = 1}), 1);
}

TEST(PollLoad, WithoutLimitsOrJitterItIsTheFixedInterval) {
  const PollRule rule{.share = 0.5, .shortest_seconds = 5, .longest_seconds = 5, .jitter = 0};
  const auto load = poll_load({.users = 60'000, .admitted_per_sec = 500}, rule, 5).value();
  EXPECT_NEAR(load.peak_per_second, load.fixed_peak_per_second, 1e-6);
  EXPECT_NEAR(load.total, load.fixed_total, 1e-4);
  EXPECT_NEAR(load.reduction, 0, 1e-9);
}

// By hand: g = 1/4 gives 1/κ = 3.47606; bends at 4 s and 80 s; 4 + 3.47606 ln 20 + 220/20 polls in 300 s.
TEST(PollsOfUser, AreTheStepsOfTheThreeStretches) {
  EXPECT_NEAR(polls_of_user({.jitter = 0}, 300).value(), 4 + 3.47606 * std::log(20) + 11, 1e-4);
  EXPECT_EQ(polls_of_user({}, 0).value(), 0);
}

// Every user of a burst asks by the gateway's rule until their turn; nothing of the closed form is used.
struct Walked {
  double total = 0;
  double at_peak = 0;
};
Walked walk_every_user(const PolledLine& line, const PollRule& rule, std::uint64_t seed) {
  core::Random random(seed);
  Walked walked;
  const auto users = static_cast<std::uint64_t>(line.users);
  for (std::uint64_t k = 1; k <= users; ++k) {
    const double factor = 1 - rule.jitter + 2 * rule.jitter * random.uniform();
    double wait = static_cast<double>(k) / line.admitted_per_sec;
    for (;;) {
      wait -= poll_interval_seconds(rule, wait, factor);
      if (wait <= 0) break;
      ++walked.total;
    }
  }
  return walked;
}

TEST(PollLoadProperties, TheTotalIsWithinThreePerCentOfWalkingEveryUser) {
  core::Random random(51);
  for (int i = 0; i < 30; ++i) {
    const PolledLine line{.users = 5000 + 20'000 * random.uniform(), .admitted_per_sec = 20 + 200 * random.uniform()};
    const PollRule rule{.share = 0.1 + 0.4 * random.uniform(),
                        .shortest_seconds = 0.5 + 1.5 * random.uniform(),
                        .longest_seconds = 5 + 20 * random.uniform(),
                        .jitter = 0.2 * random.uniform()};
    const auto load = poll_load(line, rule, 5).value();
    // The step that crosses the turn is counted by the half of it that lies before.
    const auto walked = walk_every_user(line, rule, static_cast<std::uint64_t>(i));
    EXPECT_NEAR((walked.total + line.users / 2) / load.total, 1, 0.03)
        << line.users / line.admitted_per_sec << " s, share " << rule.share;
  }
}

// A line kept at the same length, users joining at the back at the rate they leave: polls a second, counted by walking
// those who join one after the other for as long as it takes to get through the line.
TEST(PollLoadProperties, ThePeakIsThatOfASteadyLine) {
  core::Random random(54);
  for (const double wait : {10.0, 60.0, 300.0, 1000.0}) {
    constexpr int kUsers = 20'000;
    double polls = 0;
    for (int i = 0; i < kUsers; ++i) {
      double left = wait * (1 - 1e-3 * random.uniform());
      const double factor = 0.9 + 0.2 * random.uniform();
      for (left -= poll_interval_seconds({}, left, factor); left > 0;) {
        ++polls;
        left -= poll_interval_seconds({}, left, factor);
      }
    }
    const double per_second = polls / kUsers;  // at one user a second
    EXPECT_NEAR(per_second + 0.5, poll_load({.users = wait, .admitted_per_sec = 1}, {}, 5).value().peak_per_second,
                0.03 * per_second + 0.2)
        << wait;
  }
}

TEST(PollLoad, ALongLineAsksLessThanAtAFixedInterval) {
  const auto load = poll_load({.users = 300'000, .admitted_per_sec = 1000}, {}, 5).value();
  EXPECT_GT(load.reduction, 0.4);
  EXPECT_LT(load.peak_per_second, load.fixed_peak_per_second / 2);
  EXPECT_GT(load.mean_notice_seconds, 0.5);
  EXPECT_NEAR(load.longest_notice_seconds, 1.1 / 0.9, 1e-12);
}

TEST(PollLoadProperties, LongerLinesNeverAskLess) {
  core::Random random(52);
  for (int i = 0; i < 200; ++i) {
    const PolledLine line{.users = 1e5 * random.uniform(), .admitted_per_sec = 1 + 1000 * random.uniform()};
    auto longer = line;
    longer.users *= 1.1;
    EXPECT_GE(poll_load(longer, {}, 5).value().peak_per_second, poll_load(line, {}, 5).value().peak_per_second);
    EXPECT_GE(poll_load(longer, {}, 5).value().total, poll_load(line, {}, 5).value().total);
  }
}

// Users far from the front who join together must not be told the same: no millisecond gets more than a few of them.
TEST(PollRule, KeepsThoseFarFromTheFrontApart) {
  core::Random random(53);
  std::map<int, int> asking;
  constexpr int kUsers = 200'000;
  for (int k = 0; k < kUsers; ++k) {
    const double factor = 0.9 + 0.2 * random.uniform();
    ++asking[static_cast<int>(poll_interval_seconds({}, 100 + k / 1000.0, factor) * 1000)];
  }
  int most = 0;
  for (const auto& [millisecond, users] : asking) most = std::max(most, users);
  EXPECT_LT(most, 2 * kUsers / 3636);  // 16.4 to 20 s have 3,636 of them
}

TEST(Polling, RefusesImpossibleInputs) {
  EXPECT_THAT(fixed_polls_per_second(1, 0).error().message, HasSubstr("poll interval is 0"));
  EXPECT_THAT(poll_load({.users = 1}, {}, 5).error().message, HasSubstr("admission rate is 0"));
  EXPECT_THAT(poll_load({.users = -1, .admitted_per_sec = 1}, {}, 5).error().message, HasSubstr("is -1"));
  EXPECT_THAT(check_poll_rule({.share = 0.95}).error().message, HasSubstr("share of the wait is 0.95"));
  EXPECT_THAT(check_poll_rule({.shortest_seconds = 30}).error().message, HasSubstr("shortest poll is 30"));
  EXPECT_THAT(check_poll_rule({.jitter = 1}).error().message, HasSubstr("jitter is 1"));
  EXPECT_THAT(check_poll_rule({.heartbeat_seconds = 0}).error().message, HasSubstr("heartbeat is 0"));
}

}  // namespace
}  // namespace tacos::plan
