#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace tacos::core {

// How tall a value is drawn between the two ends of a sparkline.
enum class SparkScale : std::uint8_t { kLinear, kLog };

// One character per value, from the lowest at or below low to the tallest at or above high. A value that is not a
// number is a blank: nothing was measured. On a log scale low and high are above 0.
std::string sparkline(std::span<const double> values, double low, double high, SparkScale scale, bool unicode);

}  // namespace tacos::core
