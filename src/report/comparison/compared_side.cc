#include "report/comparison/compared_side.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/units.h"

namespace tacos::report {
namespace {

using measure::Histogram;
using measure::Outcome;
using Source = Gate::Node::Source;

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();
constexpr double kRequestsBeyond = 10;

void add_new(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

// Null when the run has no such step.
const measure::OutcomeCounts* outcomes_of(const ComparedRun& run, std::string_view step) {
  if (step.empty()) return &run.report.outcomes;
  for (const auto& [name, facts] : run.report.steps) {
    if (name == step) return &facts.outcomes;
  }
  return nullptr;
}

Histogram of_step(const measure::WindowSummary& window, const ComparedRun& run, bool service, std::string_view step) {
  const auto& names = run.record.steps();
  const auto found = std::find(names.begin(), names.end(), step);
  if (found == names.end()) return {};
  const auto& times = window.steps[static_cast<std::size_t>(found - names.begin())];
  return service ? times.service : times.response;
}

}  // namespace

ComparedSide::ComparedSide(std::vector<ComparedRun> runs) : runs_(std::move(runs)) {
  for (const auto& run : runs_) {
    windows_.push_back(run.record.window(run.from, run.to));
    for (const auto& [name, step] : run.report.steps) add_new(steps_, name);
    for (const auto& name : run.record.steps()) add_new(steps_, name);
  }
}

bool ComparedSide::has(std::string_view step) const {
  return std::find(steps_.begin(), steps_.end(), step) != steps_.end();
}

std::vector<Histogram> ComparedSide::times(Source source, std::string_view step) const {
  std::vector<Histogram> all;
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    const auto& window = windows_[i];
    switch (source) {
      case Source::kSendLag:
        all.push_back(window.send_lag);
        break;
      case Source::kDispatchLag:
        all.push_back(window.dispatch_lag);
        break;
      case Source::kConnectionWait:
        all.push_back(window.connection_wait);
        break;
      case Source::kResponse:
      case Source::kService:
        const bool service = source == Source::kService;
        if (step.empty()) {
          all.push_back(service ? window.service() : window.response());
        } else {
          all.push_back(of_step(window, runs_[i], service, step));
        }
    }
  }
  return all;
}

SideValue ComparedSide::each(const std::function<double(const ComparedRun&)>& value) const {
  std::vector<double> values;
  values.reserve(runs_.size());
  for (const auto& run : runs_) values.push_back(value(run));
  return SideValue::of(std::move(values));
}

SideValue ComparedSide::requests(std::string_view step) const {
  return each([&](const ComparedRun& run) {
    const auto* outcomes = outcomes_of(run, step);
    return outcomes == nullptr ? kNothing : static_cast<double>(measure::total(*outcomes));
  });
}

SideValue ComparedSide::error_share(std::string_view step) const {
  return each([&](const ComparedRun& run) {
    const auto* outcomes = outcomes_of(run, step);
    const auto all = outcomes == nullptr ? 0 : measure::total(*outcomes);
    return all == 0 ? kNothing : static_cast<double>(measure::errors(*outcomes)) / static_cast<double>(all);
  });
}

SideValue ComparedSide::answered_per_second(std::string_view step) const {
  return each([&](const ComparedRun& run) {
    const auto* outcomes = outcomes_of(run, step);
    if (outcomes == nullptr || measure::total(*outcomes) == 0) return kNothing;
    if (step.empty()) return run.report.rate.achieved_rps;
    std::uint64_t answered = 0;
    for (const auto outcome : {Outcome::kOk, Outcome::kHttpError, Outcome::kProtocolError}) {
      answered += (*outcomes)[static_cast<std::size_t>(outcome)];
    }
    const double seconds = run.report.duration_sec - run.report.warmup_sec;
    return seconds > 0 ? static_cast<double>(answered) / seconds : kNothing;
  });
}

SideValue statistic_of(const std::vector<Histogram>& runs, double percentile) {
  std::vector<double> values;
  for (const auto& times : runs) {
    if (times.count() == 0) continue;
    if (percentile == Gate::Node::kMean) {
      values.push_back(times.mean_ns() / 1e6);
    } else if (percentile == 0 || percentile == 100) {
      values.push_back(core::to_millis(percentile == 0 ? times.min() : times.max()));
    } else {
      values.push_back(core::to_millis(times.percentile(percentile)));
    }
  }
  return SideValue::of(std::move(values));
}

std::uint64_t requests_needed(double percentile) {
  if (percentile == Gate::Node::kMean) return static_cast<std::uint64_t>(kRequestsBeyond);
  if (percentile <= 0 || percentile >= 100) return 1;
  const double beyond = std::min(percentile, 100 - percentile) / 100;
  // 1 − 0.999 is a hair less than 0.001, which must not ask for one request more.
  return static_cast<std::uint64_t>(std::ceil(kRequestsBeyond / beyond * (1 - 1e-9)));
}

std::uint64_t fewest_requests(const std::vector<Histogram>& runs) {
  std::uint64_t fewest = runs.empty() ? 0 : runs.front().count();
  for (const auto& times : runs) fewest = std::min(fewest, times.count());
  return fewest;
}

std::vector<std::string> steps_of(const ComparedSide& baseline, const ComparedSide& candidate) {
  std::vector<std::string> steps = baseline.steps();
  for (const auto& step : candidate.steps()) add_new(steps, step);
  return steps;
}

}  // namespace tacos::report
