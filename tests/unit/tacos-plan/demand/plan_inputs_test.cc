#include "tacos-plan/demand/plan_inputs.h"

#include <cmath>
#include <limits>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tacos::plan {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(Quantities, StandInTheOrderOfTheirIdsWithANameASourceAndADefaultInRange) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kQuantities; ++i) {
    const auto& spec = all_quantities()[i];
    EXPECT_EQ(static_cast<std::size_t>(spec.id), i) << spec.name;
    EXPECT_TRUE(names.insert(spec.name).second) << spec.name;
    EXPECT_FALSE(spec.source.empty()) << spec.name;
    EXPECT_FALSE(spec.meaning.empty()) << spec.name;
    EXPECT_GE(spec.value, spec.least) << spec.name;
    EXPECT_LE(spec.value, spec.most) << spec.name;
    EXPECT_EQ(quantity_named(spec.name), spec.id);
  }
}

TEST(PlanInputs, KeepsTheDefaultsThatItsOwnChecksAccept) {
  const PlanInputs inputs;
  EXPECT_TRUE(inputs.check().has_value()) << inputs.check().error().message;
  EXPECT_TRUE(inputs.is_default(Quantity::kUsers));
}

TEST(PlanInputs, RefusesWhatIsOutOfRangeAndNamesTheFieldTheValueAndTheRange) {
  PlanInputs inputs;
  const auto refused = inputs.set(Quantity::kUsers, 1e18, "--users", "--users");
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().message,
              AllOf(HasSubstr("--users"), HasSubstr("1e+18"), HasSubstr("a whole number from 1 to 100,000,000")));
  EXPECT_EQ(inputs[Quantity::kUsers], 300'000);
}

TEST(PlanInputs, RefusesNegativeBrokenAndMissingNumbers) {
  struct Case {
    Quantity quantity;
    const char* text;
    const char* part;
  };
  for (const auto& [quantity, text, part] :
       {Case{Quantity::kSeats, "-5", "-5 is out of range"}, Case{Quantity::kSeats, "1.5", "a whole number"},
        Case{Quantity::kUsers, "0", "0 is out of range"}, Case{Quantity::kUsers, "", "is not a value"},
        Case{Quantity::kUsers, "many", "'many' is not a value"}, Case{Quantity::kUsers, "nan", "is not a value"},
        Case{Quantity::kUsers, "1e999", "is not a value"},
        Case{Quantity::kTargetWait, "0", "from 1 to 604,800 seconds"},
        Case{Quantity::kTargetWait, "0s", "from 1 to 604,800 seconds"},
        Case{Quantity::kTargetWait, "5 apples", "such as 90s or 5m"},
        Case{Quantity::kConversion, "120%", "120% is out of range"},
        Case{Quantity::kUsers, "0x10", "is not a value"}}) {
    PlanInputs inputs;
    const auto refused = inputs.set_text(quantity, text, "a flag", "--flag");
    ASSERT_FALSE(refused.has_value()) << text;
    EXPECT_THAT(refused.error().message, AllOf(HasSubstr("--flag"), HasSubstr(part))) << text;
    EXPECT_EQ(inputs[quantity], spec_of(quantity).value) << text;
  }
  PlanInputs inputs;
  EXPECT_FALSE(inputs.set(Quantity::kConversion, std::numeric_limits<double>::quiet_NaN(), "", "x").has_value());
}

TEST(PlanInputs, ReadsUnitsAsPeopleWriteThem) {
  PlanInputs inputs;
  ASSERT_TRUE(inputs.set_text(Quantity::kTargetWait, "5m", "f", "f").has_value());
  ASSERT_TRUE(inputs.set_text(Quantity::kUsers, "500k", "f", "f").has_value());
  ASSERT_TRUE(inputs.set_text(Quantity::kConversion, "60%", "f", "f").has_value());
  ASSERT_TRUE(inputs.set_text(Quantity::kReservationCapacity, "2.5k/s", "f", "f").has_value());
  ASSERT_TRUE(inputs.set_text(Quantity::kPollInterval, "7.5", "f", "f").has_value());
  EXPECT_EQ(inputs[Quantity::kTargetWait], 300);
  EXPECT_EQ(inputs[Quantity::kUsers], 500'000);
  EXPECT_DOUBLE_EQ(inputs[Quantity::kConversion], 0.6);
  EXPECT_EQ(inputs[Quantity::kReservationCapacity], 2500);
  EXPECT_EQ(inputs[Quantity::kPollInterval], 7.5);
  EXPECT_EQ(inputs.source(Quantity::kPollInterval), "f");
  EXPECT_FALSE(inputs.is_default(Quantity::kPollInterval));
}

TEST(PlanInputs, ChoosesByNameAndListsWhatThereIs) {
  PlanInputs inputs;
  ASSERT_TRUE(inputs.choose("position", "keys", "--position").has_value());
  EXPECT_EQ(inputs.position, PositionStrategy::kKeys);
  const auto refused = inputs.choose("position", "guess", "--position");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().message, "--position: 'guess' is not one of keys, index, watermark");
  for (const auto& choice : all_choices()) EXPECT_FALSE(choice_value(inputs, choice.name).empty()) << choice.name;
}

TEST(PlanInputs, RefusesAHeartbeatThatNobodyCouldKeep) {
  PlanInputs inputs;
  ASSERT_TRUE(inputs.set(Quantity::kPollInterval, 90, "f", "f").has_value());
  const auto checked = inputs.check();
  ASSERT_FALSE(checked.has_value());
  EXPECT_THAT(checked.error().message, HasSubstr("heartbeat_ttl_sec"));
}

TEST(PlanInputs, TakesTheOriginalsAssumptionsWithItsProfile) {
  PlanInputs inputs;
  inputs.apply_profile(Profile::kOriginal);
  EXPECT_EQ(inputs[Quantity::kStatusResponseBytes], 1000);
  EXPECT_EQ(inputs[Quantity::kRedisShards], 5);
  EXPECT_EQ(inputs.dynamodb_prices, PriceEra::kBefore202411);
  EXPECT_THAT(inputs.source(Quantity::kRedisShards), HasSubstr("original"));
}

}  // namespace
}  // namespace tacos::plan
