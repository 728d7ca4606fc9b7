#include "tacos-plan/plan/warnings.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/tacos-plan/plan/planned.h"

namespace tacos::plan {
namespace {

using enum Quantity;
using testing::HasSubstr;
using testing::Not;

// What a plan of these inputs says by that code; nothing when it does not warn.
std::string text_of(const PlanInputs& inputs, const char* code) {
  const Plan plan = planned(inputs);
  const PlanWarning* warning = warning_of(plan, code);
  return warning == nullptr ? "" : warning->text;
}

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

TEST(Warnings, NameTheRuleThatIsBroken) {
  // 10,000 seats in a second need 10,000/s; the wait would be content with 1,000/s.
  const std::string conflict = text_of(inputs_with({{kSaleTime, 1}}), "RULES_CONFLICT");
  EXPECT_THAT(conflict, HasSubstr("selling the seats within 1 s needs 10,000/s"));
  const std::string slow = text_of(inputs_with({{kAdmissionRate, 1100}, {kSaleTime, 5}}), "PROMISE_NOT_KEPT");
  EXPECT_THAT(slow, HasSubstr("the seats are taken after 9.09 s, not within 5 s: 2,000/s would do it"));
  const std::string late = text_of(inputs_with({{kAdmissionRate, 3}}), "PROMISE_NOT_KEPT");
  EXPECT_THAT(late, HasSubstr("not 5 min: 1,000/s would keep it"));
}

TEST(Warnings, TakeTheArrivalsOffTheLongestWait) {
  // 300,000 ÷ 750/s are 400 s, of which 100 s are arrivals; half that wait needs N ÷ (2 × 300 s + 100 s).
  const std::string longest = text_of(inputs_with({{kArrivalTime, 100}}), "WAIT_IS_THE_LONGEST");
  EXPECT_THAT(longest, HasSubstr("300,000 ÷ 750/s − 1 min 40 s of arrivals = 5 min"));
  EXPECT_THAT(longest, HasSubstr("only 429/s"));
}

TEST(Warnings, CountWhatOneUserAsksInTheTimeThatTheyStay) {
  // Five seconds of gathering and ten in line are three requests, which no rule of 100 stops.
  const auto short_line = inputs_with({{kSeats, 10'000'000}, {kTargetWait, 10}, {kGatherTime, 5}});
  EXPECT_EQ(warning_of(planned(short_line), "RATE_RULE_BLOCKS_USERS"), nullptr);
  const std::string everyone = text_of(inputs_with({{kPollInterval, 2}}), "RATE_RULE_BLOCKS_USERS");
  EXPECT_THAT(everyone, HasSubstr("everyone who stays in line"));
}

TEST(Warnings, DoNotAdviseWhatIsAlreadyDone) {
  const std::string full = text_of(inputs_with({{kUsers, 20'000'000}, {kTargetWait, 3600}}), "HOT_SLOT_FULL");
  EXPECT_THAT(full, HasSubstr("--line-buckets"));
  EXPECT_THAT(full, Not(HasSubstr("--position watermark")));
  const std::string spread = text_of(inputs_with({{kRedisShards, 3}, {kLineBuckets, 8}}), "ONE_HOT_SLOT");
  EXPECT_THAT(spread, HasSubstr("spread over 8 buckets"));
  const std::string idle = text_of(inputs_with({{kRedisShards, 3}, {kLineBuckets, 2}}), "SHARDS_IDLE");
  EXPECT_THAT(idle, HasSubstr("2 hash tags, so this sale uses 2 of 3 shards; the other 1 holds nothing"));
}

TEST(Warnings, SayNothingOfWritesOrPaymentsWhereTheShortcutWouldDoNoHarm) {
  // Ten users in ten seconds: 1/s for 2 s would be fewer writes than theirs.
  const auto small = inputs_with({{kUsers, 10}, {kTargetWait, 10}, {kSaleTime, 2}, {kSeats, 2}});
  EXPECT_EQ(warning_of(planned(small), "WRITES_FOLLOW_PURCHASES"), nullptr);
  EXPECT_EQ(warning_of(planned(inputs_with({{kNoShow, 0.95}})), "PAYMENT_PROVIDER_LIMIT"), nullptr);
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
