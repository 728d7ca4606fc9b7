#include "tacos-plan/plan/dynamo_plan.h"

#include <cmath>

#include <fmt/format.h>

#include "tacos-plan/document/number_text.h"
#include "tacos-plan/prices/cost/service_costs.h"

namespace tacos::plan {
namespace {

using Q = Quantity;

constexpr const char* kUnits = "DynamoDB, Pricing for On-Demand Capacity: 1 KB a write unit, 4 KB a read unit";
constexpr double kPartitionWrites = 1000;  // when the list of quotas has none: the documented ceiling of one partition

double cost_of(const PriceCatalogue& prices, const DynamoPlan& plan) {
  const auto costs = dynamodb_on_demand_cost(prices, {.write_units = plan.write_units, .read_units = plan.read_units});
  return costs ? costs->exact_usd() : 0;
}

PriceEra other(PriceEra era) {
  return era == PriceEra::kCurrent ? PriceEra::kBefore202411 : PriceEra::kCurrent;
}

}  // namespace

core::Result<DynamoPlan> plan_dynamodb(const PlanInputs& in, const AdmissionPlan& admission, const SellingPlan& selling,
                                       const Catalogues& catalogues, Derivations& derive) {
  DynamoPlan plan;
  const double buys = in[Q::kConversion] * (1 - in[Q::kNoShow]);
  plan.purchases = derive.add("dynamodb.purchases", selling.admissions * buys, "purchases",
                              fmt::format("{} let in × {:g} who buy", count_text(selling.admissions), buys),
                              "each admission is one person and at most one purchase");
  const double attempts = in[Q::kWritesPerPurchase] / (1 - in[Q::kFailedWriteShare]);
  plan.writes = derive.add("dynamodb.writes", plan.purchases * attempts, "writes",
                           fmt::format("{} purchases × {:g} writes ÷ (1 − {:g} that lose their race)",
                                       count_text(plan.purchases), in[Q::kWritesPerPurchase], in[Q::kFailedWriteShare]),
                           "failed conditional writes are billed too");
  const auto single = dynamodb_write_units(in[Q::kItemBytes], WriteKind::kStandard);
  const auto doubled = dynamodb_write_units(in[Q::kItemBytes], WriteKind::kTransactional);
  const auto read_each = dynamodb_read_units(in[Q::kItemBytes], ReadKind::kEventuallyConsistent);
  if (!single) return single.error();
  if (!doubled) return doubled.error();
  if (!read_each) return read_each.error();
  const double each = *single * (1 - in[Q::kTransactionShare]) + *doubled * in[Q::kTransactionShare];
  plan.write_units = derive.add(
      "dynamodb.write_units", plan.writes * each, "write units",
      fmt::format("{} writes × {:g} units (items of {}, {} in transactions at double)", count_text(plan.writes), each,
                  bytes_text(in[Q::kItemBytes]), share_text(in[Q::kTransactionShare])),
      kUnits);
  plan.reads = plan.purchases * in[Q::kReadsPerPurchase];
  const double read = *read_each;
  plan.read_units =
      derive.add("dynamodb.read_units", plan.reads * read, "read units",
                 fmt::format("{} reads × {:g} units, eventually consistent", count_text(plan.reads), read), kUnits);

  const double purchases_per_sec = admission.rate * buys;
  plan.peak_write_units_per_sec =
      derive.add("dynamodb.peak_write_units_per_sec", purchases_per_sec * attempts * each, "1/s",
                 fmt::format("{} purchases × {:g} attempts × {:g} units", rate_text(purchases_per_sec), attempts, each),
                 "the sale's rate of admission, until the last seat");
  plan.peak_read_units_per_sec = purchases_per_sec * in[Q::kReadsPerPurchase] * read;
  plan.hot_partition_writes_per_sec = plan.peak_write_units_per_sec * in[Q::kHotItemShare];
  const auto ceiling = catalogues.quotas.quota("dynamodb.partition.writes");
  plan.partitions =
      std::max(1.0, std::ceil(plan.peak_write_units_per_sec / (ceiling ? ceiling->value : kPartitionWrites)));
  plan.storage_bytes = plan.purchases * in[Q::kWritesPerPurchase] * (in[Q::kItemBytes] + 100);

  plan.cost_usd_per_event =
      derive.add("dynamodb.cost_usd_per_event", cost_of(catalogues.prices, plan), "USD",
                 fmt::format("{} write units and {} read units at the {} prices of {}", count_text(plan.write_units),
                             count_text(plan.read_units), name_of(in.dynamodb_prices), in.region),
                 "DynamoDB on demand, the price list's date beside each price");
  plan.cost_by_other_era_usd = cost_of(catalogues.prices.in_era(other(in.dynamodb_prices)), plan);
  return plan;
}

}  // namespace tacos::plan
