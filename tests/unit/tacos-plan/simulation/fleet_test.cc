#include "tacos-plan/simulation/fleet.h"

#include <gtest/gtest.h>

namespace tacos::plan {
namespace {

FleetParameters small_fleet() {
  FleetParameters rules;
  rules.requests_per_sec_per_pod = 100;
  rules.minimum_pods = 3;
  rules.maximum_pods = 50;
  rules.pods_at_opening = 3;
  rules.target_utilisation = 0.5;
  return rules;
}

// A fleet under a steady load.
class Driven {
 public:
  explicit Driven(const FleetParameters& rules) : fleet_(rules, 1) {}

  // The first second at whose end `wanted` holds; −1 when it doesn't come within an hour from now.
  template <class Wanted>
  int second_when(double requests_per_sec, Wanted wanted) {
    for (const std::uint32_t end = second_ + 3600; second_ < end;) {
      fleet_.begin_tick(1);
      fleet_.offer_many(requests_per_sec);
      fleet_.end_second(second_++);
      if (wanted(fleet_)) return static_cast<int>(second_);
    }
    return -1;
  }
  const GatewayFleet& fleet() const { return fleet_; }

 private:
  GatewayFleet fleet_;
  std::uint32_t second_ = 0;
};

bool has_grown(const GatewayFleet& fleet) {
  return fleet.ready() > 3;
}

TEST(GatewayFleet, MakesRequestsWaitForTheBacklogBeforeThem) {
  GatewayFleet fleet(small_fleet(), 1);  // 300 requests a second
  fleet.begin_tick(0.01);
  double last = 0;
  for (int i = 0; i < 603; ++i) last = fleet.offer();
  EXPECT_NEAR(last, (602 - 3) / 300.0, 1e-9);  // 3 of them are this tick's own
}

TEST(GatewayFleet, ShedsWhatWouldWaitBeyondTheTimeout) {
  FleetParameters rules = small_fleet();
  rules.timeout_sec = 2;
  GatewayFleet fleet(rules, 1);
  fleet.begin_tick(0.01);
  int shed = 0;
  for (int i = 0; i < 1000; ++i) shed += fleet.offer() < 0 ? 1 : 0;
  EXPECT_NEAR(shed, 1000 - 2 * 300 - 3, 1);
  GatewayFleet same(rules, 1);
  same.begin_tick(0.01);
  EXPECT_NEAR(same.offer_many(1000), 1000 - 2 * 300 - 3, 1e-9);
}

// Sync at 15 s: nothing measured is old enough. Sync at 30 s: 3 pods at 100 % and a target of 50 % want 6, and 6 pods
// are 20 s of starting away.
TEST(GatewayFleet, HelpsNobodyInTheFirstFiftySeconds) {
  Driven driven(small_fleet());
  EXPECT_EQ(driven.second_when(5000, has_grown), 50);
  EXPECT_EQ(driven.fleet().ready(), 6U);
}

TEST(GatewayFleet, WaitsForANodeWhenAllAreFull) {
  FleetParameters rules = small_fleet();
  rules.pods_per_node = 3;
  EXPECT_EQ(Driven(rules).second_when(5000, has_grown), 30 + 60 + 20);
  rules.spare_nodes = 1;
  EXPECT_EQ(Driven(rules).second_when(5000, has_grown), 30 + 20);
}

TEST(GatewayFleet, ReachesTheFleetThatTheLoadNeedsAndGoesNoFurther) {
  FleetParameters rules = small_fleet();
  rules.timeout_sec = 0.1;
  Driven driven(rules);
  EXPECT_GT(driven.second_when(1000, [](const GatewayFleet& fleet) { return fleet.ready() >= 20; }), 50);
  EXPECT_EQ(driven.second_when(1000, [](const GatewayFleet& fleet) { return fleet.replicas() > 20; }), -1);
}

// A long backlog keeps the new pods full until it is worked off, which the autoscaler takes for demand.
TEST(GatewayFleet, OvershootsWhileItWorksOffABacklog) {
  FleetParameters rules = small_fleet();
  rules.timeout_sec = 60;
  EXPECT_GT(Driven(rules).second_when(1000, [](const GatewayFleet& fleet) { return fleet.replicas() > 22; }), 50);
}

TEST(GatewayFleet, KeepsServingOnASpotNodeUntilItsNoticeEnds) {
  FleetParameters rules = small_fleet();
  rules.spot_share = 1;
  rules.spot_interruptions_per_node_hour = 3600;  // every second
  rules.pod_start_sec = 500;
  Driven driven(rules);
  EXPECT_EQ(driven.second_when(100, [](const GatewayFleet& fleet) { return fleet.ready() == 0; }), 1 + 120);
  EXPECT_GE(driven.fleet().interrupted_nodes(), 1U);
}

TEST(GatewayFleet, StartsAsManyElsewhereWhenASpotNodeGoes) {
  FleetParameters rules = small_fleet();
  rules.spot_share = 0.5;  // every second node
  rules.pods_per_node = 3;
  rules.pods_at_opening = 6;
  rules.target_utilisation = 1;
  rules.spot_interruptions_per_node_hour = 3600;
  Driven driven(rules);
  EXPECT_GT(driven.second_when(600, [](const GatewayFleet& fleet) { return fleet.starting() == 3; }), 0);
  EXPECT_EQ(driven.fleet().ready(), 6U);
}

TEST(GatewayFleet, CountsThePodHoursItUsed) {
  FleetParameters rules = small_fleet();
  rules.maximum_pods = 3;
  Driven driven(rules);
  driven.second_when(100, [](const GatewayFleet&) { return false; });
  EXPECT_NEAR(driven.fleet().pod_hours(), 3, 1e-9);
}

}  // namespace
}  // namespace tacos::plan
