#include "tacos-plan/plan/original_design.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/tacos-plan/plan/planned.h"

namespace tacos::plan {
namespace {

// The figures are those of the design "30k RPS ticketing", October 2025, as it published them.
class OriginalDesign : public testing::Test {
 protected:
  static PlanInputs inputs() {
    PlanInputs inputs;
    inputs.apply_profile(Profile::kOriginal);
    return inputs;
  }
  const Plan plan_ = planned(inputs());

  double figure(const std::string& what) const {
    for (const auto& figure : plan_.original) {
      if (figure.what == what) return figure.value;
    }
    ADD_FAILURE() << "there is no figure '" << what << "'";
    return 0;
  }
};

TEST_F(OriginalDesign, LetsIn5Point56BySeatsAnd1000ByWait) {
  EXPECT_NEAR(figure("admission by seats"), 5.56, 0.005);
  EXPECT_DOUBLE_EQ(figure("admission by wait"), 1000);
  EXPECT_DOUBLE_EQ(plan_.admission.rate, 1000);
  EXPECT_DOUBLE_EQ(plan_.admission.longest_wait, 300);
  EXPECT_NEAR(figure("load of the reservation API"), 0.30, 0.04);  // "about 30 %"
}

TEST_F(OriginalDesign, Takes900MegabytesAndSixTenthsOfACore) {
  EXPECT_DOUBLE_EQ(figure("Redis memory"), 900e6);
  EXPECT_DOUBLE_EQ(plan_.redis.memory_bytes, 900e6);
  EXPECT_NEAR(figure("Redis CPU"), 0.6, 1e-12);
  EXPECT_NEAR(plan_.redis.cpu_cores, 0.6, 1e-12);
}

TEST_F(OriginalDesign, Polls60000TimesASecondAt60Megabytes) {
  EXPECT_DOUBLE_EQ(figure("status requests"), 60'000);
  EXPECT_DOUBLE_EQ(figure("status bandwidth"), 60e6);
  EXPECT_DOUBLE_EQ(plan_.polling.status_rps, 60'000);
  EXPECT_DOUBLE_EQ(plan_.polling.response_bytes_per_sec, 60e6);
}

TEST_F(OriginalDesign, RunsFiveShardsOfTwoNodesWith60MegabytesAnd12000RequestsEach) {
  EXPECT_DOUBLE_EQ(figure("Redis nodes"), 10);
  EXPECT_EQ(plan_.redis.shards, 5u);
  EXPECT_EQ(plan_.redis.nodes, 10u);
  EXPECT_EQ(plan_.redis.node_type, "cache.m7g.xlarge");
  EXPECT_DOUBLE_EQ(figure("memory of a shard"), 60e6);
  EXPECT_DOUBLE_EQ(figure("status requests of a shard"), 12'000);
  EXPECT_DOUBLE_EQ(figure("a node's network"), 125e6);
}

TEST_F(OriginalDesign, WritesFor2Dollars25) {
  EXPECT_DOUBLE_EQ(figure("DynamoDB writes"), 1.8e6);
  EXPECT_NEAR(figure("DynamoDB, an event"), 2.25, 1e-9);
  EXPECT_NEAR(plan_.dynamodb.cost_usd_per_event, 2.25, 1e-9);
}

TEST_F(OriginalDesign, Saves1700DollarsAMonth) {
  EXPECT_DOUBLE_EQ(figure("saved: Redis nodes not added"), 500);
  EXPECT_DOUBLE_EQ(figure("saved: spot"), 840);
  EXPECT_DOUBLE_EQ(figure("saved: idle nodes"), 360);
  EXPECT_DOUBLE_EQ(figure("saved, all"), 1700);
}

TEST_F(OriginalDesign, SaysOfEachFigureWhatTacosReckonsAndWhyByACodeThatIsThere) {
  for (const auto& figure : plan_.original) {
    EXPECT_FALSE(figure.now.empty()) << figure.what;
    if (figure.code.empty()) continue;
    EXPECT_NE(warning_of(plan_, figure.code), nullptr) << figure.what << ": " << figure.code;
  }
}

TEST_F(OriginalDesign, FollowsItsInputs) {
  PlanInputs other = inputs();
  ASSERT_TRUE(other.set(Quantity::kUsers, 600'000, "test", "test").has_value());
  const Plan plan = planned(other);
  EXPECT_DOUBLE_EQ(plan.polling.status_rps, 120'000);
  EXPECT_DOUBLE_EQ(plan.redis.memory_bytes, 1.5e9);  // (600,000 × 1 KB + 150 MB) × 2
}

TEST_F(OriginalDesign, IsNotWhatAPlanSaysOtherwise) {
  const Plan plan = planned(PlanInputs());
  EXPECT_TRUE(plan.original.empty());
  EXPECT_LT(plan.redis.memory_bytes, 200e6);
  EXPECT_LT(plan.dynamodb.writes, 100'000);
}

}  // namespace
}  // namespace tacos::plan
