#include "tacos-plan/plan/catalogues.h"

#include <utility>

namespace tacos::plan {

core::Result<Catalogues> catalogues_for(const PlanInputs& inputs, const std::string& prices_file) {
  auto prices = prices_file.empty() ? PriceCatalogue::of_region(inputs.region) : load_prices(prices_file);
  if (!prices) {
    return core::fail((prices_file.empty() ? "--region: " : "--prices: ") + prices.error().message);
  }
  auto types = built_in_node_types();
  if (!types) return types.error();
  auto quotas = QuotaCatalogue::built_in();
  if (!quotas) return quotas.error();
  if (const auto known = node_type(*types, inputs.redis_node); !known) {
    return core::fail("--redis-node: " + known.error().message);
  }
  return Catalogues{prices->in_era(inputs.dynamodb_prices), std::move(*types), std::move(*quotas)};
}

}  // namespace tacos::plan
