#pragma once

#include <cstdint>
#include <string>

#include "core/result.h"
#include "tacos-plan/prices/cost/bill.h"
#include "tacos-plan/prices/cost/billed_units.h"
#include "tacos-plan/prices/cost/money.h"
#include "tacos-plan/prices/price_catalogue.h"

namespace tacos::plan {

// What each managed service bills for a use of it. Every function is pure and fails when a price is not in the
// catalogue or a quantity is not given, naming it. Quantities are of one month unless hours are among them. A price's
// source and date stand with the price; the formula's source is the service's pricing page.

// ---- databases ----

// w · p_w + r · p_r + s · p_s: write and read units of the month, GB-months stored.
struct DynamoDbOnDemandUse {
  double write_units = kNotGiven;
  double read_units = kNotGiven;
  double storage_gb = 0;
};
core::Result<Costs> dynamodb_on_demand_cost(const PriceCatalogue& prices, const DynamoDbOnDemandUse& use);

// h (W · p_W + R · p_R) + s · p_s: capacity units that stand for h hours, used or not.
struct DynamoDbProvisionedUse {
  double write_capacity = kNotGiven;
  double read_capacity = kNotGiven;
  double hours = kHoursPerMonth;
  double storage_gb = 0;
};
core::Result<Costs> dynamodb_provisioned_cost(const PriceCatalogue& prices, const DynamoDbProvisionedUse& use);

enum class CacheEngine : std::uint8_t { kRedis, kValkey };

// n · h · p for n nodes (primaries and replicas alike) of a type, for h hours.
struct ElastiCacheNodesUse {
  CacheEngine engine = CacheEngine::kRedis;
  std::string node_type{};  // "cache.m7g.xlarge"
  double nodes = kNotGiven;
  double hours = kHoursPerMonth;
};
core::Result<Costs> elasticache_nodes_cost(const PriceCatalogue& prices, const ElastiCacheNodesUse& use);

// max(g, least) · h · p_g + e · p_e: GB on average over h hours, and ECPUs. At least 1 GB is metered with Redis OSS and
// 0.1 GB with Valkey.
struct ElastiCacheServerlessUse {
  CacheEngine engine = CacheEngine::kRedis;
  double data_gb = kNotGiven;
  double ecpus = kNotGiven;
  double hours = kHoursPerMonth;
};
core::Result<Costs> elasticache_serverless_cost(const PriceCatalogue& prices, const ElastiCacheServerlessUse& use);

// n · h · p + g · p_g: instances of a type ("db.m7g.large") and gp3 GB-months.
struct RdsPostgresUse {
  std::string instance_type{};
  double instances = kNotGiven;
  double hours = kHoursPerMonth;
  double storage_gb = kNotGiven;
};
core::Result<Costs> rds_postgres_cost(const PriceCatalogue& prices, const RdsPostgresUse& use);

// ---- computing ----

// n · h · p for instances of a type ("m7g.large"). The spot price is a market's: a mean of one day, no promise.
enum class Ec2Market : std::uint8_t { kOnDemand, kSpot };
struct Ec2Use {
  Ec2Market market = Ec2Market::kOnDemand;
  std::string instance_type{};
  double instances = kNotGiven;
  double hours = kHoursPerMonth;
};
core::Result<Costs> ec2_cost(const PriceCatalogue& prices, const Ec2Use& use);

// c · h · p for c control planes; a Kubernetes version in extended support costs six times as much.
struct EksUse {
  double clusters = kNotGiven;
  double hours = kHoursPerMonth;
  bool extended_support = false;
};
core::Result<Costs> eks_control_plane_cost(const PriceCatalogue& prices, const EksUse& use);

// max(0, n − F_n) · p_n + max(0, n · t · m − F_g) · p_g: n requests of t seconds at m GB (memory_mb / 1024). With the
// free tier F_n = 1e6 requests and F_g = 400,000 GB-s a month, otherwise 0. The time is billed in steps of 1 ms,
// upwards.
struct LambdaUse {
  double requests = kNotGiven;
  double seconds_per_request = kNotGiven;
  double memory_mb = kNotGiven;
  bool free_tier = false;
};
core::Result<Costs> lambda_cost(const PriceCatalogue& prices, const LambdaUse& use);

// ---- messages ----

enum class ApiKind : std::uint8_t { kRest, kHttp };

// C(n) by tiers; an HTTP API meters a request in steps of 512 KB. Data sent out is egress_cost.
struct ApiGatewayUse {
  ApiKind kind = ApiKind::kRest;
  double requests = kNotGiven;
  double request_bytes = 0;  // only an HTTP API's bill depends on it
};
core::Result<Costs> api_gateway_cost(const PriceCatalogue& prices, const ApiGatewayUse& use);

// r · p with requests from sqs_requests: sends, receives, deletes and empty receives alike.
struct SqsUse {
  bool fifo = false;
  double requests = kNotGiven;
};
core::Result<Costs> sqs_cost(const PriceCatalogue& prices, const SqsUse& use);

// k · h · p_k + n · ⌈b / 25 KB⌉ · p_u: provisioned shards for h hours, and n records of b bytes.
struct KinesisUse {
  double shards = kNotGiven;
  double hours = kHoursPerMonth;
  double records = kNotGiven;
  double record_bytes = kNotGiven;
};
core::Result<Costs> kinesis_cost(const PriceCatalogue& prices, const KinesisUse& use);

// ---- network ----

// h · p_h + h · L · p_L per load balancer: hours, and LCUs on average (alb_lcus for an application load balancer).
struct LoadBalancerUse {
  double hours = kHoursPerMonth;
  double lcus = kNotGiven;
};
core::Result<Costs> alb_cost(const PriceCatalogue& prices, const LoadBalancerUse& use);
core::Result<Costs> nlb_cost(const PriceCatalogue& prices, const LoadBalancerUse& use);

// n · h · p_h + g · p_g: gateways for h hours and the GB through them, which pay for egress as well.
struct NatUse {
  double gateways = kNotGiven;
  double hours = kHoursPerMonth;
  double gb = kNotGiven;
};
core::Result<Costs> nat_cost(const PriceCatalogue& prices, const NatUse& use);

// C(max(0, g − free)) by tiers, for the GB that all services of the account send to the internet in a month.
struct EgressUse {
  double gb = kNotGiven;
  double free_gb = 0;
};
core::Result<Costs> egress_cost(const PriceCatalogue& prices, const EgressUse& use);

// a · p_a + k · p_k + n · p_n + n · s · p_s, and what is added by the protections that are used: a month each, then by
// the requests they look at. n counts every request, blocked ones too; s = waf_extra_capacity_steps.
struct WafUse {
  double acls = kNotGiven;
  double rules = kNotGiven;  // over all ACLs; a rule group counts as one
  double requests = kNotGiven;
  double capacity_units = 0;
  bool bot_control_common = false;
  double common_requests = 0;
  bool bot_control_targeted = false;
  double targeted_requests = 0;
  double captcha_answers = 0;
  double challenge_responses = 0;
};
core::Result<Costs> waf_cost(const PriceCatalogue& prices, const WafUse& use);

// g · p_g + n · p_n in the price class of the viewers' region ("us", "apac"); the first tier only.
struct CloudFrontUse {
  std::string price_class = "us";
  double gb = kNotGiven;
  double https_requests = kNotGiven;
};
core::Result<Costs> cloudfront_cost(const PriceCatalogue& prices, const CloudFrontUse& use);

// ---- storage ----

// g · p_g + n · p_n: GB-months and PUT requests of the standard class.
struct S3Use {
  double gb_months = kNotGiven;
  double put_requests = kNotGiven;
};
core::Result<Costs> s3_cost(const PriceCatalogue& prices, const S3Use& use);

// g · p for the GB of log lines taken in; keeping and searching them is not counted.
core::Result<Costs> log_ingest_cost(const PriceCatalogue& prices, double gb);

}  // namespace tacos::plan
