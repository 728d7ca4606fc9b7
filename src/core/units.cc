#include "core/units.h"

#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

namespace tacos::core {
namespace {

struct DurationUnit {
  std::string_view name;
  std::int64_t nanos;
};

// Longest names first where one is the start of another ("ms" before "m").
constexpr std::array<DurationUnit, 7> kDurationUnits{{{"ns", 1},
                                                      {"us", 1'000},
                                                      {"ms", 1'000'000},
                                                      {"s", 1'000'000'000},
                                                      {"m", 60'000'000'000},
                                                      {"h", 3'600'000'000'000},
                                                      {"d", 86'400'000'000'000}}};
constexpr double kLongestSeconds = 10.0 * 365 * 86400;

// Takes an unsigned decimal number off the front of text; false when there is none.
bool take_number(std::string_view& text, double& number) {
  if (text.empty() || !((text[0] >= '0' && text[0] <= '9') || text[0] == '.')) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

double take_multiplier(std::string_view& text) {
  if (text.starts_with('k') || text.starts_with('K')) {
    text.remove_prefix(1);
    return 1e3;
  }
  if (text.starts_with('M')) {
    text.remove_prefix(1);
    return 1e6;
  }
  return 1;
}

Error bad_duration(std::string_view text) {
  return fail(fmt::format(
      "'{}' is not a duration: write a number and a unit (us, ms, s, m, h), such as 50ms, 90s or 1m30s", text));
}

}  // namespace

Result<Nanos> parse_duration(std::string_view text) {
  if (text == "0") return Nanos(0);
  std::string_view rest = text;
  double total_ns = 0;
  if (rest.empty()) return bad_duration(text);
  while (!rest.empty()) {
    double number = 0;
    if (!take_number(rest, number)) return bad_duration(text);
    const DurationUnit* unit = nullptr;
    for (const auto& candidate : kDurationUnits) {
      if (rest.starts_with(candidate.name)) {
        unit = &candidate;
        break;
      }
    }
    if (unit == nullptr) return bad_duration(text);
    rest.remove_prefix(unit->name.size());
    total_ns += number * static_cast<double>(unit->nanos);
  }
  if (!(total_ns <= kLongestSeconds * 1e9)) return fail(fmt::format("'{}' is longer than 10 years", text));
  return Nanos(std::llround(total_ns));
}

Result<Rate> parse_rate(std::string_view text) {
  std::string_view rest = text;
  double number = 0;
  const bool read = take_number(rest, number);
  const double multiplier = take_multiplier(rest);
  if (rest == "/s") rest = {};
  if (!read || !rest.empty() || !(number * multiplier <= 1e9)) {
    return fail(fmt::format("'{}' is not a rate: write requests per second from 0 to 1e9, such as 30000 or 30k", text));
  }
  return Rate::per_second(number * multiplier);
}

Result<double> parse_ratio(std::string_view text) {
  std::string_view rest = text;
  double number = 0;
  const bool read = take_number(rest, number);
  if (rest == "%") {
    number /= 100;
    rest = {};
  }
  if (!read || !rest.empty() || !(number <= 1e6)) {
    return fail(fmt::format("'{}' is not a share: write a percentage such as 1% or a fraction such as 0.01", text));
  }
  return number;
}

Result<std::uint64_t> parse_count(std::string_view text, std::uint64_t least, std::uint64_t most) {
  std::string_view rest = text;
  double number = 0;
  const bool read = take_number(rest, number);
  const double value = number * take_multiplier(rest);
  if (!read || !rest.empty() || value != std::floor(value) || value < static_cast<double>(least) ||
      value > static_cast<double>(most)) {
    return fail(fmt::format("'{}' is not a whole number from {} to {}", text, least, most));
  }
  return static_cast<std::uint64_t>(value);
}

std::string format_duration(Nanos duration) {
  std::int64_t rest = duration.count();
  if (rest == 0) return "0s";
  std::string text;
  if (rest < 0) {
    text = "-";
    rest = -rest;
  }
  for (auto unit = kDurationUnits.rbegin(); unit != kDurationUnits.rend(); ++unit) {
    if (rest >= unit->nanos) {
      text += fmt::format("{}{}", rest / unit->nanos, unit->name);
      rest %= unit->nanos;
    }
  }
  return text;
}

std::string format_latency(Nanos latency) {
  const double ns = static_cast<double>(latency.count());
  const double size = std::abs(ns);
  const auto scaled = [](double value, std::string_view unit) {
    const double magnitude = std::abs(value);
    const int decimals = magnitude < 9.995 ? 2 : magnitude < 99.95 ? 1 : 0;
    return fmt::format("{:.{}f} {}", value, decimals, unit);
  };
  if (size < 999.5) return fmt::format("{} ns", latency.count());
  if (size < 999.5e3) return scaled(ns / 1e3, "us");
  if (size < 999.5e6) return scaled(ns / 1e6, "ms");
  return scaled(ns / 1e9, "s");
}

std::string format_count(std::uint64_t count) {
  std::string digits = std::to_string(count);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), ",");
  }
  return digits;
}

}  // namespace tacos::core
