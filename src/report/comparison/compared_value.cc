#include "report/comparison/compared_value.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/units.h"

namespace tacos::report {
namespace {

// As many digits as matter.
std::string significant(double value) {
  if (value >= 100) return fmt::format("{:.0f}", value);
  return value >= 10 ? fmt::format("{:.1f}", value) : fmt::format("{:.3f}", value);
}

}  // namespace

SideValue SideValue::of(std::vector<double> values) {
  std::erase_if(values, [](double value) { return std::isnan(value); });
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  const double median = values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
  return {median, values.front(), values.back(), values.size()};
}

double ComparedValue::ratio() const {
  if (!baseline.measured() || !candidate.measured() || baseline.median <= 0) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  return candidate.median / baseline.median;
}

ComparedValue::Change ComparedValue::change() const {
  const double r = ratio();
  if (std::isnan(r) || std::abs(r - 1) <= kNotable) return Change::kNone;
  if (worse == Worse::kNeither) return Change::kOther;
  return (r > 1) == (worse == Worse::kMore) ? Change::kWorse : Change::kBetter;
}

std::string shown(double value, ValueUnit unit) {
  if (!std::isfinite(value)) return "–";
  switch (unit) {
    case ValueUnit::kMillis:
    case ValueUnit::kMicros:
      return significant(value);
    case ValueUnit::kShare:
      // A share that is not quite 0 is what a reader looks for.
      if (value > 0 && value < 0.0001) return "< 0.01";
      return fmt::format("{:.2f}", value * 100);
    case ValueUnit::kPerSecond:
    case ValueUnit::kCount:
      break;
  }
  if (unit == ValueUnit::kPerSecond && value < 100) return fmt::format("{:.1f}", value);
  return core::format_count(static_cast<std::uint64_t>(std::clamp(value, 0.0, 1e18) + 0.5));
}

const char* sign_of(ValueUnit unit) {
  switch (unit) {
    case ValueUnit::kMillis:
      return "ms";
    case ValueUnit::kMicros:
      return "us";
    case ValueUnit::kShare:
      return "%";
    case ValueUnit::kPerSecond:
      return "/s";
    case ValueUnit::kCount:
      break;
  }
  return "";
}

std::string shown_ratio(const ComparedValue& value) {
  const double ratio = value.ratio();
  if (std::isnan(ratio)) return "–";
  const char* mark = value.change() == ComparedValue::Change::kNone ? "" : ratio > 1 ? " ▲" : " ▼";
  return ratio >= 1000 ? fmt::format("{:.2g}{}", ratio, mark) : fmt::format("{:.2f}{}", ratio, mark);
}

}  // namespace tacos::report
