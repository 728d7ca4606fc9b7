#include "tacos-plan/prices/cost/service_costs.h"

#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/tacos-plan/prices/some_prices.h"

namespace tacos::plan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// One service's cost of a quantity, other quantities held.
struct CostOf {
  std::string service;
  std::function<core::Result<Costs>(const PriceCatalogue&, double)> of;
};

std::vector<CostOf> every_service() {
  using C = const PriceCatalogue&;
  return {
      {"DynamoDB writes",
       [](C c, double q) { return dynamodb_on_demand_cost(c, {.write_units = q, .read_units = 1}); }},
      {"DynamoDB reads", [](C c, double q) { return dynamodb_on_demand_cost(c, {.write_units = 1, .read_units = q}); }},
      {"DynamoDB storage",
       [](C c, double q) { return dynamodb_on_demand_cost(c, {.write_units = 1, .read_units = 1, .storage_gb = q}); }},
      {"DynamoDB write capacity",
       [](C c, double q) { return dynamodb_provisioned_cost(c, {.write_capacity = q, .read_capacity = 1}); }},
      {"DynamoDB read capacity",
       [](C c, double q) { return dynamodb_provisioned_cost(c, {.write_capacity = 1, .read_capacity = q}); }},
      {"ElastiCache nodes",
       [](C c, double q) { return elasticache_nodes_cost(c, {.node_type = "cache.m7g.large", .nodes = q}); }},
      {"ElastiCache Serverless data",
       [](C c, double q) { return elasticache_serverless_cost(c, {.data_gb = q, .ecpus = 1}); }},
      {"ElastiCache Serverless ECPUs",
       [](C c, double q) { return elasticache_serverless_cost(c, {.data_gb = 1, .ecpus = q}); }},
      {"RDS instances",
       [](C c, double q) {
         return rds_postgres_cost(c, {.instance_type = "db.m7g.large", .instances = q, .storage_gb = 1});
       }},
      {"EC2", [](C c, double q) { return ec2_cost(c, {.instance_type = "m7g.large", .instances = q}); }},
      {"EKS", [](C c, double q) { return eks_control_plane_cost(c, {.clusters = q}); }},
      {"Lambda requests",
       [](C c, double q) {
         return lambda_cost(c, {.requests = q, .seconds_per_request = 0.1, .memory_mb = 128, .free_tier = true});
       }},
      {"Lambda time",
       [](C c, double q) { return lambda_cost(c, {.requests = 1, .seconds_per_request = q, .memory_mb = 128}); }},
      {"REST API", [](C c, double q) { return api_gateway_cost(c, {.kind = ApiKind::kRest, .requests = q}); }},
      {"HTTP API", [](C c, double q) { return api_gateway_cost(c, {.kind = ApiKind::kHttp, .requests = q}); }},
      {"SQS", [](C c, double q) { return sqs_cost(c, {.requests = q}); }},
      {"Kinesis records",
       [](C c, double q) { return kinesis_cost(c, {.shards = 1, .records = q, .record_bytes = 100}); }},
      {"ALB", [](C c, double q) { return alb_cost(c, {.lcus = q}); }},
      {"NLB", [](C c, double q) { return nlb_cost(c, {.lcus = q}); }},
      {"NAT", [](C c, double q) { return nat_cost(c, {.gateways = 1, .gb = q}); }},
      {"egress", [](C c, double q) { return egress_cost(c, {.gb = q, .free_gb = 100}); }},
      {"WAF",
       [](C c, double q) { return waf_cost(c, {.acls = 1, .rules = 1, .requests = q, .capacity_units = 1600}); }},
      {"CloudFront", [](C c, double q) { return cloudfront_cost(c, {.gb = q, .https_requests = 1}); }},
      {"S3", [](C c, double q) { return s3_cost(c, {.gb_months = q, .put_requests = 1}); }},
      {"logs", [](C c, double q) { return log_ingest_cost(c, q); }},
  };
}

TEST(EveryService, CostsMoreTheMoreIsUsedAndInTheLongRunStrictlyMore) {
  const auto prices = us_east_1();
  for (const auto& service : every_service()) {
    double before = -1;
    for (double q = 0; q <= 1e9; q = q * 3 + 1) {
      const auto costs = service.of(prices, q);
      ASSERT_TRUE(costs) << service.service << ": " << costs.error().message;
      EXPECT_GE(costs->exact_usd(), before) << service.service << " at " << q;
      before = costs->exact_usd();
    }
    EXPECT_GT(before, service.of(prices, 0)->exact_usd()) << service.service;
  }
}

TEST(EveryService, FailsOnAQuantityThatIsNotGivenOrNegative) {
  const auto prices = us_east_1();
  for (const auto& service : every_service()) {
    const auto missing = service.of(prices, kNotGiven);
    ASSERT_FALSE(missing) << service.service;
    EXPECT_THAT(missing.error().message, HasSubstr("is not given")) << service.service;
    const auto negative = service.of(prices, -1);
    ASSERT_FALSE(negative) << service.service;
    EXPECT_THAT(negative.error().message, HasSubstr("is not from 0 to")) << service.service;
  }
}

TEST(EveryService, FailsWhereThePriceIsMissingAndSaysWhatToDo) {
  const PriceCatalogue nothing("eu-test-1", "", {});
  for (const auto& service : every_service()) {
    const auto costs = service.of(nothing, 1);
    ASSERT_FALSE(costs) << service.service;
    EXPECT_THAT(costs.error().message, HasSubstr("the prices of region eu-test-1 have no '")) << service.service;
    EXPECT_THAT(costs.error().message, HasSubstr("--prices FILE, or plan with --region us-east-1")) << service.service;
  }
}

TEST(EveryService, ShowsLinesThatAddUpToItsTotal) {
  const auto prices = us_east_1();
  for (const auto& service : every_service()) {
    for (const double q : {1.0, 333.33, 12345.678}) {
      const auto costs = service.of(prices, q);
      std::int64_t sum = 0;
      for (const auto cents : cents_of(costs)) sum += cents;
      EXPECT_EQ(costs->cents(), sum);
      const double apart = static_cast<double>(sum) / 100 - costs->exact_usd();
      EXPECT_LE(std::abs(apart), 0.005 * static_cast<double>(costs->lines.size()) + 1e-6) << service.service;
    }
  }
}

TEST(Bill, RefusesAPriceOfAnotherUnit) {
  const auto prices = with_prices({{"sqs.standard.requests", "per request", 0.0000004}});
  EXPECT_THAT(
      sqs_cost(prices, {.requests = 1}).error().message,
      HasSubstr("sqs.standard.requests: its unit is 'per request', but this is computed 'per million requests'"));
}

TEST(Bill, RefusesALineBeyondAnyBudget) {
  EXPECT_THAT(egress_cost(us_east_1(), {.gb = 1e16}).error().message, HasSubstr("check the quantity"));
}

TEST(Bill, KeepsTheDateAndStandingOfEachPrice) {
  const auto costs = dynamodb_on_demand_cost(us_east_1(), {.write_units = 1, .read_units = 1});
  EXPECT_EQ(costs->lines[0].price_id, "dynamodb.on_demand.write_units");
  EXPECT_EQ(costs->lines[0].as_of, "2026-07-31");
  EXPECT_TRUE(costs->lines[0].verified);
}

TEST(ElastiCacheNodes, CostAFifthLessWithValkey) {
  const ElastiCacheNodesUse redis{.node_type = "cache.m7g.xlarge", .nodes = 3};
  ElastiCacheNodesUse valkey = redis;
  valkey.engine = CacheEngine::kValkey;
  EXPECT_DOUBLE_EQ(elasticache_nodes_cost(us_east_1(), redis)->exact_usd(), 3 * 730 * 0.315);
  EXPECT_DOUBLE_EQ(elasticache_nodes_cost(us_east_1(), valkey)->exact_usd(), 3 * 730 * 0.252);
}

TEST(ElastiCacheNodes, OfAnUnknownSizeAreNotPriced) {
  EXPECT_THAT(elasticache_nodes_cost(us_east_1(), {.node_type = "cache.m9z.huge", .nodes = 1}).error().message,
              HasSubstr("no 'elasticache.redis.cache.m9z.huge.node_hour'"));
}

TEST(Ec2, OnSpotIsCheaperByWhatTheMarketGave) {
  const double on_demand = ec2_cost(us_east_1(), {.instance_type = "m7g.large", .instances = 1})->exact_usd();
  const double spot =
      ec2_cost(us_east_1(), {.market = Ec2Market::kSpot, .instance_type = "m7g.large", .instances = 1})->exact_usd();
  EXPECT_NEAR(1 - spot / on_demand, 0.39, 0.005);
}

TEST(ApiGateway, MetersLargeHttpRequestsInStepsOf512Kilobytes) {
  const ApiGatewayUse large{.kind = ApiKind::kHttp, .requests = 1e6, .request_bytes = 512 * 1024 + 1};
  EXPECT_EQ(api_gateway_cost(us_east_1(), large)->cents(), 200);
  const ApiGatewayUse rest{.kind = ApiKind::kRest, .requests = 1e6, .request_bytes = 512 * 1024 + 1};
  EXPECT_EQ(api_gateway_cost(us_east_1(), rest)->cents(), 350);
}

// Tiers by the provider's guide "Best Practices for Designing Amazon API Gateway Private APIs", table 4.
TEST(ApiGateway, FallsInPriceWithVolume) {
  const auto rest = [](double millions) {
    return api_gateway_cost(us_east_1(), {.kind = ApiKind::kRest, .requests = millions * 1e6})->exact_usd();
  };
  EXPECT_DOUBLE_EQ(rest(333), 333 * 3.50);
  EXPECT_DOUBLE_EQ(rest(334), 333 * 3.50 + 2.80);
  EXPECT_DOUBLE_EQ(rest(1001), 333 * 3.50 + 667 * 2.80 + 2.38);
  EXPECT_NEAR(rest(20001), 333 * 3.50 + 667 * 2.80 + 19000 * 2.38 + 1.51, 1e-6);
}

TEST(Sqs, CostsMoreInOrder) {
  EXPECT_EQ(sqs_cost(us_east_1(), {.fifo = true, .requests = 1e6})->cents(), 50);
}

TEST(Waf, BillsEachProtectionThatIsOn) {
  const WafUse use{.acls = 1,
                   .rules = 7,
                   .requests = 10e6,
                   .capacity_units = 2100,
                   .bot_control_common = true,
                   .common_requests = 10e6,
                   .bot_control_targeted = true,
                   .targeted_requests = 1e6,
                   .captcha_answers = 50'000,
                   .challenge_responses = 2e6};
  const auto costs = waf_cost(us_east_1(), use);
  EXPECT_THAT(cents_of(costs), ElementsAre(500, 700, 600, 400, 1000, 1000, 1000, 1000, 2000, 80));
}

TEST(CloudFront, CostsMoreInAsia) {
  EXPECT_THAT(cents_of(cloudfront_cost(us_east_1(), {.gb = 1000, .https_requests = 1e6})), ElementsAre(8500, 100));
  EXPECT_THAT(cents_of(cloudfront_cost(us_east_1(), {.price_class = "apac", .gb = 1000, .https_requests = 1e6})),
              ElementsAre(12000, 120));
}

TEST(Egress, TakesTheFreeGigabytesOffFirst) {
  EXPECT_EQ(egress_cost(us_east_1(), {.gb = 100, .free_gb = 100})->cents(), 0);
  EXPECT_EQ(egress_cost(us_east_1(), {.gb = 101, .free_gb = 100})->cents(), 9);
}

TEST(Lambda, BillsTimeInMillisecondsUpwards) {
  const auto gb_seconds = [](double seconds) {
    return lambda_cost(us_east_1(), {.requests = 1e6, .seconds_per_request = seconds, .memory_mb = 1024})
        ->lines[0]
        .quantity;
  };
  EXPECT_NEAR(gb_seconds(0.2), 200'000, 1e-3);
  EXPECT_NEAR(gb_seconds(0.2001), 201'000, 1e-3);
}

}  // namespace
}  // namespace tacos::plan
