#include "report/page/page_detail.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/units.h"

namespace tacos::report {
namespace {

using core::Nanos;
using json = nlohmann::ordered_json;
using measure::Histogram;
using measure::RunRecord;

constexpr int kPerNine = 40;       // points of a curve to each further nine
constexpr int kNines = 5;          // to 99.999 %
constexpr double kPerDecade = 12;  // rows of the heat map to each power of ten
constexpr double kLeastMs = 1e-3;  // what is faster is drawn there

// Six significant digits: more than a screen has pixels.
json short_number(double value) {
  return std::stod(fmt::format("{:.6g}", value));
}

double level(int point) {
  return 100 - 100 * std::pow(10, -static_cast<double>(point) / kPerNine);
}

json curve(const Histogram& times) {
  json values = json::array();
  if (times.count() == 0) return values;
  const double nines = std::min<double>(kNines, std::log10(static_cast<double>(times.count())));
  for (int point = 0; point <= nines * kPerNine; ++point) {
    values.push_back(short_number(core::to_millis(times.percentile(level(point)))));
  }
  return values;
}

json curves(const measure::WindowSummary& measured, const std::vector<std::string>& names) {
  json at = json::array();
  for (int point = 0; point <= kNines * kPerNine; ++point) at.push_back(short_number(level(point)));
  json steps = json::object();
  for (std::size_t s = 0; s < names.size(); ++s) {
    const auto& step = measured.steps[s];
    if (step.response.count() == 0) continue;
    steps[names[s]] = {{"response_ms", curve(step.response)}, {"service_ms", curve(step.service)}};
  }
  return {{"at", at},
          {"all", {{"response_ms", curve(measured.response())}, {"service_ms", curve(measured.service())}}},
          {"steps", steps}};
}

int row_of(Nanos low, Nanos high) {
  const double middle_ms = (core::to_millis(low) + core::to_millis(high)) / 2;
  return static_cast<int>(std::floor(std::log10(std::max(middle_ms, kLeastMs)) * kPerDecade));
}

// Which rows of the heat map one interval fills.
using Rows = std::map<int, std::uint64_t>;

void add_rows(const measure::PackedHistogram& packed, Rows& rows) {
  if (packed.empty()) return;
  Histogram histogram;
  packed.unpack_into(histogram);
  histogram.for_each([&](Nanos low, Nanos high, std::uint64_t n) { rows[row_of(low, high)] += n; });
}

json heatmap(const std::vector<Rows>& by_interval, double interval_sec) {
  int least = 0, most = 0;
  bool any = false;
  for (const Rows& rows : by_interval) {
    if (rows.empty()) continue;
    least = any ? std::min(least, rows.begin()->first) : rows.begin()->first;
    most = any ? std::max(most, rows.rbegin()->first) : rows.rbegin()->first;
    any = true;
  }
  json edges = json::array(), cells = json::array();
  if (!any) return nullptr;
  for (int row = least; row <= most + 1; ++row) edges.push_back(short_number(std::pow(10, row / kPerDecade)));
  for (std::size_t t = 0; t < by_interval.size(); ++t) {
    for (const auto& [row, count] : by_interval[t]) cells.push_back({t, row - least, count});
  }
  return {{"edges_ms", edges}, {"from_sec", 0}, {"interval_sec", interval_sec}, {"cells", cells}};
}

json heatmaps(const RunRecord& record) {
  const std::size_t intervals = record.intervals().size();
  const double interval_sec = core::to_seconds(record.interval());
  std::vector<Rows> all(intervals);
  json steps = json::object();
  for (std::size_t s = 0; s < record.steps().size(); ++s) {
    std::vector<Rows> of_step(intervals);
    for (std::size_t t = 0; t < intervals; ++t) {
      const auto& interval = record.intervals()[t];
      if (s >= interval.steps.size()) continue;
      add_rows(interval.steps[s].response, of_step[t]);
      for (const auto& [row, count] : of_step[t]) all[t][row] += count;
    }
    if (json map = heatmap(of_step, interval_sec); !map.is_null()) steps[record.steps()[s]] = std::move(map);
  }
  json maps = json::object();
  if (json map = heatmap(all, interval_sec); !map.is_null()) maps["all"] = std::move(map);
  // With one step, all is that step.
  if (steps.size() > 1) maps.update(steps);
  return maps;
}

}  // namespace

std::string page_detail(const RunRecord& record, Nanos from, const std::vector<PageMark>& marks) {
  json drawn = json::array();
  for (const auto& mark : marks) drawn.push_back({{"t_sec", mark.t_sec}, {"name", mark.name}});
  const json detail = {{"percentiles", curves(record.window(from, Nanos::max()), record.steps())},
                       {"heatmap", heatmaps(record)},
                       {"marks", drawn}};
  return detail.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace tacos::report
