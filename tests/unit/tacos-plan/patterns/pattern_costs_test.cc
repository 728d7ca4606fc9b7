#include "tacos-plan/patterns/pattern_costs.h"

#include <cmath>

#include <gtest/gtest.h>

#include "tacos-plan/plan/planner.h"

namespace tacos::plan {
namespace {

class PatternCosts : public testing::Test {
 protected:
  PatternCosts() : catalogues_(*catalogues_for(PlanInputs(), "")), plan_(*make_plan(PlanInputs(), catalogues_)) {}
  CostPlan cost_of(Pattern pattern, const PatternUse& use) {
    PatternResult result;
    result.pattern = pattern;
    result.run.use = use;
    return pattern_cost(result, plan_, catalogues_.prices);
  }
  static double usd_of(const CostPlan& cost, const std::string& name) {
    for (const auto& line : cost.lines) {
      if (line.name == name) return line.usd;
    }
    return -1;
  }

  Catalogues catalogues_;
  Plan plan_;
};

TEST_F(PatternCosts, AddUpToTheirLines) {
  PatternUse use;
  use.requests = 1e6;
  use.function_runs = 1e6;
  use.function_seconds = 5e4;
  use.messages = 5e5;
  use.purchases = 10'000;
  for (const Pattern pattern : kAllPatterns) {
    const CostPlan cost = cost_of(pattern, use);
    double event = 0, month = 0;
    for (const auto& line : cost.lines) (line.monthly ? month : event) += std::round(line.usd * 100);
    EXPECT_DOUBLE_EQ(cost.per_event_usd, event / 100);
    EXPECT_DOUBLE_EQ(cost.standing_usd, month / 100);
    EXPECT_NEAR(cost.per_month_usd, cost.per_event_usd * 4 + cost.standing_usd, 0.005);
    EXPECT_TRUE(cost.unpriced.empty()) << cost.unpriced.front();
  }
}

// The price list of 2026-08/09: HTTP API 1.00 per million; Lambda 0.20 per million and 0.0000166667 per GB-second; SQS
// 0.40 per million, here sent one by one and received and deleted in tens.
TEST_F(PatternCosts, PriceAMillionRequestsAsTheListDoes) {
  PatternUse use;
  use.requests = 1e6;
  use.function_runs = 1e6;
  use.function_seconds = 1e5;
  use.messages = 1e6;
  const CostPlan queue = cost_of(Pattern::kQueue, use);
  EXPECT_DOUBLE_EQ(usd_of(queue, "API Gateway (HTTP)"), 1.00);
  EXPECT_DOUBLE_EQ(usd_of(queue, "Lambda"), 0.83 + 0.20);
  EXPECT_DOUBLE_EQ(usd_of(queue, "SQS"), 0.48);
}

TEST_F(PatternCosts, AreThePlansOwnForTheGateway) {
  EXPECT_DOUBLE_EQ(cost_of(Pattern::kGateway, {}).per_month_usd, plan_.cost.per_month_usd);
}

TEST_F(PatternCosts, ChargeForNothingThatAPatternDoesNotUse) {
  PatternUse use;
  use.requests = 1e6;
  const CostPlan direct = cost_of(Pattern::kDirect, use);
  EXPECT_EQ(usd_of(direct, "Lambda"), -1);
  EXPECT_EQ(usd_of(direct, "API Gateway (HTTP)"), -1);
  EXPECT_GT(usd_of(direct, "Relational database"), 0);
  EXPECT_EQ(usd_of(cost_of(Pattern::kServerless, use), "Relational database"), -1);
}

}  // namespace
}  // namespace tacos::plan
