#include "tacos-plan/simulation/autoscaler.h"

#include <gtest/gtest.h>

namespace tacos::plan {
namespace {

FleetParameters rules(double target, std::uint32_t minimum, std::uint32_t maximum) {
  FleetParameters rules;
  rules.target_utilisation = target;
  rules.minimum_pods = minimum;
  rules.maximum_pods = maximum;
  return rules;
}

FleetReading all_ready(std::uint32_t pods, double utilisation) {
  return {pods, pods, 0, pods * utilisation};
}

// Kubernetes documentation, "Horizontal Pod Autoscaling", "Algorithm details": at twice the target the replicas double,
// at half of it they halve.
TEST(DesiredReplicas, FollowTheDocumentedRatio) {
  EXPECT_EQ(desired_replicas(all_ready(5, 0.2), 0.1, 0.1), 10U);
  EXPECT_EQ(desired_replicas(all_ready(10, 0.05), 0.1, 0.1), 5U);
  EXPECT_EQ(desired_replicas(all_ready(3, 0.7), 0.5, 0.1), 5U);  // ⌈4.2⌉
}

// Kubernetes blog, "HorizontalPodAutoscaler Configurable Tolerance", April 2025: 50 pods at 90 % with a target of 75 %.
TEST(DesiredReplicas, MatchThePublishedExampleOfFiftyPods) {
  EXPECT_EQ(desired_replicas(all_ready(50, 0.90), 0.75, 0.1), 60U);
}

TEST(DesiredReplicas, StayWithinTheTolerance) {
  EXPECT_EQ(desired_replicas(all_ready(50, 0.55), 0.5, 0.1), 50U);
  EXPECT_EQ(desired_replicas(all_ready(50, 0.45), 0.5, 0.1), 50U);
  EXPECT_EQ(desired_replicas(all_ready(50, 0.56), 0.5, 0.1), 56U);
}

TEST(DesiredReplicas, CountStartingPodsAsIdleOnTheWayUp) {
  // 10 ready at 100 % of a target of 50 % want 20; with 10 more on their way that is what there will be.
  EXPECT_EQ(desired_replicas({20, 10, 10, 10.0}, 0.5, 0.1), 20U);
  EXPECT_EQ(desired_replicas({15, 10, 5, 10.0}, 0.5, 0.1), 20U);
  // Idle ones among them turn the direction round: then nothing changes.
  EXPECT_EQ(desired_replicas({40, 10, 30, 10.0}, 0.5, 0.1), 40U);
}

TEST(DesiredReplicas, LeaveStartingPodsOutOnTheWayDown) {
  EXPECT_EQ(desired_replicas({15, 10, 5, 2.0}, 0.5, 0.1), 4U);
}

// The default policies of the same page, "Default behavior": the larger of 4 pods and 100 % every 15 s.
TEST(HorizontalAutoscaler, GrowsByTheLargerOfFourPodsAndDoublingEveryFifteenSeconds) {
  HorizontalAutoscaler autoscaler(rules(0.01, 1, 100));
  std::uint32_t pods = 1;
  std::vector<std::uint32_t> sequence;
  for (double at = 15; at <= 105; at += 15) {
    pods = autoscaler.sync(at, all_ready(pods, 1));
    sequence.push_back(pods);
  }
  EXPECT_EQ(sequence, (std::vector<std::uint32_t>{5, 10, 20, 40, 80, 100, 100}));
}

TEST(HorizontalAutoscaler, HoldsTheLimitOverThePeriodWhenItSyncsMoreOften) {
  HorizontalAutoscaler autoscaler(rules(0.01, 1, 1000));
  EXPECT_EQ(autoscaler.sync(0, all_ready(10, 1)), 20U);
  EXPECT_EQ(autoscaler.sync(5, all_ready(20, 1)), 20U);
  EXPECT_EQ(autoscaler.sync(10, all_ready(20, 1)), 20U);
  EXPECT_EQ(autoscaler.sync(15, all_ready(20, 1)), 40U);
}

// Same page, "Stabilization window": the highest recommendation of the last 300 s counts when shrinking.
TEST(HorizontalAutoscaler, ShrinksOnlyAfterFiveMinutesOfLowerRecommendations) {
  HorizontalAutoscaler autoscaler(rules(0.5, 1, 100));
  EXPECT_EQ(autoscaler.sync(0, all_ready(30, 0.5)), 30U);
  for (double at = 15; at < 300; at += 15) EXPECT_EQ(autoscaler.sync(at, all_ready(30, 0.1)), 30U) << at;
  EXPECT_EQ(autoscaler.sync(300, all_ready(30, 0.1)), 6U);
}

TEST(HorizontalAutoscaler, ShrinksToTheHighestOfTheWindowAndNoFurther) {
  HorizontalAutoscaler autoscaler(rules(0.5, 1, 100));
  autoscaler.sync(0, all_ready(30, 0.5));
  autoscaler.sync(150, all_ready(30, 0.2));  // recommends 12
  EXPECT_EQ(autoscaler.sync(300, all_ready(30, 0.1)), 12U);
}

TEST(HorizontalAutoscaler, ShrinksByAtMostItsShareOfThePeriodsStart) {
  FleetParameters slow = rules(0.5, 1, 100);
  slow.down_stabilisation_sec = 0;
  slow.down_share = 0.1;
  slow.down_period_sec = 60;
  HorizontalAutoscaler autoscaler(slow);
  EXPECT_EQ(autoscaler.sync(15, all_ready(80, 0.1)), 72U);
  EXPECT_EQ(autoscaler.sync(30, all_ready(72, 0.1)), 72U);
  EXPECT_EQ(autoscaler.sync(75, all_ready(72, 0.1)), 65U);  // ⌈72 × 0.9⌉
}

TEST(HorizontalAutoscaler, StaysBetweenMinimumAndMaximum) {
  HorizontalAutoscaler autoscaler(rules(0.5, 3, 12));
  EXPECT_EQ(autoscaler.sync(15, all_ready(10, 1)), 12U);
  HorizontalAutoscaler idle(rules(0.5, 3, 12));
  idle.sync(15, all_ready(10, 0));
  EXPECT_EQ(idle.sync(315, all_ready(10, 0)), 3U);
}

// Kubernetes, pkg/controller/podautoscaler/horizontal.go: the replicas found at the first sync are the window's first
// recommendation.
TEST(HorizontalAutoscaler, KeepsAFleetThatWasRaisedBeforehandForTheWholeWindow) {
  HorizontalAutoscaler autoscaler(rules(0.5, 3, 100));
  for (double at = 15; at < 315; at += 15) EXPECT_EQ(autoscaler.sync(at, all_ready(30, 0.1)), 30U) << at;
  EXPECT_EQ(autoscaler.sync(315, all_ready(30, 0.1)), 6U);
}

}  // namespace
}  // namespace tacos::plan
