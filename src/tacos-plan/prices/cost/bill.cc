#include "tacos-plan/prices/cost/bill.h"

#include <utility>

#include <fmt/format.h>

#include "tacos-plan/prices/cost/billed_units.h"
#include "tacos-plan/prices/cost/money.h"

namespace tacos::plan {
namespace {

constexpr double kMostUsd = 1e12;  // a line beyond this is a slip of a quantity

}  // namespace

std::int64_t Costs::cents() const {
  std::int64_t sum = 0;
  for (const auto& line : lines) sum += to_cents(line.usd);
  return sum;
}

double Costs::exact_usd() const {
  double sum = 0;
  for (const auto& line : lines) sum += line.usd;
  return sum;
}

void Costs::add(const Costs& other) {
  lines.insert(lines.end(), other.lines.begin(), other.lines.end());
}

double units_per_price(std::string_view unit) {
  if (unit.starts_with("per million ")) return 1e6;
  if (unit.starts_with("per 10,000 ")) return 1e4;
  if (unit.starts_with("per 1,000 ")) return 1e3;
  return 1;
}

core::Result<CostLine> Bill::line(std::string_view what, std::string_view price_id, std::string_view unit,
                                  double quantity) const {
  const auto checked = given(what, quantity);
  if (!checked) return core::fail(fmt::format("{}: {}", price_id, checked.error().message));
  const auto price = catalogue_.price(price_id);
  if (!price) return price.error();
  if (price->unit != unit) {
    return core::fail(fmt::format("{}: its unit is '{}', but this is computed '{}'; convert the price in the file",
                                  price_id, price->unit, unit));
  }
  const auto cost = tiered_cost(*checked, price->tiers);
  if (!cost) return cost.error();
  const double usd = *cost / units_per_price(unit);
  if (usd > kMostUsd) {
    return core::fail(
        fmt::format("{}: {} {} would cost {:.3g} USD; check the quantity", price_id, quantity, what, usd));
  }
  return CostLine{std::string(what), price->id, *checked, price->unit, usd, price->as_of, price->verified};
}

Bill& Bill::add(std::string_view what, std::string_view price_id, std::string_view unit, double quantity) {
  if (failure_) return *this;
  auto priced = line(what, price_id, unit, quantity);
  if (priced) {
    costs_.lines.push_back(std::move(*priced));
  } else {
    failure_ = priced.error();
  }
  return *this;
}

Bill& Bill::add(std::string_view what, std::string_view price_id, std::string_view unit,
                const core::Result<double>& quantity) {
  if (failure_) return *this;
  if (quantity) return add(what, price_id, unit, *quantity);
  failure_ = core::fail(fmt::format("{}: {}", price_id, quantity.error().message));
  return *this;
}

core::Result<Costs> Bill::finish() const {
  if (failure_) return *failure_;
  return costs_;
}

}  // namespace tacos::plan
