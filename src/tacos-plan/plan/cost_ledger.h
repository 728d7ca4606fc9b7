#pragma once

#include <cmath>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "tacos-plan/plan/plan.h"
#include "tacos-plan/prices/cost/bill.h"

namespace tacos::plan {

// Collects lines; a price that is not there becomes a name in `unpriced`.
class CostLedger {
 public:
  explicit CostLedger(CostPlan& to) : to_(to) {}

  void add(std::string name, const core::Result<Costs>& costs, std::string basis, bool monthly = false) {
    if (!costs) {
      to_.unpriced.push_back(fmt::format("{}: {}", name, costs.error().message));
      return;
    }
    // The line as a whole: of parts each rounded by itself, small ones would lose or gain a tenth of the line.
    const double usd = std::round(costs->exact_usd() * 100) / 100;
    if (costs->exact_usd() > 0) to_.lines.push_back({std::move(name), usd, std::move(basis), monthly});
  }
  void add_amount(std::string name, double usd, std::string basis, bool monthly) {
    const double cents = std::round(usd * 100);
    if (cents > 0) to_.lines.push_back({std::move(name), cents / 100, std::move(basis), monthly});
  }

  // Lines are whole cents, and the totals exactly their sums.
  void sum_up(double events_per_month) {
    double event_cents = 0, standing_cents = 0;
    for (const auto& line : to_.lines) (line.monthly ? standing_cents : event_cents) += std::round(line.usd * 100);
    to_.per_event_usd = event_cents / 100;
    to_.standing_usd = standing_cents / 100;
    to_.per_month_usd = std::round(event_cents * events_per_month + standing_cents) / 100;
  }

 private:
  CostPlan& to_;
};

}  // namespace tacos::plan
