#include "tacos-plan/document/terminal_chart.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "core/sparkline.h"
#include "core/text_columns.h"
#include "tacos-plan/document/number_text.h"

namespace tacos::plan {
namespace {

using core::columns_of;
using report::Chart;
using Point = std::pair<double, double>;

constexpr std::size_t kShortest = 16;  // a sparkline with fewer columns shows no course
constexpr std::size_t kLongest = 60;

bool drawable(const Chart& chart, const Point& p) {
  return std::isfinite(p.first) && std::isfinite(p.second) && (!chart.log_y || p.second > 0);
}

struct Range {
  double least = std::numeric_limits<double>::infinity();
  double most = -std::numeric_limits<double>::infinity();

  void add(double value) {
    least = std::min(least, value);
    most = std::max(most, value);
  }
  bool empty() const { return least > most; }
};

// The points in that many columns of equal width: of each the highest point in it, so that no peak is lost; where there
// is none, the line between its neighbours, unless there is a gap between them.
std::vector<double> in_columns(const Chart& chart, std::span<const Point> points, Range x, std::size_t columns) {
  std::vector<double> values(columns, std::numeric_limits<double>::quiet_NaN());
  const double step = std::max(x.most - x.least, 1e-9) / static_cast<double>(columns);
  const auto column_of = [&](double at) {
    return std::min(columns - 1, static_cast<std::size_t>(std::max(0.0, (at - x.least) / step)));
  };
  const Point* before = nullptr;
  for (const Point& point : points) {
    if (!drawable(chart, point)) {
      before = nullptr;
      continue;
    }
    const std::size_t at = column_of(point.first);
    for (std::size_t c = before == nullptr ? at : column_of(before->first) + 1; c < at; ++c) {
      const double middle = x.least + (static_cast<double>(c) + 0.5) * step;
      const double share = (middle - before->first) / (point.first - before->first);
      values[c] = before->second + share * (point.second - before->second);
    }
    values[at] = std::isnan(values[at]) ? point.second : std::max(values[at], point.second);
    before = &point;
  }
  return values;
}

std::string between(std::string_view from, std::string_view to) {
  return from == to ? std::string(from) : fmt::format("{} to {}", from, to);
}

// What is drawn and how it is called.
struct Extent {
  Range x, y;
  std::vector<std::string> names;   // of each series
  std::vector<std::string> ranges;  // its lowest and highest value
  std::size_t name_width = 0;
  std::size_t range_width = 0;
};

Extent extent_of(const Chart& chart, const Ink& ink) {
  Extent e;
  for (const auto& series : chart.series) {
    Range own;
    for (const Point& p : series.points) {
      if (!drawable(chart, p)) continue;
      e.x.add(p.first);
      e.y.add(p.second);
      own.add(p.second);
    }
    const auto text = [&](double value) { return axis_text(value, chart.y_unit); };
    e.names.push_back(ink.clean(series.name));
    e.ranges.push_back(own.empty() ? "no data" : ink.clean(between(text(own.least), text(own.most))));
    e.name_width = std::max(e.name_width, columns_of(e.names.back()));
    e.range_width = std::max(e.range_width, columns_of(e.ranges.back()));
  }
  return e;
}

}  // namespace

std::string axis_text(double value, Chart::Unit unit) {
  switch (unit) {
    case Chart::Unit::kMillis:
      return seconds_text(value / 1000);
    case Chart::Unit::kSeconds:
      return seconds_text(value);
    case Chart::Unit::kLogMillis:
      return seconds_text(std::pow(10, value) / 1000);
    case Chart::Unit::kPercentile:
      return fmt::format("p{:g}", 100 - 100 * std::pow(10, -value));
    case Chart::Unit::kCount:
      break;
  }
  return number_text(value, "");
}

std::vector<std::string> terminal_chart(const Chart& chart, const Ink& ink, std::size_t width) {
  std::vector<std::string> out;
  for (const auto& line : wrapped(ink.clean(chart.title), width)) out.push_back(ink.strong(line));
  if (!chart.note.empty()) {
    for (const auto& line : wrapped(ink.clean(chart.note), width)) out.push_back(ink.faint(line));
  }
  const Extent e = extent_of(chart, ink);
  if (e.y.empty()) {
    out.push_back(ink.faint("no data"));
    return out;
  }
  // All series of a chart have one scale, as they have on a page.
  const double low = chart.log_y ? e.y.least : std::min(0.0, e.y.least);
  const auto scale = chart.log_y ? core::SparkScale::kLog : core::SparkScale::kLinear;
  const bool beside = e.name_width + e.range_width + 4 + kShortest <= width;
  const std::size_t columns = std::min(kLongest, beside ? width - e.name_width - e.range_width - 4 : width);
  for (std::size_t s = 0; s < chart.series.size(); ++s) {
    const auto values = in_columns(chart, chart.series[s].points, e.x, columns);
    const std::string line = core::sparkline(values, low, e.y.most, scale, ink.unicode());
    if (beside) {
      const std::string pad(e.name_width - columns_of(e.names[s]) + 2, ' ');
      out.push_back(e.names[s] + pad + line + "  " + ink.faint(e.ranges[s]));
    } else {
      for (const auto& name : wrapped(e.names[s] + ": " + e.ranges[s], width)) out.push_back(name);
      out.push_back(without_end_blanks(line));
    }
  }
  const std::string x_text = ink.clean(between(axis_text(e.x.least, chart.x_unit), axis_text(e.x.most, chart.x_unit)));
  const std::string indent(beside && e.name_width > 0 ? e.name_width + 2 : 0, ' ');
  for (const auto& line : wrapped(x_text, width - indent.size())) out.push_back(indent + ink.faint(line));
  return out;
}

}  // namespace tacos::plan
