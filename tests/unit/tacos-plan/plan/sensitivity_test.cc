#include "tacos-plan/plan/sensitivity.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "unit/tacos-plan/plan/planned.h"

namespace tacos::plan {
namespace {

const Sensitivity* of(const std::vector<Sensitivity>& all, Quantity quantity) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& s) { return s.quantity == quantity; });
  return found == all.end() ? nullptr : &*found;
}

TEST(Sensitivity, MovesEachQuantityAloneAndKeepsItInItsRange) {
  const Plan plan = planned(PlanInputs());
  const auto all = sensitivities(plan, catalogues_of(plan.inputs), 0.2);
  const auto* wait = of(all, Quantity::kTargetWait);
  ASSERT_NE(wait, nullptr);
  EXPECT_DOUBLE_EQ(wait->low, 240);
  EXPECT_DOUBLE_EQ(wait->at_low.admission_rate, 1250);
  EXPECT_DOUBLE_EQ(wait->at_high.admission_rate, 300'000.0 / 360);
  const auto* conversion = of(all, Quantity::kConversion);
  ASSERT_NE(conversion, nullptr);
  EXPECT_DOUBLE_EQ(conversion->high, 1);
}

TEST(Sensitivity, PutsTheLargestEffectFirstAndLeavesOutWhatHasNone) {
  const Plan plan = planned(PlanInputs());
  const auto all = sensitivities(plan, catalogues_of(plan.inputs), 0.2);
  ASSERT_GT(all.size(), 10u);
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.effect > b.effect; }));
  EXPECT_EQ(of(all, Quantity::kSpotDiscount), nullptr);  // no spot node in this plan
}

}  // namespace
}  // namespace tacos::plan
