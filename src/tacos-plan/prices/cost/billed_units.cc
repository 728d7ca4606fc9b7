#include "tacos-plan/prices/cost/billed_units.h"

#include <algorithm>
#include <cmath>
#include <string>

#include <fmt/format.h>

namespace tacos::plan {
namespace {

constexpr double kKilobyte = 1024;  // the provider counts in binary units throughout
constexpr double kGigabyte = kKilobyte * kKilobyte * kKilobyte;
constexpr double kLargestItemBytes = 400 * kKilobyte;
constexpr double kItemOverheadBytes = 100;

double chunks(double bytes, double chunk_bytes) {
  return std::ceil(std::max(bytes, 1.0) / chunk_bytes);
}

core::Result<double> item_size(double bytes) {
  auto size = given("item bytes", bytes);
  if (size && *size > kLargestItemBytes) {
    return core::fail(
        fmt::format("item bytes: {} is above {}, the largest item that DynamoDB takes", bytes, kLargestItemBytes));
  }
  return size;
}

}  // namespace

core::Result<double> given(std::string_view name, double quantity) {
  if (std::isnan(quantity)) return core::fail(fmt::format("{} is not given", name));
  if (quantity < 0 || quantity > kMostQuantity) {
    return core::fail(fmt::format("{}: {} is not from 0 to {}", name, quantity, kMostQuantity));
  }
  return quantity;
}

core::Result<double> product(std::string_view name_a, double a, std::string_view name_b, double b) {
  const auto first = given(name_a, a);
  if (!first) return first.error();
  const auto second = given(name_b, b);
  if (!second) return second.error();
  return given(std::string(name_a) + " times " + std::string(name_b), *first * *second);
}

core::Result<double> tiered_cost(double quantity, std::span<const PriceTier> tiers) {
  const auto units = given("quantity", quantity);
  if (!units) return units.error();
  if (tiers.empty()) return core::fail("the price has no tiers");
  double cost = 0;
  double from = 0;
  for (const auto& tier : tiers) {
    cost += tier.usd * std::max(0.0, std::min(*units, tier.up_to) - from);
    from = tier.up_to;
  }
  return cost;
}

core::Result<double> dynamodb_write_units(double item_bytes, WriteKind kind) {
  const auto size = item_size(item_bytes);
  if (!size) return size.error();
  return chunks(*size, kKilobyte) * (kind == WriteKind::kTransactional ? 2 : 1);
}

core::Result<double> dynamodb_read_units(double item_bytes, ReadKind kind) {
  const auto size = item_size(item_bytes);
  if (!size) return size.error();
  const double factor = kind == ReadKind::kTransactional ? 2 : kind == ReadKind::kEventuallyConsistent ? 0.5 : 1;
  return chunks(*size, 4 * kKilobyte) * factor;
}

core::Result<double> dynamodb_storage_gb(double items, double item_bytes) {
  const auto count = given("items", items);
  if (!count) return count.error();
  const auto size = item_size(item_bytes);
  if (!size) return size.error();
  return *count * (*size + kItemOverheadBytes) / kGigabyte;
}

core::Result<double> sqs_requests(double messages, double message_bytes, double messages_per_batch) {
  const auto count = given("messages", messages);
  if (!count) return count.error();
  const auto size = given("message bytes", message_bytes);
  if (!size) return size.error();
  if (!(messages_per_batch >= 1 && messages_per_batch <= 10)) {
    return core::fail(fmt::format("messages per batch: {} is not from 1 to 10", messages_per_batch));
  }
  return *count / messages_per_batch * chunks(*size * messages_per_batch, 64 * kKilobyte);
}

core::Result<double> kinesis_put_units(double record_bytes) {
  const auto size = given("record bytes", record_bytes);
  if (!size) return size.error();
  return chunks(*size, 25 * kKilobyte);
}

core::Result<double> elasticache_ecpus(double commands, double bytes_per_command) {
  const auto count = given("commands", commands);
  if (!count) return count.error();
  const auto size = given("bytes per command", bytes_per_command);
  if (!size) return size.error();
  return *count * std::max(1.0, *size / kKilobyte);
}

core::Result<double> alb_lcus(const AlbTraffic& traffic) {
  struct Dimension {
    std::string_view name;
    double value;
    double per_lcu;
  };
  const Dimension dimensions[] = {{"new connections per second", traffic.new_connections_per_second, 25},
                                  {"active connections", traffic.active_connections, 3000},
                                  {"GB per hour", traffic.gb_per_hour, 1},
                                  {"rule evaluations per second", traffic.rule_evaluations_per_second, 1000}};
  double most = 0;
  for (const auto& [name, value, per_lcu] : dimensions) {
    const auto checked = given(name, value);
    if (!checked) return checked.error();
    most = std::max(most, *checked / per_lcu);
  }
  return most;
}

core::Result<double> alb_rule_evaluations(double requests_per_second, double rules) {
  const auto rate = given("requests per second", requests_per_second);
  if (!rate) return rate.error();
  const auto count = given("rules", rules);
  if (!count) return count.error();
  constexpr double kFreeRules = 10;
  return *rate * std::max(0.0, *count - kFreeRules);
}

core::Result<double> waf_extra_capacity_steps(double capacity_units) {
  const auto units = given("capacity units", capacity_units);
  if (!units) return units.error();
  return std::ceil(std::max(0.0, *units - 1500) / 500);
}

}  // namespace tacos::plan
