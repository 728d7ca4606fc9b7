#include "tacos-plan/proof/proving_scenario.h"

#include <cmath>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/units.h"
#include "support/schema_check.h"
#include "unit/tacos-plan/proof/sale_run.h"

namespace tacos::plan {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using Q = Quantity;

json scenario_of(const PlanInputs& inputs, const ScenarioShape& shape = {}) {
  return json::parse(proving_scenario(planned(inputs), shape).value());
}

double seconds(const json& duration) {
  return core::to_seconds(core::parse_duration(duration.get<std::string>()).value());
}

json journey(PlanInputs inputs) {
  return scenario_of(inputs)["journey"];
}

TEST(ProvingScenario, IsAScenarioOfTheLoadGenerator) {
  std::ifstream file(std::string(TACOS_SOURCE_DIR) + "/docs/schema/scenario-1.schema.json");
  const json rules = json::parse(file);
  PlanInputs by_position = small_sale();
  by_position.poll = PollPolicy::kByPosition;
  PlanInputs go_on = small_sale();
  go_on.at_sell_out = AtSellOut::kGoOn;
  for (const auto& inputs :
       {PlanInputs(), small_sale(), by_position, go_on, inputs_with({{Q::kUsers, 1}, {Q::kSeats, 1}}),
        inputs_with({{Q::kUsers, 1e7}, {Q::kPatience, 90}, {Q::kConversion, 0.9}, {Q::kTicketsPerBuyer, 2.5}}),
        inputs_with({{Q::kArrivalTime, 3600}, {Q::kPollJitter, 0}, {Q::kCheckoutTime, 0}, {Q::kErrorPromise, 0}})}) {
    EXPECT_THAT(support::SchemaCheck(rules).faults_of(scenario_of(inputs)), testing::IsEmpty());
  }
}

TEST(ProvingScenario, BringsThePlansCrowdAndItsPeak) {
  const json scenario = scenario_of(small_sale());
  EXPECT_EQ(scenario["users"], 1000);
  const json& stages = scenario["load"]["stages"];
  ASSERT_EQ(stages.size(), 2U);
  EXPECT_EQ(stages[0]["to"], 1000);  // 1,000 users, one request a second
  EXPECT_EQ(stages[0]["from"], 33);
  EXPECT_EQ(seconds(stages[0]["duration"]), 5);  // as long as the crowd takes to gather
  EXPECT_EQ(stages[1]["rate"], 1000);
  EXPECT_GE(seconds(stages[1]["duration"]), planned(small_sale()).selling.told_sec);
}

TEST(ProvingScenario, TakesTheShapeThatWasAskedFor) {
  const json stages = scenario_of(small_sale(), {7.0, 11.5})["load"]["stages"];
  EXPECT_EQ(seconds(stages[0]["duration"]), 7);
  EXPECT_EQ(seconds(stages[1]["duration"]), 11.5);
}

TEST(ProvingScenario, AsksAsThePlanSays) {
  const json fixed = journey(small_sale());
  EXPECT_EQ(fixed["kind"], "queue");
  EXPECT_EQ(seconds(fixed["poll"]["interval"]), 1);
  EXPECT_EQ(fixed["poll"]["honour_poll_after"], false);
  PlanInputs by_position = small_sale();
  by_position.poll = PollPolicy::kByPosition;
  EXPECT_EQ(journey(by_position)["poll"]["honour_poll_after"], true);
  EXPECT_EQ(seconds(journey(by_position)["poll"]["interval"]), by_position[Q::kPollLongest]);
}

TEST(ProvingScenario, BehavesAsThePlansPeople) {
  const json people = journey(inputs_with({{Q::kPatience, 90},
                                           {Q::kConversion, 0.9},
                                           {Q::kTicketsPerBuyer, 4},
                                           {Q::kCheckoutTime, 30},
                                           {Q::kPollJitter, 0.25}}));
  EXPECT_EQ(seconds(people["patience"]), 90);
  EXPECT_NEAR(people["payment_failures"], 0.1, 1e-12);
  EXPECT_EQ(people["seats_per_user"], 4);
  EXPECT_EQ(people["poll"]["jitter"], 0.25);
  EXPECT_EQ(people["when_sold_out"], "keep_refreshing");
  double checkout = 0;
  for (const auto& [step, duration] : people["think"].items()) checkout += seconds(duration);
  EXPECT_NEAR(checkout, 30, 1e-9);
  PlanInputs go_on;
  go_on.at_sell_out = AtSellOut::kGoOn;
  EXPECT_EQ(journey(go_on)["when_sold_out"], "leave");
}

TEST(ProvingScenario, GatesArePromisesOfThePlan) {
  const json scenario = scenario_of(
      inputs_with({{Q::kStatusPromise, 0.0125}, {Q::kErrorPromise, 0.002}, {Q::kSeats, 100}, {Q::kUsers, 1000}}));
  EXPECT_EQ(scenario["gates"], json({"errors <= 0.2%", "achieved >= 99%", "p99(status) < 12.5ms",
                                     "users.position_rises == 0", "users.confirmed <= 100"}));
}

// Nothing is less than no failure.
TEST(ProvingScenario, APromiseOfNoFailureCanBeKept) {
  EXPECT_EQ(scenario_of(inputs_with({{Q::kErrorPromise, 0}}))["gates"][0], "errors <= 0%");
}

TEST(ProvingScenario, SaysHowTheWaitingRoomIsSetUp) {
  const std::string text = scenario_of(small_sale())["description"];
  for (const char* option : {"--admission-rate 50 ", "--admission-burst 0 ", "--seats 100 ", "--opening-delay 5s ",
                             "--turn-ttl 30s ", "--heartbeat-ttl 1m "}) {
    EXPECT_THAT(text, HasSubstr(option));
  }
}

// All of its digits: 333.333 a second would let in 0.4 fewer in 20 minutes, and 1e+06 is no rate.
TEST(ProvingScenario, WritesNumbersAsTheGatewayReadsThem) {
  const std::string text = scenario_of(inputs_with({{Q::kSeats, 1234567}, {Q::kUsers, 5e6}}))["description"];
  EXPECT_THAT(text, HasSubstr("--seats 1234567 "));
  EXPECT_THAT(scenario_of(inputs_with({{Q::kSeats, 1234567}, {Q::kUsers, 5e6}}))["gates"],
              testing::Contains("users.confirmed <= 1234567"));
}

TEST(ProvingScenario, RefusesWhatTheLoadGeneratorWouldRefuse) {
  const auto refusal = [](const PlanInputs& inputs) { return proving_scenario(planned(inputs), {}).error().message; };
  EXPECT_THAT(refusal(inputs_with({{Q::kUsers, 1e8}})), HasSubstr("users: 100,000,000 are more than"));
  EXPECT_THAT(refusal(inputs_with({{Q::kCheckoutTime, 7200}})), HasSubstr("checkout_sec: "));
  EXPECT_THAT(refusal(inputs_with({{Q::kPatience, 100'000}})), HasSubstr("patience_sec: "));
  EXPECT_THAT(refusal(inputs_with({{Q::kGatherTime, 100'000}})), HasSubstr("the stage 'gather' takes"));
  EXPECT_THAT(refusal(inputs_with({{Q::kGatherTime, 100'000}})), HasSubstr("--ramp"));
}

}  // namespace
}  // namespace tacos::plan
