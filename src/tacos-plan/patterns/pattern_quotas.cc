#include "tacos-plan/patterns/pattern_quotas.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "tacos-plan/plan/quota_ledger.h"

namespace tacos::plan {
namespace {

using Q = Quantity;

double peak_of(const PatternRun& run, std::string_view part) {
  for (const auto& load : run.loads) {
    if (load.part.starts_with(part)) return load.peak_per_sec;
  }
  return 0;
}

void add_front(const PatternRun& run, QuotaLedger& checks) {
  const double peak = peak_of(run, "API Gateway");
  checks.add("api_gateway.requests", "API Gateway, requests a second", peak,
             "ask for more before the sale: the throttle is for the whole account and region");
  checks.add("api_gateway.burst", "API Gateway, burst", peak, "can't be raised on request: smooth the arrivals");
}

void add_queue(const PatternRun& run, const Plan& plan, QuotaLedger& checks) {
  const auto& in = plan.inputs;
  add_front(run, checks);
  const double to_keep_up = peak_of(run, "queue workers") * in[Q::kMessageTime];
  checks.add("lambda.sqs.start", "Queue workers, to keep up from the first second", to_keep_up,
             "they grow by 300 a minute only: the backlog of the first minute is the wait");
  checks.add("lambda.sqs.most", "Queue workers, to keep up at all", to_keep_up,
             "a queue is there to be longer than that: expect the wait");
  checks.add("lambda.concurrency", "Functions at once", run.most_workers, "raise the account's concurrency");
  checks.add("sqs.in_flight", "SQS, messages in flight", run.most_workers * in[Q::kMessageBatch],
             "smaller batches, or more queues");
}

void add_serverless(const PatternRun& run, const Plan& plan, QuotaLedger& checks) {
  const auto& in = plan.inputs;
  add_front(run, checks);
  const double spread_sec = in[Q::kArrivalTime] > 0 ? in[Q::kArrivalTime] : in[Q::kPressTime];
  const double at_once = in[Q::kUsers] / spread_sec * in[Q::kFunctionTime];
  checks.add("lambda.concurrency", "Functions at once, if all came through", at_once,
             "raise the account's concurrency before the sale");
  checks.add("lambda.scaling", "New environments in the first 10 s", at_once,
             "can't be raised: have concurrency provisioned before the sale");
  const double units = peak_of(run, "DynamoDB table");
  checks.add("dynamodb.on_demand.new_table_writes", "DynamoDB, writes of a table that was idle", units,
             "set the table's warm throughput before the sale");
  checks.add("dynamodb.on_demand.table_write_units", "DynamoDB table, write units", units,
             "ask for a higher table quota before the sale");
  checks.add("dynamodb.partition.writes", "DynamoDB, one hot item", units * in[Q::kHotItemShare],
             "one item a seat instead of a counter");
  checks.add("api_gateway.timeout", "API Gateway, time for an answer", in[Q::kFunctionTime] + in[Q::kFunctionColdStart],
             "answer sooner");
}

}  // namespace

std::vector<QuotaCheck> pattern_quotas(const PatternResult& result, const Plan& plan, const QuotaCatalogue& quotas) {
  QuotaLedger checks(quotas);
  switch (result.pattern) {
    case Pattern::kDirect:
      break;  // no managed service on the way: its limits are its own capacities
    case Pattern::kQueue:
      add_queue(result.run, plan, checks);
      break;
    case Pattern::kServerless:
      add_serverless(result.run, plan, checks);
      break;
    case Pattern::kGateway: {
      std::vector<QuotaCheck> own;
      for (const auto& quota : plan.quotas) {
        if (!quota.name.starts_with("Managed API gateway") && !quota.name.starts_with("Functions at once")) {
          own.push_back(quota);
        }
      }
      return own;
    }
  }
  return checks.take();
}

}  // namespace tacos::plan
