#include "tacos-plan/prices/cost/money.h"

#include <cassert>
#include <cmath>

#include <fmt/format.h>

#include "core/units.h"

namespace tacos::plan {

std::int64_t to_cents(double usd) {
  assert(usd >= 0 && usd <= 1e12);
  constexpr double kBinaryError = 1e-12;
  return std::llround(usd * 100 * (1 + kBinaryError));
}

std::string format_cents(std::int64_t cents) {
  const bool negative = cents < 0;
  const auto whole = static_cast<std::uint64_t>(negative ? -cents : cents);
  return fmt::format("{}${}.{:02}", negative ? "-" : "", core::format_count(whole / 100), whole % 100);
}

}  // namespace tacos::plan
