#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

namespace tacos::report {

// Rungs line up when their rates differ by less than this: a rung of 8 s at 1,000/s that ended early may have been
// asked for 998/s.
inline constexpr double kSameRate = 0.02;

inline bool same_rate(double a, double b) {
  return std::abs(a - b) <= kSameRate * std::max(a, b);
}

// The rates of all ladders, each once, ascending; the first seen of those that line up stands for them.
inline std::vector<double> rate_columns(std::vector<double> rates) {
  std::sort(rates.begin(), rates.end());
  std::vector<double> columns;
  for (const double rate : rates) {
    if (columns.empty() || !same_rate(columns.back(), rate)) columns.push_back(rate);
  }
  return columns;
}

}  // namespace tacos::report
