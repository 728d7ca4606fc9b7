#include "tacos-plan/patterns/comparison.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/schema_check.h"
#include "tacos-plan/document/document_text.h"
#include "tacos-plan/patterns/comparison_document.h"
#include "tacos-plan/patterns/comparison_json.h"
#include "tacos-plan/plan/planner.h"

namespace tacos::plan {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Comparison compare(double users, double seats, std::uint64_t seed = 1) {
  PlanInputs inputs;
  EXPECT_TRUE(inputs.set(Quantity::kUsers, users, "test", "users").has_value());
  EXPECT_TRUE(inputs.set(Quantity::kSeats, seats, "test", "seats").has_value());
  const auto catalogues = catalogues_for(inputs, "");
  const auto plan = make_plan(inputs, *catalogues);
  return *compare_patterns(*plan, *catalogues, seed);
}

TEST(Comparison, ChoosesTheGatewayForTheCrowdThatItIsFor) {
  const Comparison comparison = compare(300'000, 10'000);
  EXPECT_EQ(comparison.chosen, Pattern::kGateway);
  EXPECT_TRUE(comparison.chosen_holds);
  EXPECT_THAT(comparison.headline, HasSubstr("Build the gateway with admission control"));
  EXPECT_GT(comparison.of(Pattern::kDirect).oversold_mean, 50);
  EXPECT_GT(comparison.of(Pattern::kDirect).run.without_answer(), 0.5);
  EXPECT_EQ(comparison.of(Pattern::kGateway).run.without_answer(), 0);
  EXPECT_EQ(comparison.of(Pattern::kGateway).run.inversions, 0);
  EXPECT_EQ(comparison.reasons.size(), kPatterns - 1);
}

TEST(Comparison, SaysThatASmallSaleNeedsNoWaitingRoom) {
  const Comparison comparison = compare(1000, 10'000);
  EXPECT_EQ(comparison.chosen, Pattern::kDirect);
  EXPECT_THAT(comparison.headline, HasSubstr("Direct access is enough"));
  EXPECT_EQ(comparison.of(Pattern::kDirect).oversold_mean, 0);
  EXPECT_EQ(comparison.of(Pattern::kDirect).run.without_answer(), 0);
}

TEST(Comparison, SaysWhenAConditionalWriteIsAllThatIsLacking) {
  const Comparison comparison = compare(20'000, 10'000);
  EXPECT_EQ(comparison.chosen, Pattern::kDirect);
  EXPECT_FALSE(comparison.of(Pattern::kDirect).holds);
  EXPECT_TRUE(comparison.of(Pattern::kDirect).holds_if_guarded);
  EXPECT_THAT(comparison.headline, HasSubstr("once a seat is taken by one conditional write"));
}

TEST(Comparison, EndsEveryUserInEachPattern) {
  const Comparison comparison = compare(30'000, 5000);
  for (const auto& result : comparison.patterns) EXPECT_EQ(result.run.all(), 30'000U) << name_of(result.pattern);
}

TEST(Comparison, OversellsNothingWhereOneWriteOrOneAdmissionDecides) {
  const Comparison comparison = compare(50'000, 2000);
  EXPECT_EQ(comparison.of(Pattern::kGateway).oversold_mean, 0);
  EXPECT_EQ(comparison.of(Pattern::kServerless).oversold_mean, 0);
}

TEST(Comparison, NamesTheDefaultQuotasThatBite) {
  const Comparison comparison = compare(300'000, 10'000);
  std::vector<std::string> biting;
  for (const auto& quota : comparison.of(Pattern::kServerless).quotas) {
    if (quota.bites) biting.push_back(quota.name);
  }
  EXPECT_THAT(biting, Contains("API Gateway, requests a second"));
  EXPECT_THAT(biting, Contains("DynamoDB, writes of a table that was idle"));
  for (const auto& quota : compare(1000, 10'000).of(Pattern::kServerless).quotas)
    EXPECT_FALSE(quota.bites) << quota.name;
}

TEST(Comparison, RefusesMoreUsersThanCanBePlayedThrough) {
  PlanInputs inputs;
  ASSERT_TRUE(inputs.set(Quantity::kUsers, 5e7, "test", "users").has_value());
  const auto catalogues = catalogues_for(inputs, "");
  const auto plan = make_plan(inputs, *catalogues);
  ASSERT_TRUE(plan.has_value());
  const auto refused = compare_patterns(*plan, *catalogues, 1);
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().message, HasSubstr("--users: 50,000,000 are too many"));
}

class ComparisonOutput : public testing::Test {
 protected:
  static const Comparison& sample() {
    static const Comparison kSample = compare(30'000, 5000);
    return kSample;
  }
};

TEST_F(ComparisonOutput, IsDescribedByItsSchemaKeyByKey) {
  std::ifstream file(std::string(TACOS_SOURCE_DIR) + "/docs/schema/plan-comparison-1.schema.json");
  const json schema = json::parse(file);
  EXPECT_THAT(support::SchemaCheck(schema).faults_of(json::parse(comparison_json(sample()))), IsEmpty());
  json broken = json::parse(comparison_json(sample()));
  broken["chosen"] = "mainframe";
  broken["patterns"][0]["cost"].erase("lines");
  EXPECT_THAT(support::SchemaCheck(schema).faults_of(broken),
              testing::UnorderedElementsAre("/chosen is none of the words", "/patterns/0/cost/lines is missing"));
}

TEST_F(ComparisonOutput, IsTheSameForTheSameSeed) {
  EXPECT_EQ(comparison_json(sample()), comparison_json(compare(30'000, 5000)));
}

TEST_F(ComparisonOutput, PutsTheFourInOneTableThatFitsATerminal) {
  TextOptions options;
  options.width = 80;
  options.unicode = false;
  const std::string text = document_text(comparison_document(sample(), "tacos-plan compare"), options);
  const auto titles = text.find("direct access");
  ASSERT_NE(titles, std::string::npos);
  EXPECT_THAT(text, HasSubstr("serverless"));
  EXPECT_THAT(text, HasSubstr("seats sold twice"));
  EXPECT_THAT(text, HasSubstr("Breaks first:"));
  EXPECT_THAT(text, Not(HasSubstr("nan")));
}

}  // namespace
}  // namespace tacos::plan
