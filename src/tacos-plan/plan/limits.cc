#include "tacos-plan/plan/limits.h"

#include <algorithm>

#include <fmt/format.h>

#include "tacos-plan/document/number_text.h"
#include "tacos-plan/plan/polling_plan.h"
#include "tacos-plan/plan/quota_ledger.h"

namespace tacos::plan {
namespace {

using Q = Quantity;

constexpr double kFirewallWindow = 300;  // seconds: the window of the edge's rate rule

Headroom of(std::string component, double used, double capacity, std::string unit, double limit) {
  Headroom headroom;
  headroom.component = std::move(component);
  headroom.used = used;
  headroom.capacity = capacity;
  headroom.unit = std::move(unit);
  headroom.utilisation = capacity > 0 ? used / capacity : 0;
  headroom.limit = limit;
  return headroom;
}

Headroom by_admission(Headroom headroom) {
  headroom.grows_with_users = false;
  return headroom;
}

Headroom elastic(Headroom headroom) {
  headroom.elastic = true;
  return headroom;
}

double tightness(const Headroom& headroom) {
  return headroom.utilisation / headroom.limit;
}

}  // namespace

double asks_in_firewall_window(const Plan& plan) {
  const auto& in = plan.inputs;
  const bool told = plan.selling.in_vain > 0 && in.at_sell_out == AtSellOut::kStop;
  const double before = in[Q::kArrivalTime] > 0 ? 0 : in[Q::kGatherTime];
  const double waits = told ? plan.selling.answer_longest_wait : plan.admission.longest_wait;
  const double stays = std::min(kFirewallWindow, before + waits);
  if (in.poll == PollPolicy::kFixed) return stays / in[Q::kPollInterval];
  // Whoever asks most often in the window is the one who has just that long to wait.
  const auto asks = polls_of_user(poll_rule(in), stays);
  return asks ? *asks : stays / in[Q::kPollShortest];
}

std::vector<QuotaCheck> check_quotas(const Plan& plan, const Catalogues& catalogues) {
  const auto& in = plan.inputs;
  QuotaLedger checks(catalogues.quotas);
  const double writes = plan.dynamodb.peak_write_units_per_sec;
  checks.add("dynamodb.on_demand.table_write_units", "DynamoDB table, write units", writes,
             "ask for a higher table quota before the sale");
  checks.add("dynamodb.on_demand.table_read_units", "DynamoDB table, read units", plan.dynamodb.peak_read_units_per_sec,
             "ask for a higher table quota before the sale");
  checks.add("dynamodb.on_demand.new_table_writes", "DynamoDB, writes of a table that was idle", writes,
             "set the table's warm throughput before the sale opens");
  checks.add("dynamodb.partition.writes", "DynamoDB, one hot item", plan.dynamodb.hot_partition_writes_per_sec,
             "no table size helps one item: keep the count of seats elsewhere, or one item a seat");
  checks.add("api_gateway.requests", "Managed API gateway, if one stood in front, requests",
             plan.gateway.requests_per_sec,
             "its default throttle is for the whole account and region; ask for more, or go round it");
  checks.add("api_gateway.burst", "Managed API gateway, if one stood in front, burst", plan.gateway.requests_per_sec,
             "the burst can't be raised on request: smooth the arrivals");
  checks.add("lambda.concurrency", "Functions at once, if they answered status",
             plan.gateway.requests_per_sec * in[Q::kFunctionTime],
             "raise the account's concurrency, or answer from pods");
  const double asks = asks_in_firewall_window(plan);
  checks.add_limit("Edge rate rule, requests of one address in 5 min", asks * in[Q::kUsersPerAddress],
                   in[Q::kEdgeRateLimit], "requests", true,
                   "raise it, count by cookie instead of address, or ask less often: whole offices share an address",
                   "edge_rate_limit: the original's rule was 100 requests per 5 min and address");
  return checks.take();
}

std::vector<Headroom> headroom_of(const Plan& plan, const Catalogues& catalogues) {
  const auto& in = plan.inputs;
  const double rate = plan.admission.rate;
  const double enter = rate * (1 - in[Q::kNoShow]);
  const double ceiling = in[Q::kBackendUtilisation];
  const double pods = static_cast<double>(plan.gateway.pods);
  std::vector<Headroom> all;
  all.push_back(elastic(of("gateway pods, CPU", plan.gateway.requests_per_sec * (1 + in[Q::kMeshCpu]),
                           pods * in[Q::kPodCapacity], "1/s", in[Q::kPodUtilisation])));
  all.push_back(elastic(
      of("gateway pods, connections", plan.gateway.connections, pods * in[Q::kPodConnections], "connections", 1)));
  all.push_back(of("Redis, the line's slot", plan.redis.hot_slot.cpu_cores, 1, "cores", in[Q::kRedisCpuLimit]));
  all.push_back(of("Redis, memory of its shard", plan.redis.hot_slot.memory_bytes, plan.redis.node_memory_bytes,
                   "bytes", plan.redis.memory_limit));
  all.back().fixed = plan.redis.connections_bytes;
  all.push_back(of("Redis, network of its shard", plan.redis.bandwidth_bytes_per_sec,
                   plan.redis.node_baseline_bytes_per_sec, "bytes/s", in[Q::kRedisNetworkLimit]));
  all.push_back(by_admission(of("reservation API", enter, in[Q::kReservationCapacity], "1/s", ceiling)));
  all.push_back(by_admission(of("inventory API", enter, in[Q::kInventoryCapacity], "1/s", ceiling)));
  all.push_back(by_admission(of("payment API", enter * in[Q::kConversion], in[Q::kPaymentCapacity], "1/s", ceiling)));
  if (const auto quota = catalogues.quotas.quota("dynamodb.on_demand.table_write_units")) {
    all.push_back(by_admission(
        of("DynamoDB, the table's writes", plan.dynamodb.peak_write_units_per_sec, quota->value, "1/s", 1)));
  }
  if (const auto quota = catalogues.quotas.quota("dynamodb.partition.writes"); quota && in[Q::kHotItemShare] > 0) {
    all.push_back(
        by_admission(of("DynamoDB, one hot item", plan.dynamodb.hot_partition_writes_per_sec, quota->value, "1/s", 1)));
  }
  for (auto& headroom : all) {
    const double scale = headroom.grows_with_users ? in[Q::kUsers] : rate;
    const double grows = headroom.used - headroom.fixed;
    headroom.breaks_at = grows > 0 ? scale * (headroom.limit * headroom.capacity - headroom.fixed) / grows : 0;
  }
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return tightness(a) > tightness(b); });
  return all;
}

const Headroom* first_to_break(const std::vector<Headroom>& headroom) {
  const auto found = std::find_if(headroom.begin(), headroom.end(), [](const auto& h) { return !h.elastic; });
  return found == headroom.end() ? nullptr : &*found;
}

}  // namespace tacos::plan
