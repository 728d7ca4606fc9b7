#include "tacos-plan/patterns/pattern_costs.h"

#include <cmath>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "tacos-plan/document/number_text.h"
#include "tacos-plan/plan/cost_ledger.h"
#include "tacos-plan/prices/cost/service_costs.h"

namespace tacos::plan {
namespace {

using Q = Quantity;

constexpr double kGb = 1024.0 * 1024 * 1024;
constexpr double kDatabaseGb = 100;
constexpr double kDatabaseNodes = 2;  // one to serve, one to take over
constexpr const char* kDatabaseType = "db.m7g.large";

// Answers, the page and the logs, which each pattern has.
void add_shared(const PatternUse& use, const Plan& plan, const PriceCatalogue& prices, CostLedger& ledger) {
  const auto& in = plan.inputs;
  const double answers = use.requests + use.refused;
  const double bytes = answers * in[Q::kStatusResponseBytes];
  ledger.add("Traffic out", egress_cost(prices, {.gb = bytes / kGb}),
             fmt::format("{} answers, {}", count_text(answers), bytes_text(bytes)));
  ledger.add("Page at the edge",
             cloudfront_cost(prices, {.price_class = in.region.starts_with("ap-") ? "apac" : "us",
                                      .gb = in[Q::kUsers] * in[Q::kPageBytes] / kGb,
                                      .https_requests = in[Q::kUsers] * in[Q::kPageRequests]}),
             fmt::format("{} × {}", count_text(in[Q::kUsers]), bytes_text(in[Q::kPageBytes])));
  // Polls as the plan's status calls: a share of them. Everything else is logged.
  const double polls = std::min(use.polls, answers);
  const double lines = answers - polls + polls * in[Q::kLogSampling];
  ledger.add("Logs", log_ingest_cost(prices, lines * in[Q::kLogBytesPerRequest] / kGb),
             fmt::format("{} lines of {}", count_text(lines), bytes_text(in[Q::kLogBytesPerRequest])));
  ledger.add_amount("Operators' access", in[Q::kOperatorAccess], "roles, expiry, recording: a month", true);
}

void add_direct(const PatternUse& use, const Plan& plan, const PriceCatalogue& prices, CostLedger& ledger) {
  const auto& in = plan.inputs;
  const double hours = in[Q::kEventHours];
  const double gb = use.requests * (in[Q::kStatusResponseBytes] + in[Q::kStatusRequestBytes]) / kGb;
  const auto lcus = alb_lcus({.new_connections_per_second = use.requests / (hours * 3600),
                              .active_connections = in[Q::kUsers] / (hours * 60),
                              .gb_per_hour = gb / hours});
  if (lcus) {
    Bill bill(prices);
    bill.add("LCU", "elb.application.lcu_hour", "per LCU-hour", *lcus * hours);
    ledger.add("Load balancer units", bill.finish(), fmt::format("{:.1f} LCU × {:g} h", *lcus, hours));
  }
  ledger.add("Load balancer", alb_cost(prices, {.hours = kHoursPerMonth, .lcus = 0}),
             fmt::format("1 × {:g} h", kHoursPerMonth), true);
  ledger.add(
      "Relational database",
      rds_postgres_cost(prices, {.instance_type = kDatabaseType,
                                 .instances = kDatabaseNodes,
                                 .hours = kHoursPerMonth,
                                 .storage_gb = kDatabaseNodes * kDatabaseGb}),
      fmt::format("{:g} × {} × {:g} h, {:g} GB each", kDatabaseNodes, kDatabaseType, kHoursPerMonth, kDatabaseGb),
      true);
}

void add_front_and_functions(const PatternUse& use, const Plan& plan, const PriceCatalogue& prices,
                             CostLedger& ledger) {
  const auto& in = plan.inputs;
  ledger.add(
      "API Gateway (HTTP)",
      api_gateway_cost(prices,
                       {.kind = ApiKind::kHttp, .requests = use.requests, .request_bytes = in[Q::kStatusRequestBytes]}),
      count_text(use.requests) + " requests");
  const double each_sec = use.function_runs > 0 ? use.function_seconds / use.function_runs : 0;
  ledger.add("Lambda",
             lambda_cost(
                 prices,
                 {.requests = use.function_runs, .seconds_per_request = each_sec, .memory_mb = in[Q::kFunctionMemory]}),
             fmt::format("{} runs of {} at {:g} MB", count_text(use.function_runs), seconds_text(each_sec),
                         in[Q::kFunctionMemory]));
}

// Writes of purchases as the plan counts them, and what else there is of them.
void add_dynamo(const PatternUse& use, const Plan& plan, const PriceCatalogue& prices, double more_writes,
                double more_reads, CostLedger& ledger) {
  const auto& d = plan.dynamodb;
  const double part = d.purchases > 0 ? use.purchases / d.purchases : 0;
  const double writes = d.write_units * part + more_writes;
  const double reads = d.read_units * part + more_reads;
  ledger.add("DynamoDB", dynamodb_on_demand_cost(prices, {.write_units = writes, .read_units = reads}),
             fmt::format("{} write units, {} read units", count_text(writes), count_text(reads)));
  const double stored = d.storage_bytes * plan.inputs[Q::kEventsPerMonth];
  Bill storage(prices);
  storage.add("storage", "dynamodb.storage_gb_month", "per GB-month", stored / kGb);
  ledger.add("DynamoDB storage", storage.finish(), bytes_text(stored) + ", of one month's sales", true);
}

void add_queue(const PatternUse& use, const Plan& plan, const PriceCatalogue& prices, CostLedger& ledger) {
  const auto& in = plan.inputs;
  // Sent one by one; received and deleted in batches.
  const double requests = use.messages * (1 + 2 / in[Q::kMessageBatch]);
  ledger.add("SQS", sqs_cost(prices, {.fifo = false, .requests = requests}),
             fmt::format("{} requests for {} messages", count_text(requests), count_text(use.messages)));
}

}  // namespace

CostPlan pattern_cost(const PatternResult& result, const Plan& plan, const PriceCatalogue& prices) {
  if (result.pattern == Pattern::kGateway) return plan.cost;
  CostPlan cost;
  CostLedger ledger(cost);
  const PatternUse& use = result.run.use;
  switch (result.pattern) {
    case Pattern::kDirect:
      add_direct(use, plan, prices, ledger);
      break;
    case Pattern::kQueue: {
      add_front_and_functions(use, plan, prices, ledger);
      add_queue(use, plan, prices, ledger);
      // A result is one write, and half a unit for each poll that got through.
      const double polls = std::max(0.0, use.requests - use.messages);
      add_dynamo(use, plan, prices, use.messages, polls / 2, ledger);
      break;
    }
    case Pattern::kServerless:
      add_front_and_functions(use, plan, prices, ledger);
      add_dynamo(use, plan, prices, 0, 0, ledger);
      break;
    case Pattern::kGateway:
      break;
  }
  add_shared(use, plan, prices, ledger);
  ledger.sum_up(plan.inputs[Q::kEventsPerMonth]);
  return cost;
}

}  // namespace tacos::plan
