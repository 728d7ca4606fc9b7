#include "tacos-plan/plan/cost_plan.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "tacos-plan/document/number_text.h"
#include "tacos-plan/plan/cost_ledger.h"
#include "tacos-plan/plan/gateway_plan.h"
#include "tacos-plan/prices/cost/service_costs.h"

namespace tacos::plan {
namespace {

using Q = Quantity;

constexpr double kHour = 3600;
constexpr double kGb = 1024.0 * 1024 * 1024;

CacheEngine engine_of(const PlanInputs& in) {
  return in.redis_engine == RedisEngine::kRedis ? CacheEngine::kRedis : CacheEngine::kValkey;
}

void add_redis(const Plan& plan, const PriceCatalogue& prices, CostLedger& ledger) {
  const auto& in = plan.inputs;
  const double hours = in[Q::kRedisHoursPerEvent];
  const auto nodes = static_cast<double>(plan.redis.nodes);
  ledger.add("Redis nodes", elasticache_nodes_cost(prices, {engine_of(in), plan.redis.node_type, nodes, hours}),
             fmt::format("{} × {} × {:g} h", plan.redis.nodes, plan.redis.node_type, hours));
}

// That run all month: the floor of pods, and at least one node a zone.
double standing_nodes(const PlanInputs& in) {
  return std::max(std::ceil(in[Q::kPodsAtLeast] * in[Q::kPodVcpu] / (in[Q::kNodeVcpu] * in[Q::kNodeAllocatable])),
                  in[Q::kZones]);
}

void add_gateway(const Plan& plan, const PriceCatalogue& prices, CostLedger& ledger) {
  const auto& in = plan.inputs;
  const double hours = in[Q::kEventHours];
  const double more = std::max(0.0, static_cast<double>(plan.gateway.nodes) - standing_nodes(in));
  const double spot = std::floor(more * in[Q::kSpotShare]);
  const double on_demand = more - spot;
  ledger.add("Gateway nodes, on demand", ec2_cost(prices, {Ec2Market::kOnDemand, in.gateway_node, on_demand, hours}),
             fmt::format("{:g} more × {} × {:g} h", on_demand, in.gateway_node, hours));
  if (spot > 0) {
    Bill bill(prices);
    bill.add("spot", fmt::format("ec2.on_demand.{}.hour", in.gateway_node), "per hour",
             spot * hours * (1 - in[Q::kSpotDiscount]));
    ledger.add("Gateway nodes, spot", bill.finish(),
               fmt::format("{:g} × {} × {:g} h, {} under on demand", spot, in.gateway_node, hours,
                           share_text(in[Q::kSpotDiscount])));
  }
}

double polls_of(const Plan& plan) {
  return plan.polling.polls_gathering + plan.polling.polls_per_event;
}

void add_network(const Plan& plan, const PriceCatalogue& prices, CostLedger& ledger) {
  const auto& in = plan.inputs;
  const double gb = plan.polling.egress_bytes_per_event / kGb;
  // Units are billed by the hour's average, so it is the crowd's hours that count, not the peak: new connections, hours
  // that connections stay, GB.
  const double stay = (in[Q::kArrivalTime] > 0 ? 0 : in[Q::kGatherTime] / 2) + plan.selling.answer_mean_wait;
  const AlbTraffic traffic{.new_connections_per_second = in[Q::kUsers] / kHour,
                           .active_connections = in[Q::kUsers] * stay / kHour,
                           .gb_per_hour = gb};
  if (const auto lcu_hours = alb_lcus(traffic)) {
    Bill bill(prices);
    bill.add("LCU", "elb.application.lcu_hour", "per LCU-hour", *lcu_hours);
    ledger.add("Load balancer units", bill.finish(),
               fmt::format("{:.3g} LCU-hours: {} who stay {} on average", *lcu_hours, count_text(in[Q::kUsers]),
                           seconds_text(stay)));
  }
  ledger.add("Traffic out, status", egress_cost(prices, {.gb = gb}),
             fmt::format("{} status answers, {}", count_text(polls_of(plan)),
                         bytes_text(plan.polling.egress_bytes_per_event)));
  ledger.add("Waiting page at the edge",
             cloudfront_cost(prices, {.price_class = in.region.starts_with("ap-") ? "apac" : "us",
                                      .gb = in[Q::kUsers] * in[Q::kPageBytes] / kGb,
                                      .https_requests = in[Q::kUsers] * in[Q::kPageRequests]}),
             fmt::format("{} × {} in {:g} requests", count_text(in[Q::kUsers]), bytes_text(in[Q::kPageBytes]),
                         in[Q::kPageRequests]));
  const double requests = polls_of(plan) + 2 * in[Q::kUsers];
  Bill inspected(prices);
  inspected.add("requests", "waf.requests", "per million requests", requests);
  ledger.add("Edge firewall, requests", inspected.finish(), fmt::format("{} requests", count_text(requests)));
}

void add_records(const Plan& plan, const PriceCatalogue& prices, CostLedger& ledger) {
  const auto& in = plan.inputs;
  ledger.add("DynamoDB",
             dynamodb_on_demand_cost(
                 prices, {.write_units = plan.dynamodb.write_units, .read_units = plan.dynamodb.read_units}),
             fmt::format("{} write units, {} read units", count_text(plan.dynamodb.write_units),
                         count_text(plan.dynamodb.read_units)));
  const double lines = polls_of(plan) * in[Q::kLogSampling] + 2 * in[Q::kUsers];
  ledger.add("Logs", log_ingest_cost(prices, lines * in[Q::kLogBytesPerRequest] / kGb),
             fmt::format("{} lines of {}", count_text(lines), bytes_text(in[Q::kLogBytesPerRequest])));
}

void add_standing(const Plan& plan, const PriceCatalogue& prices, CostLedger& ledger) {
  const auto& in = plan.inputs;
  ledger.add("Kubernetes control plane", eks_control_plane_cost(prices, {.clusters = 1}),
             fmt::format("1 × {:g} h", kHoursPerMonth), true);
  const double idle = standing_nodes(in);
  ledger.add("Gateway nodes that always run", ec2_cost(prices, {Ec2Market::kOnDemand, in.gateway_node, idle}),
             fmt::format("{:g} × {} × {:g} h", idle, in.gateway_node, kHoursPerMonth), true);
  ledger.add("Load balancer", alb_cost(prices, {.hours = kHoursPerMonth, .lcus = 0}),
             fmt::format("1 × {:g} h", kHoursPerMonth), true);
  ledger.add("Edge firewall, rules", waf_cost(prices, {.acls = 1, .rules = in[Q::kEdgeRules], .requests = 0}),
             fmt::format("1 list, {:g} rules", in[Q::kEdgeRules]), true);
  const double stored = plan.dynamodb.storage_bytes * in[Q::kEventsPerMonth] / kGb;
  Bill storage(prices);
  storage.add("storage", "dynamodb.storage_gb_month", "per GB-month", stored);
  ledger.add("DynamoDB storage", storage.finish(),
             bytes_text(plan.dynamodb.storage_bytes * in[Q::kEventsPerMonth]) + ", of one month's sales", true);
  ledger.add_amount("Operators' access", in[Q::kOperatorAccess], "roles, expiry, recording: a month", true);
  ledger.add_amount("Database", in[Q::kSharedDatabase], "as given, a month", true);
}

}  // namespace

CostPlan plan_cost(const Plan& plan, const Catalogues& catalogues) {
  CostPlan cost;
  CostLedger ledger(cost);
  add_redis(plan, catalogues.prices, ledger);
  add_gateway(plan, catalogues.prices, ledger);
  add_network(plan, catalogues.prices, ledger);
  add_records(plan, catalogues.prices, ledger);
  add_standing(plan, catalogues.prices, ledger);
  ledger.sum_up(plan.inputs[Q::kEventsPerMonth]);
  return cost;
}

}  // namespace tacos::plan
