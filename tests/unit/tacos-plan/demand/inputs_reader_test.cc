#include "tacos-plan/demand/inputs_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tacos::plan {
namespace {

using testing::HasSubstr;

std::string fault_of(std::string_view json) {
  PlanInputs inputs;
  const auto read = read_inputs(json, "sale.json", inputs);
  return read ? "" : read.error().message;
}

TEST(InputsReader, TakesNumbersTextsWithUnitsAndChoices) {
  PlanInputs inputs;
  const auto read = read_inputs(R"({"schema": "tacos.plan-inputs/1", "users": 500000, "poll_interval_sec": "10s",
      "conversion": {"value": "60%", "source": "last year's sale"}, "position": "index", "region": "ap-northeast-2"})",
                                "sale.json", inputs);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(inputs[Quantity::kUsers], 500'000);
  EXPECT_EQ(inputs[Quantity::kPollInterval], 10);
  EXPECT_EQ(inputs.source(Quantity::kConversion), "last year's sale");
  EXPECT_EQ(inputs.source(Quantity::kUsers), "sale.json");
  EXPECT_EQ(inputs.position, PositionStrategy::kIndex);
  EXPECT_EQ(inputs.region, "ap-northeast-2");
}

TEST(InputsReader, TakesBackWhatAPlanWrote) {
  PlanInputs inputs;
  const auto read = read_inputs(R"({"schema": "tacos.plan/1", "inputs": {"users": 1000, "poll": "by-position"},
      "assumptions": [{"name": "item_bytes", "value": 2000, "unit": "bytes", "source": "measured"}], "cost": {}})",
                                "plan.json", inputs);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(inputs[Quantity::kUsers], 1000);
  EXPECT_EQ(inputs[Quantity::kItemBytes], 2000);
  EXPECT_EQ(inputs.source(Quantity::kItemBytes), "measured");
  EXPECT_EQ(inputs.poll, PollPolicy::kByPosition);
}

TEST(InputsReader, NamesThePointerTheValueAndTheRange) {
  EXPECT_THAT(fault_of(R"({"schema": "tacos.plan-inputs/1", "seats": -5})"),
              HasSubstr("sale.json: /seats: -5 is out of range"));
  EXPECT_THAT(fault_of(R"({"schema": "tacos.plan-inputs/1", "seats": true})"), HasSubstr("/seats: must be a number"));
  EXPECT_THAT(fault_of(R"({"schema": "tacos.plan-inputs/1", "position": 3})"), HasSubstr("/position: must be a text"));
  EXPECT_THAT(fault_of(R"({"schema": "tacos.plan-inputs/1", "users": {"valeu": 3}})"), HasSubstr("/users/valeu"));
  EXPECT_THAT(fault_of(R"({"schema": "tacos.plan-inputs/1", "assumptions": [{"name": "seats", "value": 0}]})"),
              HasSubstr("/assumptions/0: 0 is out of range"));
}

TEST(InputsReader, SuggestsTheNearestName) {
  EXPECT_THAT(fault_of(R"({"schema": "tacos.plan-inputs/1", "poll_intervall_sec": 3})"),
              HasSubstr("is it 'poll_interval_sec'?"));
  EXPECT_THAT(fault_of(R"({"schema": "tacos.plan-inputs/1", "poll_interval": 3})"), HasSubstr("poll_interval_sec"));
  EXPECT_EQ(nearest_name("zzzzzzzzzzzzzzzz"), "");
}

TEST(InputsReader, RefusesBrokenFilesAndOtherSchemas) {
  EXPECT_THAT(fault_of("{"), HasSubstr("is not JSON"));
  EXPECT_THAT(fault_of("[1]"), HasSubstr("no JSON object"));
  EXPECT_THAT(fault_of(R"({"users": 3})"), HasSubstr("/schema"));
  EXPECT_THAT(fault_of(R"({"schema": "tacos.run/1"})"), HasSubstr("'tacos.run/1'"));
  EXPECT_THAT(fault_of(R"({"schema": "tacos.plan/1"})"), HasSubstr("/inputs: must be an object"));
}

}  // namespace
}  // namespace tacos::plan
