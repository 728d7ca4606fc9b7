#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tacos::report {

// A line chart as an HTML figure: title, legend and inline SVG. Colours are the CSS variables --series-0 to --series-3,
// so that the page chooses them for light and dark; dashes and widths tell lines apart where colours can't, and where
// lines lie on one another the earlier, wider one still shows at both sides.
struct Chart {
  // kLogMillis is for x: log10 of milliseconds, labelled as the time.
  enum class Unit : std::uint8_t { kCount, kMillis, kSeconds, kPercentile, kLogMillis };
  struct Series {
    std::string name;
    std::vector<std::pair<double, double>> points{};  // by ascending x; a point that is not finite is a gap
    int colour = 1;  // of --series-0, which is the neutral one for what was planned, to --series-3
    bool dashed = false;
    bool filled = false;
  };

  std::string title;
  std::string note{};  // one line below the title: what it shows that the title does not say
  Unit x_unit = Unit::kSeconds;
  Unit y_unit = Unit::kCount;
  bool log_y = false;            // values of 0 or less are gaps then
  double shaded_until = 0;       // x: the warm-up
  std::vector<Series> series{};  // at most 4
};

std::string svg_chart(const Chart& chart);

// Where percentile p (0 to under 100) lies on an axis of kPercentile: log10(1 / (1 − p/100)), so that each further nine
// takes as much room as the one before.
double percentile_position(double percentile);

// Round values that span [least, most] in steps of 1, 2 or 5 · 10^n, about `wanted` of them.
std::vector<double> linear_ticks(double least, double most, int wanted);
// From the power of ten at or below least to the one at or above most, with 2 and 5 between when there is room for
// them. least must be above 0.
std::vector<double> log_ticks(double least, double most);

}  // namespace tacos::report
