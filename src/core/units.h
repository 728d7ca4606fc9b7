#pragma once

#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/result.h"

namespace tacos::core {

// Events per second. Never negative, never infinite when it comes from parse_rate.
class Rate {
 public:
  constexpr Rate() = default;
  static constexpr Rate per_second(double value) { return Rate(value); }

  constexpr double per_second() const { return per_second_; }
  friend constexpr auto operator<=>(Rate, Rate) = default;

 private:
  constexpr explicit Rate(double per_second) : per_second_(per_second) {}
  double per_second_ = 0;
};

// "250us", "50ms", "90s", "1.5m", "2h", and sums such as "1m30s". A bare "0" needs no unit. Not negative, at most 10
// years. On error the message holds the text found and the form expected, without naming the flag: the caller knows it.
Result<Nanos> parse_duration(std::string_view text);

// "30000", "1k", "2.5k", "1M", each with an optional "/s". Finite, 0 to 1e9 per second.
Result<Rate> parse_rate(std::string_view text);

// "1%" is 0.01, "0.5" is 0.5. Finite, 0 to 1e6.
Result<double> parse_ratio(std::string_view text);

// A whole decimal count with an optional k or M ("300000", "300k"), in [least, most].
Result<std::uint64_t> parse_count(std::string_view text, std::uint64_t least, std::uint64_t most);

// Shortest exact form that parse_duration reads back: "1m30s", "50ms", "0s".
std::string format_duration(Nanos duration);

// For people: 3 significant digits and a unit chosen by size, "57.1 us", "1.22 ms", "12.0 s".
std::string format_latency(Nanos latency);

// For people: thousands separated, "300,000".
std::string format_count(std::uint64_t count);

constexpr double to_millis(Nanos d) {
  return static_cast<double>(d.count()) / 1e6;
}
constexpr double to_seconds(Nanos d) {
  return static_cast<double>(d.count()) / 1e9;
}
// Rounds to the nearest nanosecond. seconds must be within ±292 years.
constexpr Nanos from_seconds(double seconds) {
  return Nanos(static_cast<std::int64_t>(seconds * 1e9 + (seconds < 0 ? -0.5 : 0.5)));
}

}  // namespace tacos::core
