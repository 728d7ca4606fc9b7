#include "tacos-plan/prices/cost/billed_units.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tacos-plan/prices/cost/bill.h"
#include "tacos-plan/prices/cost/money.h"

namespace tacos::plan {
namespace {

using testing::HasSubstr;

constexpr double kKb = 1024;

// The provider's page "Pricing for Provisioned Capacity", key terms,
// https://aws.amazon.com/dynamodb/pricing/provisioned/.
TEST(DynamoDbUnits, CountAsTheProvidersKeyTermsDo) {
  EXPECT_EQ(*dynamodb_write_units(1 * kKb, WriteKind::kStandard), 1);
  EXPECT_EQ(*dynamodb_write_units(3 * kKb, WriteKind::kStandard), 3);
  EXPECT_EQ(*dynamodb_write_units(3 * kKb, WriteKind::kTransactional), 6);
  EXPECT_EQ(*dynamodb_read_units(8 * kKb, ReadKind::kStronglyConsistent), 2);
  EXPECT_EQ(*dynamodb_read_units(8 * kKb, ReadKind::kEventuallyConsistent), 1);
  EXPECT_EQ(*dynamodb_read_units(8 * kKb, ReadKind::kTransactional), 4);
  EXPECT_EQ(*dynamodb_read_units(200, ReadKind::kEventuallyConsistent), 0.5);
}

TEST(DynamoDbUnits, StepAtOneByteMore) {
  EXPECT_EQ(*dynamodb_write_units(1 * kKb + 1, WriteKind::kStandard), 2);
  EXPECT_EQ(*dynamodb_read_units(4 * kKb, ReadKind::kStronglyConsistent), 1);
  EXPECT_EQ(*dynamodb_read_units(4 * kKb + 1, ReadKind::kStronglyConsistent), 2);
  EXPECT_EQ(*dynamodb_write_units(0, WriteKind::kStandard), 1) << "an item that isn't there is still a write";
}

TEST(DynamoDbUnits, RefuseAnItemThatDynamoDbWouldRefuse) {
  EXPECT_EQ(*dynamodb_write_units(400 * kKb, WriteKind::kStandard), 400);
  EXPECT_THAT(dynamodb_write_units(400 * kKb + 1, WriteKind::kStandard).error().message, HasSubstr("409600"));
}

TEST(DynamoDbStorage, KeepsAHundredBytesMoreWithEveryItem) {
  EXPECT_DOUBLE_EQ(*dynamodb_storage_gb(1 << 20, 924), 1.0);
}

// "Amazon SQS Pricing: The 64 KB Rule",
// https://www.factualminds.com/blog/amazon-sqs-pricing-64kb-rule-fifo-vs-standard/, 13 June 2026: a message of 256 KB
// is four requests.
TEST(SqsRequests, AreCountedByThe64KilobytesOfAWholeBatch) {
  EXPECT_EQ(*sqs_requests(1, 256 * kKb, 1), 4);
  EXPECT_EQ(*sqs_requests(10, 6 * kKb, 10), 1);
  EXPECT_EQ(*sqs_requests(10, 7 * kKb, 10), 2);
  EXPECT_THAT(sqs_requests(10, 10, 11).error().message, HasSubstr("11 is not from 1 to 10"));
  EXPECT_THAT(sqs_requests(10, 10, 0).error().message, HasSubstr("from 1 to 10"));
}

// The provider's page, http://aws.amazon.com/kinesis/pricing/: 5 KB is one unit, 45 KB two, and 1 MB (1,000 KB) is 40.
TEST(KinesisPutUnits, CountAsTheProvidersPageDoes) {
  EXPECT_EQ(*kinesis_put_units(5 * kKb), 1);
  EXPECT_EQ(*kinesis_put_units(45 * kKb), 2);
  EXPECT_EQ(*kinesis_put_units(1000 * kKb), 40);
}

TEST(ElastiCacheEcpus, AreAtLeastOneForACommand) {
  EXPECT_EQ(*elasticache_ecpus(1000, 100), 1000);
  EXPECT_EQ(*elasticache_ecpus(1000, 3.2 * kKb), 3200);
}

// "ELB pricing", https://handbook.vantage.sh/aws/services/elb-pricing: 25, 3,000, 1 GB and 1,000; the most counts.
TEST(AlbLcus, AreTheMostOfFourDimensions) {
  EXPECT_EQ(*alb_lcus({.new_connections_per_second = 50, .active_connections = 3000, .gb_per_hour = 1}), 2);
  EXPECT_EQ(*alb_lcus({.new_connections_per_second = 25, .active_connections = 9000, .gb_per_hour = 1}), 3);
  EXPECT_EQ(*alb_lcus({.new_connections_per_second = 25, .active_connections = 3000, .gb_per_hour = 4}), 4);
  EXPECT_EQ(*alb_lcus({.new_connections_per_second = 25,
                       .active_connections = 3000,
                       .gb_per_hour = 1,
                       .rule_evaluations_per_second = 5000}),
            5);
}

TEST(AlbRuleEvaluations, LeaveTheFirstTenRulesOut) {
  EXPECT_EQ(*alb_rule_evaluations(100, 10), 0);
  EXPECT_EQ(*alb_rule_evaluations(100, 60), 5000);
}

TEST(WafExtraCapacity, BeginsAbove1500) {
  EXPECT_EQ(*waf_extra_capacity_steps(1500), 0);
  EXPECT_EQ(*waf_extra_capacity_steps(1501), 1);
  EXPECT_EQ(*waf_extra_capacity_steps(2000), 1);
  EXPECT_EQ(*waf_extra_capacity_steps(2001), 2);
}

constexpr PriceTier kTiers[] = {{.up_to = 10240, .usd = 0.09}, {.up_to = 51200, .usd = 0.085}, {.usd = 0.07}};

TEST(TieredCost, ChangesItsSlopeAtATiersEndAndNothingElse) {
  EXPECT_DOUBLE_EQ(*tiered_cost(0, kTiers), 0);
  EXPECT_DOUBLE_EQ(*tiered_cost(10240, kTiers), 921.6);
  EXPECT_DOUBLE_EQ(*tiered_cost(10241, kTiers), 921.6 + 0.085);
  EXPECT_DOUBLE_EQ(*tiered_cost(51200, kTiers), 921.6 + 3481.6);
  EXPECT_DOUBLE_EQ(*tiered_cost(51201, kTiers), 921.6 + 3481.6 + 0.07);
}

TEST(TieredCost, IsContinuousAndNeverFalls) {
  double before = 0;
  for (double q = 0; q <= 60000; q += 7.25) {
    const double cost = *tiered_cost(q, kTiers);
    EXPECT_GE(cost, before) << q;
    EXPECT_LE(cost - before, 7.25 * 0.09 + 1e-9) << "a jump at " << q;
    before = cost;
  }
}

TEST(BilledUnits, NeverMakeANumberOfAMissingOne) {
  const double none = kNotGiven;
  EXPECT_THAT(tiered_cost(none, kTiers).error().message, HasSubstr("quantity is not given"));
  EXPECT_FALSE(tiered_cost(1, {}));
  EXPECT_FALSE(dynamodb_write_units(none, WriteKind::kStandard));
  EXPECT_FALSE(dynamodb_read_units(none, ReadKind::kTransactional));
  EXPECT_FALSE(dynamodb_storage_gb(none, 1));
  EXPECT_FALSE(dynamodb_storage_gb(1, none));
  EXPECT_FALSE(sqs_requests(none, 1, 1));
  EXPECT_FALSE(sqs_requests(1, none, 1));
  EXPECT_FALSE(sqs_requests(1, 1, none));
  EXPECT_FALSE(kinesis_put_units(none));
  EXPECT_FALSE(elasticache_ecpus(none, 1));
  EXPECT_FALSE(elasticache_ecpus(1, none));
  EXPECT_FALSE(alb_rule_evaluations(none, 1));
  EXPECT_FALSE(alb_rule_evaluations(1, none));
  EXPECT_FALSE(waf_extra_capacity_steps(none));
  EXPECT_FALSE(product("a", none, "b", 1));
  EXPECT_THAT(alb_lcus({.new_connections_per_second = 1, .active_connections = 1}).error().message,
              HasSubstr("GB per hour is not given"));
}

TEST(BilledUnits, RefuseWhatIsNegativeOrBeyondCounting) {
  EXPECT_THAT(given("requests", -1).error().message, HasSubstr("requests: -1 is not from 0 to 1e+18"));
  EXPECT_FALSE(given("requests", std::numeric_limits<double>::infinity()));
  EXPECT_FALSE(product("nodes", 1e10, "hours", 1e10));
}

TEST(UnitsPerPrice, ReadsHowManyAPriceIsFor) {
  EXPECT_EQ(units_per_price("per million requests"), 1e6);
  EXPECT_EQ(units_per_price("per 10,000 answers"), 1e4);
  EXPECT_EQ(units_per_price("per 1,000 requests"), 1e3);
  EXPECT_EQ(units_per_price("per hour"), 1);
}

TEST(Cents, RoundHalfACentUpwardsAsOnPaper) {
  EXPECT_EQ(to_cents(0.0225 * 730), 1643) << "16.425";
  EXPECT_EQ(to_cents(1.125), 113);
  EXPECT_EQ(to_cents(1.005), 101);
  EXPECT_EQ(to_cents(0.0049), 0);
  EXPECT_EQ(to_cents(0), 0);
}

TEST(Cents, AreWrittenWithThousandsSeparated) {
  EXPECT_EQ(format_cents(123456), "$1,234.56");
  EXPECT_EQ(format_cents(5), "$0.05");
  EXPECT_EQ(format_cents(-250), "-$2.50");
}

}  // namespace
}  // namespace tacos::plan
