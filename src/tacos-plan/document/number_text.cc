#include "tacos-plan/document/number_text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include <fmt/format.h>

#include "core/units.h"

namespace tacos::plan {
namespace {

constexpr std::string_view kNoNumber = "–";
constexpr double kHuge = 1e15;  // a double holds whole numbers exactly to 9 · 10^15
constexpr double kTiny = 1e-9;
constexpr int kMostDecimals = 12;

// "1.2e20", "3e-12".
std::string powers(double value) {
  std::string text = fmt::format("{:.2e}", value);
  const auto e = text.find('e');
  std::string lead = text.substr(0, e);
  lead.erase(lead.find_last_not_of('0') + 1);
  if (lead.back() == '.') lead.pop_back();
  return fmt::format("{}e{}", lead, std::stoi(text.substr(e + 1)));
}

void trim_zeros(std::string& text) {
  if (text.find('.') == std::string::npos) return;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
}

std::string whole(double size) {
  return core::format_count(static_cast<std::uint64_t>(std::llround(size)));
}

// How many decimals the digits asked for take, by what the value is once rounded: 9.996 has as many as 10.
int decimals_of(double size, int digits) {
  int decimals = digits - 1 - static_cast<int>(std::floor(std::log10(size)));
  const double step = std::pow(10, -decimals);
  if (std::round(size / step) * step >= std::pow(10, digits - decimals) * (1 - 1e-12)) --decimals;
  return std::clamp(decimals, 0, kMostDecimals);
}

// A size, not negative: that many significant digits without trailing zeros, whole numbers in full.
std::string digits_text(double size, int digits) {
  if (size == 0) return "0";
  if (size >= kHuge || size < kTiny) return powers(size);
  const int decimals = decimals_of(size, digits);
  if (decimals == 0) return whole(size);
  std::string text = fmt::format("{:.{}f}", size, decimals);
  trim_zeros(text);
  return text;
}

// The text of the size behind a sign, or the dash.
template <class Text>
std::string with_sign(double value, Text text) {
  if (!std::isfinite(value)) return std::string(kNoNumber);
  return value < 0 ? "-" + text(-value) : text(value);
}

std::string two_units(double of_smaller, std::int64_t per_larger, std::string_view larger, std::string_view smaller) {
  const auto all = static_cast<std::int64_t>(std::llround(of_smaller));
  std::string text = fmt::format("{} {}", all / per_larger, larger);
  if (all % per_larger != 0) text += fmt::format(" {} {}", all % per_larger, smaller);
  return text;
}

// Each unit ends where its rounded value would be one of the next: 59.97 s is a minute.
std::string duration_text(double s) {
  if (s == 0) return "0 s";
  if (s < 0.9995e-6) return digits_text(s * 1e9, 3) + " ns";
  if (s < 0.9995e-3) return digits_text(s * 1e6, 3) + " µs";
  if (s < 0.9995) return digits_text(s * 1e3, 3) + " ms";
  if (s < 59.95) return digits_text(s, 3) + " s";
  if (s < 3599.5) return two_units(s, 60, "min", "s");
  if (s < 86400 - 30) return two_units(s / 60, 60, "h", "min");
  if (s < 1000 * 86400.) return two_units(s / 3600, 24, "d", "h");
  return digits_text(s / (365.25 * 86400), 3) + " years";
}

std::string size_text(double bytes) {
  constexpr std::array<std::string_view, 6> kUnits{"B", "kB", "MB", "GB", "TB", "PB"};
  std::size_t unit = 0;
  while (unit + 1 < kUnits.size() && bytes >= 999.5) {
    bytes /= 1000;
    ++unit;
  }
  return fmt::format("{} {}", digits_text(bytes, 3), kUnits[unit]);
}

std::string amount_text(double usd) {
  if (usd >= kHuge) return "$" + powers(usd);
  if (usd >= 999.995) return "$" + whole(usd);
  if (usd >= 0.0995 || usd == 0) return fmt::format("${:.2f}", usd);
  if (usd < kTiny) return "$" + powers(usd);
  std::string text = fmt::format("{:.{}f}", usd, std::max(2, decimals_of(usd, 2)));
  while (text.size() > 4 && text.back() == '0') text.pop_back();
  return "$" + text;
}

std::string percent_text(double share) {
  const double percent = share * 100;
  if (!std::isfinite(percent)) return ">1e308 %";
  // As many decimals as show how far it is from the whole.
  if (share > 0.99 && share < 1) {
    std::string text = fmt::format("{:.{}f}", percent, decimals_of(100 - percent, 2));
    trim_zeros(text);
    return text == "100" ? ">99.99 %" : text + " %";
  }
  return digits_text(percent, 2) + " %";
}

}  // namespace

std::string count_text(double count) {
  return with_sign(count, [](double size) {
    return size < 9.95 && size != std::floor(size) ? digits_text(size, 2) : size < kHuge ? whole(size) : powers(size);
  });
}

std::string rate_text(double per_second) {
  return number_text(per_second, "") + (std::isfinite(per_second) ? "/s" : "");
}

std::string seconds_text(double seconds) {
  return with_sign(seconds, duration_text);
}

std::string bytes_text(double bytes) {
  return with_sign(bytes, size_text);
}

std::string bandwidth_text(double bytes_per_second) {
  return bytes_text(bytes_per_second) + (std::isfinite(bytes_per_second) ? "/s" : "");
}

std::string usd_text(double usd) {
  return with_sign(usd, amount_text);
}

std::string cents_text(double usd) {
  return with_sign(usd, [](double size) {
    if (size < 999.995 || size >= kHuge / 100) return amount_text(size);
    const auto cents = static_cast<std::uint64_t>(std::llround(size * 100));
    return fmt::format("${}.{:02}", core::format_count(cents / 100), cents % 100);
  });
}

std::string price_text(double usd) {
  return with_sign(usd, [](double size) {
    if (size >= 1000 || (size > 0 && size < kTiny)) return amount_text(size);
    std::string text = fmt::format("{:.{}f}", size, kMostDecimals);
    trim_zeros(text);
    const auto point = text.find('.');
    const std::size_t decimals = point == std::string::npos ? 0 : text.size() - point - 1;
    return decimals < 2 ? fmt::format("${:.2f}", size) : "$" + text;
  });
}

std::string share_text(double share) {
  return with_sign(share, percent_text);
}

std::string number_text(double value, std::string_view unit) {
  std::string text = with_sign(value, [](double size) { return digits_text(size, 3); });
  return unit.empty() || !std::isfinite(value) ? text : fmt::format("{} {}", text, unit);
}

}  // namespace tacos::plan
