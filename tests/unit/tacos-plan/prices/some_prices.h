#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tacos-plan/prices/cost/bill.h"
#include "tacos-plan/prices/cost/money.h"
#include "tacos-plan/prices/price_catalogue.h"

namespace tacos::plan {

inline PriceCatalogue us_east_1() {
  return PriceCatalogue::of_region("us-east-1").value();
}

struct PriceThen {
  std::string id;
  std::string unit;
  double usd = 0;
};

// The prices that an old or foreign example was computed with, over those of us-east-1.
inline PriceCatalogue with_prices(const std::vector<PriceThen>& then) {
  std::map<std::string, Price, std::less<>> prices;
  for (const auto& p : then) {
    Price price;
    price.id = p.id;
    price.unit = p.unit;
    price.tiers = {{.usd = p.usd}};
    prices.emplace(p.id, price);
  }
  return us_east_1().overlaid_with(PriceCatalogue("us-east-1", "", std::move(prices)));
}

// What a person would see, line by line.
inline std::vector<std::int64_t> cents_of(const core::Result<Costs>& costs) {
  std::vector<std::int64_t> cents;
  for (const auto& line : costs.value().lines) cents.push_back(to_cents(line.usd));
  return cents;
}

}  // namespace tacos::plan
