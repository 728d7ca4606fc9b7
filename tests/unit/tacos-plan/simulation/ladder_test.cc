#include "tacos-plan/simulation/ladder.h"

#include <gtest/gtest.h>

namespace tacos::plan {
namespace {

// The original's ladder: 3, 5, 10, 20 and 30 pods.
TEST(Ladder, NeedsTheOriginalsPodsAtEachRung) {
  const auto rungs = simulate_ladder(LadderParameters{}, 1);
  ASSERT_EQ(rungs.size(), 9U);
  const std::uint32_t pods[] = {3, 5, 10, 20, 30};
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(rungs[i].pods_needed, pods[i]);
    EXPECT_EQ(rungs[i].pods_after, pods[i]);
    EXPECT_NEAR(rungs[i].utilisation_of(Component::kGateway), i == 0 ? 0.05 : 0.15, 0.001);
  }
}

// By hand, from 5 to 10 pods: the sync 15 s into the rung sees the load of before; that at 30 s all of the new one and
// asks for 10, which start in 20 s. From 10 to 20 every node is full, so a node's 60 s come on top.
TEST(Ladder, TakesTheSyncTheMeasurementAndTheStartToClimbARung) {
  const auto rungs = simulate_ladder(LadderParameters{}, 1);
  EXPECT_EQ(rungs[0].settled_sec, 0);
  EXPECT_EQ(rungs[1].settled_sec, 30 + 20);
  EXPECT_EQ(rungs[2].settled_sec, 30 + 20);
  EXPECT_EQ(rungs[3].settled_sec, 30 + 60 + 20);
  EXPECT_EQ(rungs[4].settled_sec, 30 + 60 + 20);
}

// The stabilisation window, and the sync and the measurement before it. The original took 5 min from 30k to 10k.
TEST(Ladder, TakesFiveMinutesToGoDownARung) {
  const auto rungs = simulate_ladder(LadderParameters{}, 1);
  for (std::size_t i = 5; i < 9; ++i) {
    EXPECT_TRUE(rungs[i].down);
    EXPECT_GE(rungs[i].settled_sec, 300);
    EXPECT_LE(rungs[i].settled_sec, 330);
    EXPECT_EQ(rungs[i].pods_after, rungs[i].pods_needed);
  }
}

TEST(Ladder, ShedsNothingWhenAPodHasSixTimesWhatItIsPlannedFor) {
  for (const LadderRung& rung : simulate_ladder(LadderParameters{}, 1)) EXPECT_EQ(rung.shed, 0);
}

TEST(Ladder, ShedsUntilThePodsAreThereWhenAPodIsPlannedToItsLimit) {
  LadderParameters parameters;
  parameters.gateway.requests_per_sec_per_pod = 1000;
  parameters.gateway.target_utilisation = 0.9;
  parameters.gateway.maximum_pods = 50;
  parameters.back_down = false;
  const auto rungs = simulate_ladder(parameters, 1);
  EXPECT_EQ(rungs[0].shed, 0);
  EXPECT_GT(rungs[3].shed, 0);
  EXPECT_GE(rungs[3].settled_sec, 50);
}

TEST(Ladder, SaysWhenTheMaximumKeepsTheFleetTooSmall) {
  LadderParameters parameters;
  parameters.gateway.maximum_pods = 15;
  parameters.longest_sec = 600;
  parameters.back_down = false;
  const auto rungs = simulate_ladder(parameters, 1);
  EXPECT_EQ(rungs[4].pods_needed, 30U);
  EXPECT_EQ(rungs[4].pods_after, 15U);
  EXPECT_LT(rungs[4].settled_sec, 0);
  EXPECT_EQ(rungs[4].lasted_sec, 600);
}

// The original's finding: at 10,000 requests per second Redis was full with KEYS and at 40 % with the index.
TEST(Ladder, ShowsRedisFullWithACostThatGrowsWithTheLine) {
  LadderParameters parameters;
  parameters.redis.status_cpu_sec = 40e-6;
  EXPECT_NEAR(simulate_ladder(parameters, 1)[2].utilisation_of(Component::kRedis), 0.4, 1e-9);
  parameters.redis.status_cpu_sec_per_waiting = 0.1e-6;  // 50,000 keys in line: 5 ms more
  EXPECT_NEAR(simulate_ladder(parameters, 1)[2].utilisation_of(Component::kRedis), 50.4, 1e-6);
}

TEST(Ladder, RefusesRungsOutOfRange) {
  LadderParameters parameters;
  EXPECT_TRUE(check(parameters));
  parameters.requests_per_sec = {};
  EXPECT_EQ(check(parameters).error().message, "the ladder has 0 rungs, but must have from 1 to 100");
  parameters.requests_per_sec = {1000};
  parameters.backends.payment_per_sec = 0;
  EXPECT_NE(check(parameters).error().message.find("backends.payment_per_sec"), std::string::npos);
  parameters.requests_per_sec = {-1};
  EXPECT_EQ(check(parameters).error().message, "a rung's requests_per_sec is -1, but must be from 0 to 1000000000");
}

}  // namespace
}  // namespace tacos::plan
