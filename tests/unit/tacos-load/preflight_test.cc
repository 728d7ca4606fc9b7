#include "tacos-load/run/preflight.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tacos::load {
namespace {

using core::Rate;
using std::chrono::seconds;
using testing::HasSubstr;

Scenario at_rate(double rps) {
  Scenario scenario;
  scenario.stages = ramp_and_hold(Rate::per_second(rps), Rate::per_second(rps), core::Nanos(0), seconds(10));
  return scenario;
}

MachineFacts machine(std::uint32_t cpus, std::uint64_t fds) {
  MachineFacts facts;
  facts.cpus = cpus;
  facts.fd_limit = fds;
  return facts;
}

TEST(PlanResources, TheHeadlineOnTwoCoresIsOneWorkerAndABoundedPool) {
  const auto plan = plan_resources(at_rate(30'000), machine(2, 20'000), true);
  ASSERT_TRUE(plan.has_value());
  EXPECT_EQ(plan->workers, 1u);
  EXPECT_EQ(plan->connections, 900u);
  EXPECT_EQ(plan->engine, Engine::kAsio);
  EXPECT_TRUE(plan->adapted.empty());
}

TEST(PlanResources, AdaptsItsOwnChoiceToTheDescriptorsAndSaysSo) {
  const auto plan = plan_resources(at_rate(30'000), machine(8, 512), true);
  ASSERT_TRUE(plan.has_value());
  EXPECT_EQ(plan->connections, 448u);
  ASSERT_EQ(plan->adapted.size(), 1u);
  EXPECT_THAT(plan->adapted[0], HasSubstr("448 connections instead of 900"));
}

TEST(PlanResources, RefusesAWishThatCanNotBeMetAndNamesTheNextStep) {
  Scenario scenario = at_rate(1000);
  scenario.connections = 50'000;
  const auto plan = plan_resources(scenario, machine(2, 20'000), true);
  ASSERT_TRUE(plan.has_error());
  EXPECT_THAT(plan.error().message, HasSubstr("50,000 connections need more than the 20,000 descriptors"));
  EXPECT_THAT(plan.error().message, HasSubstr("ask for at most 19,936"));
  EXPECT_THAT(plan.error().message, HasSubstr("ulimit -Hn"));
}

TEST(PlanResources, RefusesFewerConnectionsThanTargets) {
  Scenario scenario = at_rate(1000);
  scenario.other_targets = {"http://b:1", "http://c:1"};
  scenario.connections = 2;
  const auto plan = plan_resources(scenario, machine(2, 20'000), true);
  ASSERT_TRUE(plan.has_error());
  EXPECT_EQ(plan.error().message, "2 connections can't reach 3 targets: each needs one; ask for 3 or more");
  scenario.connections = 3;
  EXPECT_TRUE(plan_resources(scenario, machine(2, 20'000), true).has_value());
}

TEST(PlanResources, SpreadsOverLoopbackAddressesBeforePortsRunShort) {
  Scenario scenario = at_rate(1000);
  scenario.connections = 18'000;
  const auto plan = plan_resources(scenario, machine(2, 20'000), true);
  ASSERT_TRUE(plan.has_value());
  EXPECT_EQ(plan->source_addresses, "127.0.1.1,127.0.1.2,127.0.1.3");
  scenario.source_addresses = "127.9.9.9";
  EXPECT_EQ(plan_resources(scenario, machine(2, 20'000), true)->source_addresses, "127.9.9.9");
  const auto remote = plan_resources(at_rate(1000), machine(2, 20'000), false);
  EXPECT_EQ(remote->source_addresses, "");
}

TEST(PlanResources, TheEngineFollowsFromWhatIsAsked) {
  Scenario scenario = at_rate(1000);
  scenario.http2 = true;
  EXPECT_EQ(plan_resources(scenario, machine(2, 20'000), true)->engine, Engine::kCurl);
  scenario.engine = Engine::kAsio;
  EXPECT_THAT(plan_resources(scenario, machine(2, 20'000), true).error().message, HasSubstr("--engine curl"));
}

}  // namespace
}  // namespace tacos::load
