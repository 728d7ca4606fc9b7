#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace tacos::report {

// What one side of a comparison measured: the median of its runs' own values, and how far they lie apart. Runs that
// did not measure it (NaN) don't count. With an even number of runs the median is the middle of the two in the middle.
struct SideValue {
  double median = std::numeric_limits<double>::quiet_NaN();
  double least = std::numeric_limits<double>::quiet_NaN();
  double most = std::numeric_limits<double>::quiet_NaN();
  std::size_t runs = 0;  // that measured it

  static SideValue of(std::vector<double> values);
  bool measured() const { return runs > 0; }
};

enum class ValueUnit : std::uint8_t { kMillis, kMicros, kShare, kPerSecond, kCount };

// What more of it means. A count of users is neither good nor bad.
enum class Worse : std::uint8_t { kMore, kLess, kNeither };

struct ComparedValue {
  // Changes of the ratio up to this are not pointed at.
  static constexpr double kNotable = 0.05;
  enum class Change : std::uint8_t { kNone, kBetter, kWorse, kOther };

  SideValue baseline;
  SideValue candidate;
  ValueUnit unit = ValueUnit::kMillis;
  Worse worse = Worse::kMore;

  // candidate ÷ baseline; NaN when a side did not measure it or the baseline is 0.
  double ratio() const;
  Change change() const;
};

// As people read it, without its unit: "0.293", "1,234", "0.12" (percent). "–" when it was not measured.
std::string shown(double value, ValueUnit unit);
// "ms", "us", "%", "/s" or nothing.
const char* sign_of(ValueUnit unit);
// "1.20 ▲"; ▲ and ▼ are there for notable changes only. "–" when there is none.
std::string shown_ratio(const ComparedValue& value);

}  // namespace tacos::report
