#include "tacos-plan/plan/warnings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/tacos-plan/plan/planned.h"

namespace tacos::plan {
namespace {

using enum Quantity;
using testing::HasSubstr;

// The seven ways in which the original's reasoning is wrong or silent, and what a plan in its normal mode says of each,
// with this sale's own numbers.
TEST(Warnings, NameEachOfTheOriginalsMistakesInThePlansOwnNumbers) {
  const Plan plan = planned(inputs_with({{kRedisShards, 5}}));
  struct Case {
    const char* code;
    const char* words;
  };
  for (const auto& [code, words] :
       {Case{"WAIT_IS_THE_LONGEST", "The mean is 2 min 30 s"}, Case{"SOLD_OUT_EARLY", "290,000 of 300,000"},
        Case{"WRITES_FOLLOW_PURCHASES", "1,800,000"}, Case{"NETWORK_IS_A_BURST", "1,562 MB/s"},
        Case{"SHARDS_IDLE", "1 of 5"}, Case{"CODE_LIMITS_ADMISSION", "40/s"}}) {
    const PlanWarning* warning = warning_of(plan, code);
    ASSERT_NE(warning, nullptr) << code;
    EXPECT_THAT(warning->text, HasSubstr(words)) << code;
  }
  PlanInputs old;
  ASSERT_TRUE(old.choose("dynamodb_prices", "before-2024-11", "test").has_value());
  const PlanWarning* halved = warning_of(planned(old), "DYNAMODB_PRICES_OLD");
  ASSERT_NE(halved, nullptr);
  EXPECT_THAT(halved->text, HasSubstr("halved in November 2024"));
}

TEST(Warnings, AppearOnlyWhereTheyAreTrue) {
  const auto has = [](std::initializer_list<std::pair<Quantity, double>> values, const char* code) {
    return warning_of(planned(inputs_with(values)), code) != nullptr;
  };
  EXPECT_TRUE(has({}, "RATE_RULE_BLOCKS_USERS"));
  EXPECT_FALSE(has({{kPollInterval, 20}}, "RATE_RULE_BLOCKS_USERS"));
  EXPECT_TRUE(has({{kPollJitter, 0}}, "POLLS_IN_STEP"));
  EXPECT_FALSE(has({}, "POLLS_IN_STEP"));
  EXPECT_TRUE(has({{kRedisReplicas, 0}}, "NO_REPLICA"));
  EXPECT_FALSE(has({}, "NO_REPLICA"));
  EXPECT_TRUE(has({{kHotItemShare, 1}}, "HOT_ITEM"));
  EXPECT_FALSE(has({}, "HOT_ITEM"));
  EXPECT_TRUE(has({}, "TABLE_IS_COLD"));
  EXPECT_FALSE(has({{kAdmissionRate, 100}}, "TABLE_IS_COLD"));
  EXPECT_TRUE(has({}, "TOO_SHORT_TO_AUTOSCALE"));
  EXPECT_FALSE(has({{kAdmissionRate, 10}}, "TOO_SHORT_TO_AUTOSCALE"));
  EXPECT_TRUE(has({{kSpotShare, 0.7}, {kSpotDiscount, 0.7}}, "SPOT_DISCOUNT_HIGH"));
  EXPECT_FALSE(has({{kSpotShare, 0.7}}, "SPOT_DISCOUNT_HIGH"));
  EXPECT_FALSE(has({{kBotShare, 0}}, "BOTS_BUY_SEATS"));
}

TEST(Warnings, CallAScanOfKeysAConflictAndAFullSlotToo) {
  PlanInputs keys;
  ASSERT_TRUE(keys.choose("position", "keys", "test").has_value());
  const PlanWarning* scan = warning_of(planned(keys), "POSITION_BY_SCAN");
  ASSERT_NE(scan, nullptr);
  EXPECT_EQ(scan->severity, Severity::kConflict);
  PlanInputs index = inputs_with({{kUsers, 2'000'000}});
  ASSERT_TRUE(index.choose("position", "index", "test").has_value());
  EXPECT_NE(warning_of(planned(index), "HOT_SLOT_FULL"), nullptr);
}

TEST(Warnings, ComeWorstFirst) {
  const Plan plan = planned(inputs_with({{kReservationCapacity, 100}}));
  for (std::size_t i = 1; i < plan.warnings.size(); ++i) {
    EXPECT_GE(plan.warnings[i - 1].severity, plan.warnings[i].severity);
  }
}

}  // namespace
}  // namespace tacos::plan
