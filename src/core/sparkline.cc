#include "core/sparkline.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace tacos::core {
namespace {

constexpr std::array<std::string_view, 8> kBlocks{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr std::array<std::string_view, 10> kAscii{" ", ".", ":", "-", "=", "+", "*", "#", "%", "@"};

// 0 at low, 1 at high.
double height_of(double value, double low, double high, SparkScale scale) {
  if (value <= low || !(high > low)) return 0;
  if (scale == SparkScale::kLinear) return (value - low) / (high - low);
  return std::log(value / low) / std::log(high / low);
}

}  // namespace

std::string sparkline(std::span<const double> values, double low, double high, SparkScale scale, bool unicode) {
  std::span<const std::string_view> levels = kAscii;
  if (unicode) {
    levels = kBlocks;
  } else if (scale == SparkScale::kLog) {
    levels = levels.subspan(1);  // its lowest value is above 0: not to be taken for nothing
  }
  const double top = static_cast<double>(levels.size() - 1);
  std::string line;
  for (const double value : values) {
    if (std::isnan(value)) {
      line += ' ';
      continue;
    }
    const double level = std::clamp(std::round(height_of(value, low, high, scale) * top), 0.0, top);
    line += levels[static_cast<std::size_t>(level)];
  }
  return line;
}

}  // namespace tacos::core
