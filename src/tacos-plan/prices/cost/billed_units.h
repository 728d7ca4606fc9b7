#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "core/result.h"
#include "tacos-plan/prices/price.h"

namespace tacos::plan {

// How much is billed for what is done. Every function here fails, naming the quantity, when one is missing (kNotGiven),
// negative or beyond 1e18: never a number out of nothing.

// What a quantity is until someone sets it.
inline constexpr double kNotGiven = std::numeric_limits<double>::quiet_NaN();
inline constexpr double kMostQuantity = 1e18;

// The quantity itself when it is a number in [0, kMostQuantity].
core::Result<double> given(std::string_view name, double quantity);

// a · b, when both are given; the names say which is not.
core::Result<double> product(std::string_view name_a, double a, std::string_view name_b, double b);

// C(q) = Σ pᵢ · max(0, min(q, uᵢ) − uᵢ₋₁), u₀ = 0, the last uᵢ = ∞. q: units in a month, pᵢ: USD per unit within tier
// i, uᵢ: where tier i ends. Continuous, and as steep as the tier's price. tiers must not be empty and their ends must
// rise. Source: the pricing pages of data transfer and of API Gateway ("first", "next", "over").
core::Result<double> tiered_cost(double quantity, std::span<const PriceTier> tiers);

enum class WriteKind : std::uint8_t { kStandard, kTransactional };
enum class ReadKind : std::uint8_t { kStronglyConsistent, kEventuallyConsistent, kTransactional };

// W = ⌈max(b, 1) / 1024⌉ · k units for one write of b bytes, k = 2 in a transaction, otherwise 1. A conditional write
// that fails is billed as well. The item is at most 400 KB. Source: the provider's page "Pricing for On-Demand
// Capacity", key terms.
core::Result<double> dynamodb_write_units(double item_bytes, WriteKind kind);

// R = ⌈max(b, 1) / 4096⌉ · k units for one read of b bytes, k = 1 strongly consistent, 1/2 eventually consistent, 2 in
// a transaction. Source: as above.
core::Result<double> dynamodb_read_units(double item_bytes, ReadKind kind);

// S = n (b + 100) / 2³⁰ GB for n items of b bytes each: the table keeps 100 bytes of overhead with every item.
// Source: the provider's developer guide, "DynamoDB item sizes and formats" and quotas (binary units).
core::Result<double> dynamodb_storage_gb(double items, double item_bytes);

// ⌈max(b, 1) / 65536⌉ requests for one call of b bytes over all messages in its batch (1 to 10).
// Source: the pricing page of SQS, "each 64 KB chunk of a payload is billed as 1 request".
core::Result<double> sqs_requests(double messages, double message_bytes, double messages_per_batch);

// ⌈max(b, 1) / 25600⌉ put units for a record of b bytes (25 KB each). Source: the pricing page of Kinesis Data Streams.
core::Result<double> kinesis_put_units(double record_bytes);

// E = n · max(1, b / 1024) ECPUs for n simple commands that move b bytes each. Commands that take more CPU than a GET
// cost more; this is for O(1) and short O(log n) ones. Source: the provider's post on what ElastiCache Serverless
// costs.
core::Result<double> elasticache_ecpus(double commands, double bytes_per_command);

// What an application load balancer carries, on average within an hour.
struct AlbTraffic {
  double new_connections_per_second = kNotGiven;
  double active_connections = kNotGiven;  // sampled each minute
  double gb_per_hour = kNotGiven;         // both directions
  double rule_evaluations_per_second = 0;
};

// L = max(n / 25, a / 3000, g / 1, r / 1000) LCUs, with n new connections per second, a active connections, g GB per
// hour and r rule evaluations per second. Source: the pricing page of Elastic Load Balancing.
core::Result<double> alb_lcus(const AlbTraffic& traffic);

// r = q · max(0, k − 10): of k rules that a request is held against, the first 10 are free. q: requests per second.
// Source: as above.
core::Result<double> alb_rule_evaluations(double requests_per_second, double rules);

// ⌈max(0, w − 1500) / 500⌉ steps of extra capacity for a web ACL of w capacity units.
// Source: the provider's announcement of 11 April 2023 on web ACL capacity units.
core::Result<double> waf_extra_capacity_steps(double capacity_units);

}  // namespace tacos::plan
