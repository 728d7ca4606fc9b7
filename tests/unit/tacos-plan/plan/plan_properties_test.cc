#include <cmath>
#include <optional>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/random.h"
#include "tacos-plan/demand/inputs_reader.h"
#include "tacos-plan/report/plan_json.h"
#include "unit/tacos-plan/plan/planned.h"

namespace tacos::plan {
namespace {

constexpr int kRounds = 150;

// Inputs anywhere in their ranges, spread evenly over the orders of magnitude; combinations that check() refuses are
// drawn again.
PlanInputs random_inputs(core::Random& random) {
  for (;;) {
    PlanInputs inputs;
    for (const auto& spec : all_quantities()) {
      if (random.uniform() < 0.4) continue;
      const double least = std::max(spec.least, spec.unit == QuantityUnit::kShare ? 0.01 : 0.1);
      const double most = std::min(spec.most, 1e7);
      double value = least * std::pow(most / least, random.uniform());
      if (spec.unit == QuantityUnit::kCount) value = std::round(value);
      value = std::clamp(value, spec.least, spec.most);
      EXPECT_TRUE(inputs.set(spec.id, value, "random", "random").has_value()) << spec.name << " " << value;
    }
    inputs.poll = random.below(2) == 0 ? PollPolicy::kFixed : PollPolicy::kByPosition;
    inputs.at_sell_out = random.below(2) == 0 ? AtSellOut::kStop : AtSellOut::kGoOn;
    inputs.position = random.below(2) == 0 ? PositionStrategy::kIndex : PositionStrategy::kWatermark;
    if (inputs.check()) return inputs;
  }
}

void set(PlanInputs& inputs, Quantity quantity, double value) {
  ASSERT_TRUE(inputs.set(quantity, value, "test", "test").has_value());
}

class PlanProperties : public testing::Test {
 protected:
  core::Random random_{20261121};
  const Catalogues catalogues_ = catalogues_of(PlanInputs());

  // A plan, or nothing where a formula has no number to give for these inputs.
  std::optional<Plan> plan_of(const PlanInputs& inputs) const {
    auto plan = make_plan(inputs, catalogues_);
    if (!plan) {
      EXPECT_FALSE(plan.error().message.empty());
      return std::nullopt;
    }
    return std::move(*plan);
  }
};

TEST_F(PlanProperties, MoreUsersNeverNeedLessMemory) {
  for (int i = 0; i < kRounds; ++i) {
    PlanInputs inputs = random_inputs(random_);
    const auto users = static_cast<double>(1 + random_.below(2'000'000));
    set(inputs, Quantity::kUsers, users);
    const auto few = plan_of(inputs);
    set(inputs, Quantity::kUsers, users + static_cast<double>(random_.below(1'000'000)));
    const auto many = plan_of(inputs);
    if (!few || !many) continue;
    EXPECT_GE(many->redis.memory_bytes, few->redis.memory_bytes) << users;
  }
}

TEST_F(PlanProperties, ALongerWaitNeverNeedsAHigherRate) {
  for (int i = 0; i < kRounds; ++i) {
    PlanInputs inputs = random_inputs(random_);
    set(inputs, Quantity::kAdmissionRate, 0);
    const double wait = 1 + random_.uniform() * 5000;
    set(inputs, Quantity::kTargetWait, wait);
    const auto soon = plan_of(inputs);
    set(inputs, Quantity::kTargetWait, wait * (1 + random_.uniform()));
    const auto late = plan_of(inputs);
    if (!soon || !late) continue;
    EXPECT_LE(late->admission.rate, soon->admission.rate * (1 + 1e-12));
  }
}

TEST_F(PlanProperties, CostLinesSumToTheTotalsToTheCent) {
  for (int i = 0; i < kRounds; ++i) {
    const auto plan = plan_of(random_inputs(random_));
    if (!plan) continue;
    long long event = 0, standing = 0;
    for (const auto& line : plan->cost.lines) {
      const long long cents = std::llround(line.usd * 100);
      EXPECT_NEAR(static_cast<double>(cents), line.usd * 100, 1e-3 + 1e-9 * line.usd) << line.name;
      (line.monthly ? standing : event) += cents;
    }
    EXPECT_EQ(std::llround(plan->cost.per_event_usd * 100), event);
    EXPECT_EQ(std::llround(plan->cost.standing_usd * 100), standing);
    const double month =
        static_cast<double>(event) * plan->inputs[Quantity::kEventsPerMonth] + static_cast<double>(standing);
    EXPECT_NEAR(plan->cost.per_month_usd * 100, month, 0.51 + 1e-9 * month);
  }
}

// Every number is finite and not negative, and every derived one is the one in the JSON of that name.
TEST_F(PlanProperties, UnitsAndNamesAreConsistent) {
  for (int i = 0; i < kRounds; ++i) {
    const auto plan = plan_of(random_inputs(random_));
    if (!plan) continue;
    const auto document = nlohmann::json::parse(plan_json(*plan));
    for (const auto& d : plan->derivations) {
      EXPECT_TRUE(std::isfinite(d.value)) << d.name;
      EXPECT_GE(d.value, 0) << d.name;
      std::string pointer = "/" + d.name;
      for (auto& c : pointer) c = c == '.' ? '/' : c;
      const auto found = nlohmann::json::json_pointer(pointer);
      ASSERT_TRUE(document.contains(found)) << d.name;
      const auto& value = document[found];
      ASSERT_TRUE(value.is_number()) << d.name;
      EXPECT_DOUBLE_EQ(value.get<double>(), d.value) << d.name;
    }
  }
}

TEST_F(PlanProperties, ConservesUsersAndSeats) {
  for (int i = 0; i < kRounds; ++i) {
    const PlanInputs inputs = random_inputs(random_);
    const auto plan = plan_of(inputs);
    if (!plan) continue;
    EXPECT_NEAR(plan->selling.admissions + plan->selling.in_vain, inputs[Quantity::kUsers],
                1e-6 * inputs[Quantity::kUsers]);
    const double sold = plan->dynamodb.purchases * inputs[Quantity::kTicketsPerBuyer];
    EXPECT_LE(sold, inputs[Quantity::kSeats] * (1 + 1e-9));
    EXPECT_LE(plan->admission.mean_wait, plan->admission.longest_wait * (1 + 1e-9));
    EXPECT_LE(plan->redis.shards_used, plan->redis.shards);
    EXPECT_EQ(plan->redis.nodes, plan->redis.shards * (1 + plan->redis.replicas_per_shard));
  }
}

TEST_F(PlanProperties, TheSameInputsMakeTheSamePlanAndAPlanReadBackMakesItAgain) {
  const PlanInputs inputs = random_inputs(random_);
  const auto once = plan_of(inputs), twice = plan_of(inputs);
  ASSERT_TRUE(once && twice);
  EXPECT_EQ(plan_json(*once), plan_json(*twice));
  PlanInputs back;
  const auto read = read_inputs(plan_json(*once), "plan.json", back);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(plan_json(*plan_of(back)), plan_json(*once));
}

}  // namespace
}  // namespace tacos::plan
