#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "tacos-plan/prices/price_catalogue.h"

namespace tacos::plan {

// One line of a bill: so much of one price.
struct CostLine {
  std::string what{};      // "write request units"
  std::string price_id{};  // "dynamodb.on_demand.write_units"
  double quantity = 0;     // in single units, also when the price is per million of them
  std::string unit{};      // of the price
  double usd = 0;          // exact; shown as to_cents(usd)
  std::string as_of{};     // of the price
  bool verified = false;   // the price
};

struct Costs {
  std::vector<CostLine> lines{};

  // The sum of the lines as they are shown.
  std::int64_t cents() const;
  double exact_usd() const;
  void add(const Costs& other);
};

// Adds lines until one can't be priced; what went wrong first is then what finish() tells. Borrows the catalogue.
class Bill {
 public:
  explicit Bill(const PriceCatalogue& catalogue) : catalogue_(catalogue) {}

  // A price says in its unit how many it is for: "per million requests" is for 1e6, "per 10,000 answers" for 1e4, "per
  // hour" for 1. The unit must be the one that the formula computes with, or a user's file could be off by a million.
  Bill& add(std::string_view what, std::string_view price_id, std::string_view unit, double quantity);
  // The same with a quantity that may itself not have been computed.
  Bill& add(std::string_view what, std::string_view price_id, std::string_view unit,
            const core::Result<double>& quantity);

  core::Result<Costs> finish() const;

 private:
  core::Result<CostLine> line(std::string_view what, std::string_view price_id, std::string_view unit,
                              double quantity) const;

  const PriceCatalogue& catalogue_;
  Costs costs_{};
  std::optional<core::Error> failure_{};
};

// How many of the thing a price is for: 1e6 for "per million requests", 1e4 for "per 10,000 answers", otherwise 1.
double units_per_price(std::string_view unit);

}  // namespace tacos::plan
