#include "tacos-load/observe/component_series.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include <fmt/format.h>

#include "core/units.h"

namespace tacos::load {
namespace {

using core::Nanos;
using core::to_seconds;
using measure::ComponentUse;
using Sample = ObservedComponent::Sample;

constexpr Nanos kLongestStretch = std::chrono::seconds(10);
constexpr std::size_t kBusiest = 5;

double rounded(double value) {
  return std::stod(fmt::format("{:.6g}", value));
}

// The counters of the one do not go on in the other.
bool restarted(const Figures& before, const Figures& after) {
  if (before.life != after.life) return true;
  for (std::size_t f = 0; f < before.counters.size(); ++f) {
    if (before.counters[f] && after.counters[f] && *after.counters[f] < *before.counters[f]) return true;
  }
  return false;
}

double calls_between(const Sample& from, const Sample& to, const std::string& command) {
  const auto after = to.figures.calls.find(command);
  if (after == to.figures.calls.end()) return 0;
  const auto before = from.figures.calls.find(command);
  const double calls = after->second - (before == from.figures.calls.end() ? 0 : before->second);
  return std::max(0.0, calls);  // CONFIG RESETSTAT
}

struct Stretch {
  const Sample* from = nullptr;
  const Sample* to = nullptr;
};

std::vector<Stretch> stretches_of(const ObservedComponent& seen, Nanos interval, std::uint64_t& restarts) {
  std::vector<Stretch> stretches;
  const Nanos longest = std::max(kLongestStretch, 3 * interval);
  for (std::size_t s = 1; s < seen.samples.size(); ++s) {
    const Sample &from = seen.samples[s - 1], &to = seen.samples[s];
    if (restarted(from.figures, to.figures)) {
      ++restarts;
    } else if (to.at > from.at && to.at - from.at <= longest) {
      stretches.push_back({&from, &to});
    }
  }
  return stretches;
}

std::vector<std::string> busiest_commands(const std::vector<Stretch>& stretches) {
  std::map<std::string, double> calls;
  for (const auto& stretch : stretches) {
    for (const auto& [command, count] : stretch.to->figures.calls) {
      calls[command] += calls_between(*stretch.from, *stretch.to, command);
    }
  }
  std::vector<std::pair<double, std::string>> order;
  for (const auto& [command, count] : calls) {
    if (count > 0) order.emplace_back(-count, command);
  }
  std::sort(order.begin(), order.end());
  std::vector<std::string> names;
  for (std::size_t c = 0; c < std::min(order.size(), kBusiest); ++c) names.push_back(order[c].second);
  return names;
}

// Adds up what of each counter falls into one interval.
class IntervalSum {
 public:
  void add(const Stretch& stretch, double share, double seconds, const std::vector<std::string>& commands) {
    observed_sec_ += seconds;
    const Figures &from = stretch.from->figures, &to = stretch.to->figures;
    for (std::size_t f = 0; f < sums_.size(); ++f) {
      if (!from.counters[f] || !to.counters[f]) continue;
      sums_[f] = sums_[f].value_or(0) + (*to.counters[f] - *from.counters[f]) * share;
    }
    calls_.resize(commands.size());
    for (std::size_t c = 0; c < commands.size(); ++c) {
      calls_[c] += calls_between(*stretch.from, *stretch.to, commands[c]) * share;
    }
  }
  void hold(const Sample& sample) {
    for (std::size_t l = 0; l < levels_.size(); ++l) {
      if (sample.figures.levels[l]) levels_[l] = std::max(levels_[l].value_or(0), *sample.figures.levels[l]);
    }
  }
  bool empty() const { return observed_sec_ <= 0; }

  ComponentUse use(const measure::Component& component, const std::vector<std::string>& commands) const {
    ComponentUse use;
    use.observed_sec = rounded(observed_sec_);
    for (std::size_t f = 0; f < sums_.size(); ++f) {
      if (sums_[f]) use.flows[f] = rounded(*sums_[f] / observed_sec_);
    }
    for (std::size_t l = 0; l < levels_.size(); ++l) {
      if (levels_[l]) use.levels[l] = rounded(*levels_[l]);
    }
    for (std::size_t c = 0; c < calls_.size(); ++c)
      use.calls.emplace_back(commands[c], rounded(calls_[c] / observed_sec_));
    if (const auto share = measure::utilisation_of(use, component)) use.utilisation = rounded(*share);
    return use;
  }

 private:
  double observed_sec_ = 0;
  measure::OfFlows<double> sums_{};
  measure::OfLevels<double> levels_{};
  std::vector<double> calls_;
};

std::string note_of(const ObservedComponent& seen, std::uint64_t restarts) {
  std::string note;
  if (seen.missed > 0) {
    note = fmt::format("{} of {} samples are missing: {}", seen.missed, seen.samples.size() + seen.missed,
                       seen.last_fault.empty() ? "it did not answer" : seen.last_fault);
  }
  if (restarts > 0) {
    note += fmt::format("{}restarted {} time{}, and is counted anew from there", note.empty() ? "" : "; ", restarts,
                        restarts == 1 ? "" : "s");
  }
  return note;
}

std::vector<IntervalSum> sums_of(const std::vector<Stretch>& stretches, const std::vector<std::string>& commands,
                                 Nanos interval, std::size_t intervals) {
  std::vector<IntervalSum> sums(intervals);
  const auto index_of = [&](Nanos at) { return static_cast<std::size_t>(std::max(Nanos(0), at) / interval); };
  for (const auto& stretch : stretches) {
    const Nanos length = stretch.to->at - stretch.from->at;
    for (std::size_t i = index_of(stretch.from->at); i < intervals; ++i) {
      const Nanos begin = interval * static_cast<std::int64_t>(i);
      const Nanos inside = std::min(stretch.to->at, begin + interval) - std::max(stretch.from->at, begin);
      if (inside <= Nanos(0)) break;
      sums[i].add(stretch, to_seconds(inside) / to_seconds(length), to_seconds(inside), commands);
      // What a level was at either end of a stretch says most about it.
      sums[i].hold(*stretch.from);
      sums[i].hold(*stretch.to);
    }
  }
  return sums;
}

}  // namespace

ComponentSeries component_series(const std::vector<ObservedComponent>& observed, Nanos interval,
                                 std::size_t intervals) {
  ComponentSeries series;
  for (std::size_t i = 0; i < intervals; ++i) {
    series.intervals.push_back({to_seconds(interval * static_cast<std::int64_t>(i))});
  }
  for (const auto& seen : observed) {
    measure::Component component;
    component.name = seen.name;
    component.source = seen.source;
    component.kind = seen.kind;
    component.limit_cores = seen.limit_cores;
    component.samples = seen.samples.size();
    component.missed_samples = seen.missed;
    const auto stretches = stretches_of(seen, interval, component.restarts);
    component.note = note_of(seen, component.restarts);
    const auto commands = busiest_commands(stretches);
    const auto sums = sums_of(stretches, commands, interval, intervals);
    for (std::size_t i = 0; i < intervals; ++i) {
      if (!sums[i].empty()) {
        series.intervals[i].components.emplace_back(component.name, sums[i].use(component, commands));
      }
    }
    series.components.push_back(std::move(component));
  }
  return series;
}

}  // namespace tacos::load
