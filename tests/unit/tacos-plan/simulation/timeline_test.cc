#include "tacos-plan/simulation/timeline.h"

#include <gtest/gtest.h>

namespace tacos::plan {
namespace {

Timeline::State with_gateway_at(double utilisation) {
  Timeline::State state;
  state.utilisation[static_cast<std::size_t>(Component::kGateway)] = utilisation;
  return state;
}

TEST(Timeline, KeepsSecondsWhileTheyAreFew) {
  Timeline timeline;
  for (int i = 0; i < 600; ++i) timeline.close_second({});
  EXPECT_EQ(timeline.points(0).size(), 600U);
  timeline.close_second({});
  EXPECT_EQ(timeline.points(0).size(), 301U);
  EXPECT_EQ(timeline.points(0)[1].t_sec, 2);
}

TEST(Timeline, SumsCountsAveragesSharesAndKeepsTheLastState) {
  Timeline timeline;
  for (std::uint64_t i = 1; i <= 4; ++i) {
    timeline.second().admitted = i;
    timeline.second().status_calls = 10 * i;
    Timeline::State state = with_gateway_at(0.1 * static_cast<double>(i));
    state.waiting = 100 - i;
    timeline.close_second(state);
  }
  const auto points = timeline.points(2);
  ASSERT_EQ(points.size(), 2U);
  EXPECT_EQ(points[1].t_sec, 2);
  EXPECT_EQ(points[1].admitted, 7U);
  EXPECT_DOUBLE_EQ(points[1].status_per_sec, 35);
  EXPECT_DOUBLE_EQ(points[1].utilisation_of(Component::kGateway), 0.35);
  EXPECT_EQ(points[1].waiting, 96U);
}

TEST(Timeline, KnowsTheMedianDelayToATenth) {
  Timeline timeline;
  for (const double delay : {3e-6, 100e-6, 1e-3, 0.03, 0.7, 9.0}) {
    for (int i = 0; i < 10; ++i) timeline.count_delay(delay / 2);
    for (int i = 0; i < 100; ++i) timeline.count_delay(delay);
    timeline.count_delay(delay * 3);
    timeline.close_second({});
    EXPECT_NEAR(timeline.points(1).back().delay_p50_sec, delay, 0.13 * delay);
    EXPECT_DOUBLE_EQ(timeline.points(1).back().delay_max_sec, delay * 3);
    EXPECT_DOUBLE_EQ(timeline.points(1).back().served_per_sec, 111);
  }
}

TEST(Timeline, RemembersTheFirstSecondThatWasFull) {
  Timeline timeline;
  for (const double utilisation : {0.5, 0.9, 1.0, 0.3, 1.0}) timeline.close_second(with_gateway_at(utilisation));
  const ComponentLoad& load = timeline.loads()[static_cast<std::size_t>(Component::kGateway)];
  EXPECT_DOUBLE_EQ(load.peak_utilisation, 1);
  EXPECT_DOUBLE_EQ(load.saturated_at_sec, 2);
  EXPECT_LT(timeline.loads()[static_cast<std::size_t>(Component::kRedis)].saturated_at_sec, 0);
}

}  // namespace
}  // namespace tacos::plan
