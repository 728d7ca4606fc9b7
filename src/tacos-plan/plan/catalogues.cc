#include "tacos-plan/plan/catalogues.h"

#include <string_view>
#include <utility>

namespace tacos::plan {
namespace {

// A list without any such price is one that is not filled: then the plan names the missing price instead.
core::Result<void> known_gateway_node(const PriceCatalogue& prices, const std::string& node) {
  constexpr std::string_view kFront = "ec2.on_demand.", kBack = ".hour";
  std::string known;
  for (const auto& [id, price] : prices.prices()) {
    if (!id.starts_with(kFront) || !id.ends_with(kBack)) continue;
    const auto name = id.substr(kFront.size(), id.size() - kFront.size() - kBack.size());
    if (name == node) return {};
    known += (known.empty() ? "" : ", ") + name;
  }
  if (known.empty()) return {};
  return core::fail("--gateway-node: there is no price of '" + node + "' in " + prices.region() + "; there are " +
                    known);
}

}  // namespace

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
  if (auto known = known_gateway_node(*prices, inputs.gateway_node); !known) return known.error();
  return Catalogues{prices->in_era(inputs.dynamodb_prices), std::move(*types), std::move(*quotas)};
}

}  // namespace tacos::plan
