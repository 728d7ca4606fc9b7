// A price list comes from whoever plans. What can be read can be priced, and only in numbers that can be shown.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "tacos-plan/prices/cost/bill.h"
#include "tacos-plan/prices/cost/billed_units.h"
#include "tacos-plan/prices/cost/money.h"
#include "tacos-plan/prices/node_types.h"
#include "tacos-plan/prices/price_catalogue.h"
#include "tacos-plan/prices/quotas.h"

namespace {

using namespace tacos::plan;

void price_everything(const PriceCatalogue& prices) {
  for (const auto& [id, price] : prices.prices()) {
    if (price.tiers.empty() || price.as_of.empty() || price.source.empty() || price.unit.empty()) std::abort();
    double before = 0;
    for (const double quantity : {0.0, 1.0, 1e3, 1e9, 1e15}) {
      const auto cost = tiered_cost(quantity, price.tiers);
      if (!cost || !std::isfinite(*cost) || *cost < before) std::abort();
      before = *cost;
      const auto costs = Bill(prices).add("units", id, price.unit, quantity).finish();
      if (costs ? costs->cents() < 0 : costs.error().message.empty()) std::abort();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto prices = read_prices(text, "prices.json");
  if (prices) {
    price_everything(*prices);
    price_everything(prices->in_era(PriceEra::kBefore202411));
    price_everything(PriceCatalogue("r", "", {}).overlaid_with(*prices));
  } else if (!prices.error().message.starts_with("prices.json: ")) {
    std::abort();
  }
  if (const auto types = read_node_types(text, "node-types.json")) {
    for (const auto& type : *types) {
      const double usable = usable_memory_gib(type);
      if (!(usable > 0 && usable <= type.memory_gib)) std::abort();
    }
  }
  if (const auto quotas = read_quotas(text, "quotas.json")) {
    for (const auto& [id, quota] : quotas->quotas()) {
      if (!(quota.value >= 0)) std::abort();
    }
  }
  return 0;
}
