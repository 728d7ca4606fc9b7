#include "report/page/svg_chart.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "core/units.h"
#include "report/page/html_text.h"

namespace tacos::report {
namespace {

constexpr double kWidth = 480, kHeight = 250;
constexpr double kLeft = 58, kRight = 14, kTop = 12, kBottom = 30;
constexpr double kMostNines = 5;  // 99.999 %
constexpr std::size_t kMostSeries = 4;
constexpr std::array<double, kMostSeries> kLineWidths{5, 3.8, 2.6, 1.5};

using Out = std::back_insert_iterator<std::string>;
using Points = std::vector<std::pair<double, double>>;

struct Scale {
  double least = 0, most = 1;  // of the data
  double from = 0, to = 1;     // on the canvas
  bool log = false;

  double operator()(double value) const {
    const double share = log ? (std::log10(value) - std::log10(least)) / (std::log10(most) - std::log10(least))
                             : (value - least) / (most - least);
    return from + std::clamp(share, 0.0, 1.0) * (to - from);
  }
};

bool drawable(const Chart& chart, std::pair<double, double> point) {
  return std::isfinite(point.first) && std::isfinite(point.second) && (!chart.log_y || point.second > 0);
}

struct Extent {
  double x_least = std::numeric_limits<double>::infinity(), x_most = -x_least;
  double y_least = x_least, y_most = -x_least;
  bool empty() const { return x_least > x_most; }
};

Extent extent_of(const Chart& chart, const Points& points, Extent e = {}) {
  for (const auto& point : points) {
    if (!drawable(chart, point)) continue;
    e.x_least = std::min(e.x_least, point.first);
    e.x_most = std::max(e.x_most, point.first);
    e.y_least = std::min(e.y_least, point.second);
    e.y_most = std::max(e.y_most, point.second);
  }
  return e;
}

std::string label(double value, Chart::Unit unit) {
  switch (unit) {
    case Chart::Unit::kMillis:
      if (value >= 1000) return fmt::format("{:g} s", value / 1000);
      return value < 1 && value > 0 ? fmt::format("{:.4g} us", value * 1000) : fmt::format("{:g} ms", value);
    case Chart::Unit::kLogMillis:
      return label(std::pow(10, value), Chart::Unit::kMillis);
    case Chart::Unit::kSeconds:
      return core::format_duration(core::from_seconds(value));
    case Chart::Unit::kPercentile:
      return value == 0 ? "0" : fmt::format("{:g}", 100 - 100 * std::pow(10, -value));
    case Chart::Unit::kCount:
      break;
  }
  if (value >= 1e6) return fmt::format("{:g}M", value / 1e6);
  return value >= 1e4 ? fmt::format("{:g}k", value / 1e3) : fmt::format("{:g}", value);
}

// Steps that read well as time, which 200 s or 5,000 s don't.
std::vector<double> time_ticks(double most) {
  if (most < 5) return linear_ticks(0, most, 5);
  double step = 86400;
  for (const double s : {1., 2., 5., 10., 15., 30., 60., 120., 300., 600., 900., 1800., 3600., 7200., 21600., 43200.}) {
    if (most / s <= 7) {
      step = s;
      break;
    }
  }
  std::vector<double> ticks;
  for (int i = 0; i * step <= most; ++i) ticks.push_back(i * step);
  return ticks;
}

// The nearest of 1, 2 and 5 · 10^n around the data, as logarithms; over many decades the powers of ten alone.
std::vector<double> log_x_ticks(double least, double most) {
  const bool many = most - least > 2.5;
  std::vector<double> ticks;
  for (int decade = static_cast<int>(std::floor(least)); decade <= most + 1; ++decade) {
    for (const double lead : {1., 2., 5.}) {
      if (many && lead > 1) continue;
      const double tick = decade + std::log10(lead);
      if (tick <= least) ticks.clear();
      ticks.push_back(tick);
      if (tick >= most && ticks.size() > 1) return ticks;
    }
  }
  return ticks;
}

std::vector<double> x_ticks(const Chart& chart, const Extent& e) {
  if (chart.x_unit == Chart::Unit::kPercentile) {
    return {0, percentile_position(50), percentile_position(90), 2, 3, 4, kMostNines};
  }
  if (chart.x_unit == Chart::Unit::kLogMillis) return log_x_ticks(e.x_least, e.x_most);
  return chart.x_unit == Chart::Unit::kSeconds ? time_ticks(e.x_most) : linear_ticks(e.x_least, e.x_most, 6);
}

// A run of hours has more points than the chart has pixels: of those in one half pixel only the lowest and the highest
// are drawn, so that no peak is lost and the page stays small.
struct Column {
  double x = -1, least = 0, most = 0, last = 0;

  void write(Out out) const {
    if (x < 0) return;
    for (const double y : {least, most}) {
      if (y != last) fmt::format_to(out, "L{:.1f} {:.1f}", x, y);
      if (least == most) break;
    }
    fmt::format_to(out, "L{:.1f} {:.1f}", x, last);
  }
};

// One path a stretch without gaps.
std::vector<std::string> stretches(const Chart& chart, const Points& points, const Scale& x, const Scale& y,
                                   bool filled) {
  std::vector<std::string> paths;
  std::string path;
  Column column;
  double first_x = 0;
  const auto finish = [&] {
    if (column.x < 0) return;
    column.write(std::back_inserter(path));
    if (filled)
      fmt::format_to(std::back_inserter(path), "L{:.1f} {:.1f}L{:.1f} {:.1f}Z", column.x, y.from, first_x, y.from);
    path.front() = 'M';
    // A stretch of one point is a dot: round caps draw a line without length.
    paths.push_back(std::exchange(path, {}));
    column = {};
  };
  for (const auto& point : points) {
    if (!drawable(chart, point)) {
      finish();
      continue;
    }
    const double at = std::round(x(point.first) * 2) / 2;
    const double height = y(point.second);
    if (column.x != at) {
      if (column.x < 0) first_x = at;
      column.write(std::back_inserter(path));
      column = {at, height, height, height};
    }
    column.least = std::min(column.least, height);
    column.most = std::max(column.most, height);
    column.last = height;
  }
  finish();
  return paths;
}

void write_axes(const Chart& chart, const std::vector<double>& xs, const std::vector<double>& ys, const Scale& x,
                const Scale& y, Out out) {
  if (chart.shaded_until > 0 && chart.shaded_until > x.least) {
    fmt::format_to(out, "<rect class=\"shade\" x=\"{:.1f}\" y=\"{}\" width=\"{:.1f}\" height=\"{}\"/>", x.from, kTop,
                   x(chart.shaded_until) - x.from, kHeight - kTop - kBottom);
    fmt::format_to(out, "<text x=\"{:.1f}\" y=\"{}\">warm-up</text>", x.from + 4, kTop + 12);
  }
  for (const double value : ys) {
    const double at = y(value);
    fmt::format_to(out, "<line class=\"grid\" x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>", kLeft,
                   kWidth - kRight, at, at);
    fmt::format_to(out, "<text class=\"end\" x=\"{}\" y=\"{:.1f}\">{}</text>", kLeft - 6, at + 4,
                   label(value, chart.y_unit));
  }
  for (const double value : xs) {
    const double at = x(value);
    fmt::format_to(out, "<line class=\"tick\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{}\" y2=\"{}\"/>", at, at,
                   kHeight - kBottom, kHeight - kBottom + 4);
    fmt::format_to(out, "<text class=\"{}\" x=\"{:.1f}\" y=\"{}\">{}</text>", at > kWidth - 30 ? "end" : "mid",
                   at > kWidth - 30 ? kWidth - 2 : at, kHeight - kBottom + 18, label(value, chart.x_unit));
  }
  fmt::format_to(out, "<line class=\"tick\" x1=\"{}\" x2=\"{}\" y1=\"{}\" y2=\"{}\"/>\n", kLeft, kWidth - kRight,
                 kHeight - kBottom, kHeight - kBottom);
}

std::string line_style(const Chart& chart, std::size_t i) {
  const auto& series = chart.series[i];
  const double width = kLineWidths[i + kMostSeries - std::min(chart.series.size(), kMostSeries)];
  return fmt::format("class=\"line\" style=\"stroke:var(--series-{});stroke-width:{}{}\"", series.colour, width,
                     series.dashed ? ";stroke-dasharray:7 4;stroke-linecap:butt" : "");
}

void write_legend(const Chart& chart, Out out) {
  if (chart.series.size() < 2) return;
  fmt::format_to(out, "<p class=\"legend\">");
  for (std::size_t i = 0; i < std::min(chart.series.size(), kMostSeries); ++i) {
    fmt::format_to(out,
                   "<span><svg viewBox=\"0 0 26 8\" aria-hidden=\"true\"><path d=\"M2 4L24 4\" {}/></svg>{}</span> ",
                   line_style(chart, i), escaped(chart.series[i].name));
  }
  fmt::format_to(out, "</p>");
}

// What a screen reader says in place of the picture.
std::string spoken(const Chart& chart) {
  std::string text = chart.title;
  for (const auto& series : chart.series) {
    const Extent e = extent_of(chart, series.points);
    if (e.empty()) continue;
    fmt::format_to(std::back_inserter(text), "; {} from {} to {}", series.name, label(e.y_least, chart.y_unit),
                   label(e.y_most, chart.y_unit));
  }
  return text;
}

void write_picture(const Chart& chart, const Extent& e, Out out) {
  const auto xs = x_ticks(chart, e);
  // Fewer than five of something have no need of fractions on their axis.
  const int wanted = chart.y_unit == Chart::Unit::kCount && e.y_most < 5 ? std::max(1, static_cast<int>(e.y_most)) : 5;
  const auto ys = chart.log_y ? log_ticks(e.y_least, e.y_most) : linear_ticks(0, e.y_most, wanted);
  const bool nines = chart.x_unit == Chart::Unit::kPercentile;
  const bool log_x = chart.x_unit == Chart::Unit::kLogMillis;
  const double x_least = chart.x_unit == Chart::Unit::kSeconds || nines ? 0 : log_x ? xs.front() : e.x_least;
  const double x_most = nines ? kMostNines : std::max(log_x ? xs.back() : e.x_most, x_least + 1e-9);
  const Scale x{x_least, x_most, kLeft, kWidth - kRight, false};
  const Scale y{ys.front(), ys.back(), kHeight - kBottom, kTop, chart.log_y};
  fmt::format_to(out, "<svg class=\"chart\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">\n", kWidth, kHeight,
                 escaped(spoken(chart)));
  write_axes(chart, xs, ys, x, y, out);
  for (std::size_t i = 0; i < std::min(chart.series.size(), kMostSeries); ++i) {
    const auto& series = chart.series[i];
    if (series.filled) {
      for (const auto& d : stretches(chart, series.points, x, y, true)) {
        fmt::format_to(out, "<path class=\"area\" style=\"fill:var(--series-{})\" d=\"{}\"/>\n", series.colour, d);
      }
    }
    for (const auto& d : stretches(chart, series.points, x, y, false)) {
      fmt::format_to(out, "<path {} d=\"{}\"/>\n", line_style(chart, i), d);
    }
  }
  fmt::format_to(out, "</svg>");
}

}  // namespace

double percentile_position(double percentile) {
  return -std::log10(1 - percentile / 100);
}

std::vector<double> linear_ticks(double least, double most, int wanted) {
  if (!(most > least)) most = least + 1;
  const double rough = (most - least) / std::max(wanted, 1);
  const double power = std::pow(10, std::floor(std::log10(rough)));
  const double lead = rough / power;
  const double step = power * (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10);
  const double begin = std::floor(least / step);
  std::vector<double> ticks;
  // Multiples rather than sums: ten times 0.1 added up is not 1. A hair of tolerance, for the same reason.
  for (int i = 0; ticks.size() < 2 || ticks.back() < most - step * 1e-9; ++i) ticks.push_back((begin + i) * step);
  return ticks;
}

std::vector<double> log_ticks(double least, double most) {
  const int from = static_cast<int>(std::floor(std::log10(least)));
  const int to = std::max(from + 1, static_cast<int>(std::ceil(std::log10(std::max(most, least)))));
  const int stride = to - from > 6 ? 2 : 1;
  std::vector<double> ticks;
  for (int decade = from; decade < to; decade += stride) {
    ticks.push_back(std::pow(10, decade));
    if (to - from > 2) continue;
    ticks.push_back(2 * std::pow(10, decade));
    ticks.push_back(5 * std::pow(10, decade));
  }
  ticks.push_back(std::pow(10, to));
  return ticks;
}

std::string svg_chart(const Chart& chart) {
  std::string html;
  auto out = std::back_inserter(html);
  fmt::format_to(out, "<figure><figcaption>{}", escaped(chart.title));
  if (!chart.note.empty()) fmt::format_to(out, "<small>{}</small>", escaped(chart.note));
  fmt::format_to(out, "</figcaption>");
  Extent extent;
  for (const auto& series : chart.series) extent = extent_of(chart, series.points, extent);
  if (extent.empty()) {
    fmt::format_to(out, "<p class=\"none\">nothing was recorded</p>");
  } else {
    write_legend(chart, out);
    write_picture(chart, extent, out);
  }
  fmt::format_to(out, "</figure>\n");
  return html;
}

}  // namespace tacos::report
