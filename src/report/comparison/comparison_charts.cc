#include "report/comparison/comparison_charts.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "core/units.h"

namespace tacos::report {
namespace {

using measure::Histogram;
using Histograms = std::vector<Histogram>;

constexpr int kBinsPerDecade = 20;  // a bin is 12 % of its time wide

Histograms responses(const ComparedSide& side, const Comparison::Step& step) {
  return side.times(Gate::Node::Source::kResponse, step.filter);
}

// A curve ends where less than one request lies beyond: what follows would be the maximum, drawn as if it were
// knowledge.
Chart::Series curve(std::string name, const Histograms& runs) {
  Chart::Series series{std::move(name)};
  const std::uint64_t fewest = fewest_requests(runs);
  if (fewest == 0) return series;
  const double nines = std::min(5.0, std::log10(static_cast<double>(fewest)));
  constexpr int kPerNine = 40;
  for (int i = 0; i <= nines * kPerNine; ++i) {
    const double at = static_cast<double>(i) / kPerNine;
    series.points.emplace_back(at, statistic_of(runs, 100 - 100 * std::pow(10, -at)).median);
  }
  return series;
}

int bin_of(core::Nanos time) {
  const double millis = std::max(core::to_millis(time), 1e-6);
  return static_cast<int>(std::floor(std::log10(millis) * kBinsPerDecade));
}

Chart::Series distribution(std::string name, const Histograms& runs) {
  Chart::Series series{std::move(name)};
  const auto measured = std::count_if(runs.begin(), runs.end(), [](const auto& h) { return h.count() > 0; });
  std::map<int, double> percent;
  for (const auto& times : runs) {
    const double each = 100.0 / static_cast<double>(std::max<std::uint64_t>(times.count(), 1));
    times.for_each([&](core::Nanos lowest, core::Nanos highest, std::uint64_t count) {
      percent[bin_of(lowest + (highest - lowest) / 2)] += static_cast<double>(count) * each;
    });
  }
  if (percent.empty()) return series;
  // An empty bin at both ends, and every empty one between, so that the line comes down to 0 there.
  for (int bin = percent.begin()->first - 1; bin <= percent.rbegin()->first + 1; ++bin) {
    const auto found = percent.find(bin);
    const double share = found == percent.end() ? 0 : found->second / static_cast<double>(measured);
    series.points.emplace_back((bin + 0.5) / kBinsPerDecade, share);
  }
  series.filled = true;
  return series;
}

void colour(Chart& chart) {
  chart.series.front().colour = 1;
  chart.series.back().colour = 2;
}

}  // namespace

Chart percentile_chart(const Comparison& c, const Comparison::Step& step) {
  const bool several = c.baseline.runs().size() > 1 || c.candidate.runs().size() > 1;
  Chart chart{
      "Response time by percentile",
      several ? "median of the runs' own percentiles, log scale" : "log scale; a curve ends at its last request",
      Chart::Unit::kPercentile, Chart::Unit::kMillis, true};
  chart.series = {curve("baseline", responses(c.baseline, step)), curve("candidate", responses(c.candidate, step))};
  colour(chart);
  return chart;
}

Chart distribution_chart(const Comparison& c, const Comparison::Step& step) {
  const bool several = c.baseline.runs().size() > 1 || c.candidate.runs().size() > 1;
  Chart chart{"Distribution of response times",
              several ? "percent of requests in each 12 % of time, mean of the runs"
                      : "percent of requests in each 12 % of time; log scale",
              Chart::Unit::kLogMillis, Chart::Unit::kCount};
  chart.series = {distribution("baseline", responses(c.baseline, step)),
                  distribution("candidate", responses(c.candidate, step))};
  colour(chart);
  return chart;
}

}  // namespace tacos::report
