// Worked examples as others published them, to the cent. Each names the page it stands on. Where today's price differs
// from that of the example, the example is computed with its own, since what is tested is the arithmetic.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tacos-plan/prices/cost/service_costs.h"
#include "unit/tacos-plan/prices/some_prices.h"

namespace tacos::plan {
namespace {

using testing::ElementsAre;

// "AWS Lambda Pricing", example 1 in the page's older copies, https://aws.amazon.com/lambda/pricing/ (undated, when
// functions had at most 3,008 MB): 18.34 + 0.40 = 18.74. It rounds the price of a GB-s to 0.00001667.
TEST(PublishedExample, LambdaOfThreeMillionSecondsAtHalfAGigabyteWithTheFreeTier) {
  const LambdaUse use{.requests = 3e6, .seconds_per_request = 1, .memory_mb = 512, .free_tier = true};
  const auto costs = lambda_cost(with_prices({{"lambda.gb_seconds", "per GB-second", 0.00001667}}), use);
  EXPECT_THAT(cents_of(costs), ElementsAre(1834, 40));
  EXPECT_EQ(costs->cents(), 1874);
  // With the price in full, 0.0000166667, it is one cent less.
  EXPECT_EQ(lambda_cost(us_east_1(), use)->cents(), 1873);
}

// "Lambda pricing model in AWS - Step-by-Step Execution", https://leyaa.ai/codefly/learn/aws/part-2/
// aws-lambda-pricing-model/visualize (undated): 300,000 GB-s are within the free tier, 2 million requests cost 0.40.
TEST(PublishedExample, LambdaWithinTheFreeComputeTimePaysForRequestsOnly) {
  const auto costs =
      lambda_cost(us_east_1(), {.requests = 3e6, .seconds_per_request = 0.2, .memory_mb = 512, .free_tier = true});
  EXPECT_THAT(cents_of(costs), ElementsAre(0, 40));
}

// "Lambda cost calculation breakdown", https://adhdecode-articles-2.pages.dev/articles/lambda/
// lambda-cost-calculation-breakdown/ (undated): a million requests of 50 ms at 128 MB, 0.104 of compute; and "AWS
// Lambda Pricing - Complete Explanation", https://dev-docs.netlify.app/aws/serverless/pricing: 4 million paid requests,
// 0.80.
TEST(PublishedExample, LambdaOfShortSmallRequestsWithoutTheFreeTier) {
  const auto costs = lambda_cost(us_east_1(), {.requests = 1e6, .seconds_per_request = 0.05, .memory_mb = 128});
  EXPECT_NEAR(costs->lines[0].usd, 0.1041666, 1e-6);
  EXPECT_THAT(cents_of(costs), ElementsAre(10, 20));
  const LambdaUse five_million{.requests = 5e6, .seconds_per_request = 0, .memory_mb = 128, .free_tier = true};
  EXPECT_THAT(cents_of(lambda_cost(us_east_1(), five_million)), ElementsAre(0, 80));
}

// "AWS API Gateway Pricing Explained", https://awsforengineers.com/blog/aws-api-gateway-pricing-explained, 19 May 2025,
// after the provider's own example: 5 million calls that answer 3 KB each cost 17.50 + 1.29 = 18.79.
TEST(PublishedExample, ApiGatewayOfFiveMillionRestCallsWithThreeKilobyteAnswers) {
  auto costs = api_gateway_cost(us_east_1(), {.kind = ApiKind::kRest, .requests = 5e6});
  costs->add(*egress_cost(us_east_1(), {.gb = 5e6 * 3 / 1024 / 1024}));
  EXPECT_THAT(cents_of(costs), ElementsAre(1750, 129));
  EXPECT_EQ(costs->cents(), 1879);
}

// The same page: 216 million requests to an HTTP API cost 216.
TEST(PublishedExample, ApiGatewayOfTwoHundredMillionHttpCalls) {
  EXPECT_EQ(api_gateway_cost(us_east_1(), {.kind = ApiKind::kHttp, .requests = 216e6})->cents(), 21600);
}

// "Amazon DynamoDB Pricing Explained: Detailed Breakdown with Examples", an article of Raheja on LinkedIn (2025, after
// the price was halved): 650,000 writes 0.41 and 550,000 reads 0.07 are 0.48 a month.
TEST(PublishedExample, DynamoDbOnDemandForAnAnalyticsApp) {
  const auto costs = dynamodb_on_demand_cost(us_east_1(), {.write_units = 650e3, .read_units = 550e3});
  EXPECT_THAT(cents_of(costs), ElementsAre(41, 7));
  EXPECT_EQ(costs->cents(), 48);
}

// The same article: 100 units of each for 720 hours cost 46.80 and 9.36, together 56.16.
TEST(PublishedExample, DynamoDbProvisionedForAMonthOfThirtyDays) {
  const auto costs =
      dynamodb_provisioned_cost(us_east_1(), {.write_capacity = 100, .read_capacity = 100, .hours = 720});
  EXPECT_THAT(cents_of(costs), ElementsAre(4680, 936));
  EXPECT_EQ(costs->cents(), 5616);
}

// DynamoDB's FAQ as kept on https://brainscape.com/flashcards/amazon-dynamodb-pricing-6688548 (its prices of about
// 2012: 0.01 an hour for 10 units of write or 50 of read capacity): 10 and 200 units cost 0.05 an hour.
TEST(PublishedExample, DynamoDbProvisionedForAnHourAtItsFirstPrices) {
  const auto prices = with_prices({{"dynamodb.provisioned.wcu_hour", "per WCU-hour", 0.001},
                                   {"dynamodb.provisioned.rcu_hour", "per RCU-hour", 0.0002}});
  const auto costs = dynamodb_provisioned_cost(prices, {.write_capacity = 10, .read_capacity = 200, .hours = 1});
  EXPECT_THAT(cents_of(costs), ElementsAre(1, 4));
}

// The original plan of this system counted 1.25 × 1.8 million writes = 2.25; the price has since been halved.
TEST(PublishedExample, TheOriginalPlansWritesThenAndNow) {
  const DynamoDbOnDemandUse use{.write_units = 1.8e6, .read_units = 0};
  const auto then = dynamodb_on_demand_cost(us_east_1().in_era(PriceEra::kBefore202411), use);
  EXPECT_EQ(then->cents(), 225);
  EXPECT_DOUBLE_EQ(dynamodb_on_demand_cost(us_east_1(), use)->exact_usd(), 1.125);
}

// "SQS cost per million messages",
// https://adhdecode-articles-4.pages.dev/articles/sqs/sqs-cost-per-million-messages-pricing (undated): 3 million
// messages sent in batches of 10, received and deleted one by one, are 6.3 million requests: 2.52.
TEST(PublishedExample, SqsWithBatchedSends) {
  const double sent = *sqs_requests(3e6, 256, 10);
  const double received_and_deleted = 2 * *sqs_requests(3e6, 256, 1);
  EXPECT_DOUBLE_EQ(sent + received_and_deleted, 6.3e6);
  EXPECT_EQ(sqs_cost(us_east_1(), {.requests = sent + received_and_deleted})->cents(), 252);
}

// "aws_kinesis_stream cost estimation", https://c3x.dev/resources/aws/aws_kinesis_stream (2026): 5 shards × 0.015 × 730
// h = 54.75. "Save Money on Kinesis Streams usage", https://github.com/EveryMundo/aws-kinesis-client,
// docs/why-we-created-this-package.md: 1,000 put units a second for 30 days at Cape Town's 0.0224 per million, 58.06.
TEST(PublishedExample, KinesisShardsAndPutUnits) {
  const auto five_shards = kinesis_cost(us_east_1(), {.shards = 5, .records = 0, .record_bytes = 0});
  EXPECT_EQ(five_shards->cents(), 5475);
  const auto cape_town = with_prices({{"kinesis.put_units", "per million put units", 0.0224}});
  const KinesisUse use{.shards = 0, .records = 1000.0 * 86400 * 30, .record_bytes = 1024};
  EXPECT_EQ(kinesis_cost(cape_town, use)->cents(), 5806);
}

// "AWS NAT Gateway Pricing", https://basavytix.com/blog/aws-nat-gateway-pricing (2026), three scenarios.
TEST(PublishedExample, NatGatewaysOfThreeSizes) {
  const auto small = nat_cost(us_east_1(), {.gateways = 1, .gb = 500});
  EXPECT_THAT(cents_of(small), ElementsAre(3285, 2250));
  EXPECT_EQ(small->cents(), 5535);
  const auto zones = nat_cost(us_east_1(), {.gateways = 3, .gb = 2048});
  EXPECT_THAT(cents_of(zones), ElementsAre(9855, 9216));
  EXPECT_EQ(zones->cents(), 19071);
  EXPECT_EQ(nat_cost(us_east_1(), {.gateways = 3, .gb = 20480})->cents(), 102015);
}

// "AWS NAT Gateway Pricing: complete guide", https://wring.co/blog/aws-nat-gateway-pricing-guide (2026): three gateways
// and 500 GB that also leave to the internet cost 98.55 + 22.50 + 45.00; it adds up to 166.05.
TEST(PublishedExample, NatGatewaysWithTheEgressBehindThem) {
  auto costs = nat_cost(us_east_1(), {.gateways = 3, .gb = 500});
  costs->add(*egress_cost(us_east_1(), {.gb = 500}));
  EXPECT_THAT(cents_of(costs), ElementsAre(9855, 2250, 4500));
  EXPECT_EQ(costs->cents(), 16605);
}

// "AWS WAF cost explained: the three meters that drive your bill", https://c3x.dev/blog/aws-waf-cost-explained/ (2026):
// an ACL, 10 rules and 50 million requests cost 5 + 10 + 30 = 45.
TEST(PublishedExample, WafOfTenRulesAndFiftyMillionRequests) {
  const auto costs = waf_cost(us_east_1(), {.acls = 1, .rules = 10, .requests = 50e6});
  EXPECT_THAT(cents_of(costs), ElementsAre(500, 1000, 3000));
  EXPECT_EQ(costs->cents(), 4500);
}

// "AWS WAF Security Automations",
// https://docs.aws.amazon.com/solutions/latest/aws-waf-security-automations/overview.html (the provider, undated): one
// ACL and eight rules cost 13.00 a month before any request.
TEST(PublishedExample, WafOfEightRulesBeforeAnyRequest) {
  EXPECT_EQ(waf_cost(us_east_1(), {.acls = 1, .rules = 8, .requests = 0})->cents(), 1300);
}

// "ALB: the line item nobody watches", https://cloud-horizons.com/blog/alb-the-line-item-nobody-watches/, 8 May 2026:
// 16.43 a month for the hours; and the project's price list of September 2026: 5.84 a month for each LCU.
TEST(PublishedExample, AnApplicationLoadBalancerForAMonth) {
  const auto costs = alb_cost(us_east_1(), {.lcus = 1});
  EXPECT_THAT(cents_of(costs), ElementsAre(1643, 584));
  // "30 GB/hour throughput is paying 30 LCU": 30 × 0.008 × 720 h = 172.80, which it cuts to 172.
  const double lcus = *alb_lcus({.new_connections_per_second = 10, .active_connections = 3000, .gb_per_hour = 30});
  EXPECT_DOUBLE_EQ(lcus, 30);
  EXPECT_EQ(cents_of(alb_cost(us_east_1(), {.hours = 720, .lcus = lcus}))[1], 17280);
}

// "EKS Pricing in 2026: The $438/Month Trap", https://cloudburn.io/blog/amazon-eks-pricing, 1 April 2026: a cluster
// costs 73 a month and three 219; on a version in extended support 438 and 1,314.
TEST(PublishedExample, EksOfOneAndThreeClusters) {
  EXPECT_EQ(eks_control_plane_cost(us_east_1(), {.clusters = 1})->cents(), 7300);
  EXPECT_EQ(eks_control_plane_cost(us_east_1(), {.clusters = 3})->cents(), 21900);
  EXPECT_EQ(eks_control_plane_cost(us_east_1(), {.clusters = 1, .extended_support = true})->cents(), 43800);
  EXPECT_EQ(eks_control_plane_cost(us_east_1(), {.clusters = 3, .extended_support = true})->cents(), 131400);
}

// "S3 FAQs", S3 Express One Zone, example 1, https://aws.amazon.com/s3/faqs/ (the provider; its prices before April
// 2025): 1.10 + 1.13 + 0.27 + 0.03 + 0.05 = 2.58. Each line is rounded and the total is the sum of the rounded lines.
TEST(PublishedExample, S3ExpressOneZoneAddsUpAsItIsShown) {
  const auto prices = with_prices({{"express.gb_month", "per GB-month", 0.11},
                                   {"express.put", "per 1,000 requests", 0.00113},
                                   {"express.get", "per 1,000 requests", 0.00003},
                                   {"express.upload", "per GB", 0.0032},
                                   {"express.retrieval", "per GB", 0.0006}});
  const auto costs = Bill(prices)
                         .add("GB-months", "express.gb_month", "per GB-month", 10)
                         .add("PUT", "express.put", "per 1,000 requests", 1e6)
                         .add("GET", "express.get", "per 1,000 requests", 9e6)
                         .add("GB uploaded", "express.upload", "per GB", 10.0 / 1048576 * 1e6)
                         .add("GB retrieved", "express.retrieval", "per GB", 10.0 / 1048576 * 9e6)
                         .finish();
  EXPECT_THAT(cents_of(costs), ElementsAre(110, 113, 27, 3, 5));
  EXPECT_EQ(costs->cents(), 258);
}

// The same page, example 2: 3303.77 GB-months 363.41, 5,242,880 PUTs a day 177.73, 10,485,760 GETs a day 9.44.
TEST(PublishedExample, S3ExpressOneZoneForAWorkloadOfEveryDay) {
  const auto prices = with_prices({{"s3.standard.gb_month", "per GB-month", 0.11},
                                   {"s3.standard.put_requests", "per 1,000 requests", 0.00113},
                                   {"express.get", "per 1,000 requests", 0.00003}});
  const auto costs = s3_cost(prices, {.gb_months = 3303.77, .put_requests = 5'242'880.0 * 30});
  EXPECT_THAT(cents_of(costs), ElementsAre(36341, 17773));
  const auto gets = Bill(prices).add("GET", "express.get", "per 1,000 requests", 10'485'760.0 * 30).finish();
  EXPECT_EQ(gets->cents(), 944);
}

// "CloudWatch Logs cost optimization: cutting the $0.50/GB bill",
// https://c3x.dev/blog/cloudwatch-logs-cost-optimization, June 2026: 100 GB a day cost 1,500 a month to take in.
TEST(PublishedExample, LogsOfAHundredGigabytesADay) {
  EXPECT_EQ(log_ingest_cost(us_east_1(), 100.0 * 30)->cents(), 150000);
}

// "Cloud Egress Fees Explained", https://zeonedge.com/blog/cloud-egress-fees-explained-reduce-data-transfer-costs
// (2026): the first 10 TB (10,240 GB) cost 921.60.
TEST(PublishedExample, EgressOfTenTerabytes) {
  EXPECT_EQ(egress_cost(us_east_1(), {.gb = 10240})->cents(), 92160);
}

// "How Does AWS Data Transfer Pricing Work?", https://chengqing.dev/en/2020/01/23/aws-data-transfer/, 23 January 2020,
// Sydney: the first GB of a month is free, the next costs 0.114, whichever service sent them.
TEST(PublishedExample, EgressOfTheFirstGigabyteThatIsNotFree) {
  const PriceTier sydney[] = {{.up_to = 1, .usd = 0}, {.up_to = 10'000, .usd = 0.114}, {.usd = 0.098}};
  EXPECT_DOUBLE_EQ(*tiered_cost(2, sydney), 0.114);
}

// "ElastiCache Serverless pricing", https://www.usage.ai/blogs/aws/database-savings-plans/elasticache/serverless/ (June
// 2026), to the dollar: a cache that holds next to nothing costs about 91 a month with Redis OSS (1 GB is metered) and
// about 6 with Valkey (100 MB). The provider's own example was not found in full.
TEST(PublishedExample, ElastiCacheServerlessWithNextToNothingInIt) {
  const auto redis =
      elasticache_serverless_cost(us_east_1(), {.engine = CacheEngine::kRedis, .data_gb = 0, .ecpus = 0});
  EXPECT_EQ(redis->cents(), 9125);
  const auto valkey =
      elasticache_serverless_cost(us_east_1(), {.engine = CacheEngine::kValkey, .data_gb = 0, .ecpus = 0});
  EXPECT_EQ(valkey->cents(), 613);
}

}  // namespace
}  // namespace tacos::plan
