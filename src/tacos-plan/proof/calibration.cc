#include "tacos-plan/proof/calibration.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tacos-plan/document/number_text.h"
#include "tacos-plan/models/usl.h"

namespace tacos::plan {
namespace {

using Q = Quantity;
using measure::RunReport;

constexpr std::size_t kRungsForAFit = 6;
constexpr double kSaturated = 0.97;     // of what was offered: less was answered, so the rung was beyond capacity
constexpr double kMiddle = 0.9;         // share of the joins that "the crowd gathered" is taken from
constexpr std::uint64_t kEnough = 100;  // people, for a share of them to mean something

struct Finding {
  double value = 0;
  std::string basis;
};
using Findings = std::map<Q, std::vector<std::pair<const MeasuredRun*, Finding>>>;

// From the moment 5 % had joined to that of 95 %, stretched to all.
std::optional<Finding> gathering(const RunReport& run) {
  // Those who were told that nothing is left and try again join a second time: only first joins are a crowd gathering.
  const auto came = static_cast<double>(run.users.started);
  double all = 0;
  std::vector<std::pair<double, double>> joins;
  for (const auto& interval : run.intervals) {
    for (const auto& step : interval.steps) {
      if (step.name != "join") continue;
      joins.emplace_back(interval.t_sec, std::min(static_cast<double>(step.count), came - all));
      all += joins.back().second;
    }
  }
  if (all < static_cast<double>(kEnough)) return std::nullopt;
  double seen = 0, first = -1, last = -1;
  for (const auto& [at, count] : joins) {
    if (first < 0 && seen + count >= all * (1 - kMiddle) / 2) first = at;
    seen += count;
    if (last < 0 && seen >= all * (1 + kMiddle) / 2) last = at + run.interval_sec;
  }
  return Finding{std::max(1.0, (last - first) / kMiddle),
                 fmt::format("the middle 90 % of {} joined within {}", count_text(all), seconds_text(last - first))};
}

// Exponential patience: the mean is the time spent in line by all, over those who gave up.
std::optional<Finding> patience(const RunReport& run) {
  if (run.users.abandoned < kEnough) return std::nullopt;
  double person_seconds = 0;
  for (const auto& interval : run.intervals) {
    person_seconds +=
        static_cast<double>(interval.users[static_cast<std::size_t>(measure::UserState::kWaiting)]) * run.interval_sec;
  }
  const auto gave_up = static_cast<double>(run.users.abandoned);
  return Finding{person_seconds / gave_up, fmt::format("{} gave up in {} of waiting together", count_text(gave_up),
                                                       seconds_text(person_seconds))};
}

std::optional<Finding> share(std::uint64_t part, std::uint64_t whole, const char* words) {
  if (whole < kEnough) return std::nullopt;
  return Finding{
      static_cast<double>(part) / static_cast<double>(whole),
      fmt::format("{} of {} {}", count_text(static_cast<double>(part)), count_text(static_cast<double>(whole)), words)};
}

// Capacity from a ladder: throughput at each rung over the concurrency that Little's law gives it, N = X · S.
core::Result<Finding> capacity(const RunReport& run) {
  std::vector<ScalabilityPoint> points;
  double most = 0;
  bool saturated = false;
  for (const auto& rung : run.rungs) {
    const auto status = std::find_if(rung.steps.begin(), rung.steps.end(), [](const auto& step) {
      return step.first == "status" || step.first == "request";
    });
    if (status == rung.steps.end() || rung.achieved_rps <= 0) continue;
    const double service_sec = status->second.service_time_ms.mean / 1000;
    points.push_back({rung.achieved_rps * service_sec, rung.achieved_rps});
    most = std::max(most, rung.achieved_rps);
    saturated = saturated || rung.achieved_rps < kSaturated * rung.offered_rps;
  }
  if (points.size() < kRungsForAFit) {
    return core::fail(fmt::format("capacity: {} rungs, and a fit takes {}", points.size(), kRungsForAFit));
  }
  if (!saturated) {
    return core::fail(fmt::format("capacity: every rung was carried, so it is at least {}; a higher rung would tell",
                                  rate_text(most)));
  }
  const auto fit = fit_usl(points);
  if (!fit) return fit.error();
  if (fit->constrained) return core::fail("capacity: " + fit->note);
  const auto ceiling = usl_most_throughput(fit->law);
  if (!ceiling) return ceiling.error();
  return Finding{*ceiling, fmt::format("Universal Scalability Law over {} rungs: σ {:.3g}, κ {:.3g}, R² {:.3f}",
                                       points.size(), fit->law.contention, fit->law.coherency, fit->r_squared)};
}

void collect(const MeasuredRun& run, Findings& findings, std::vector<std::string>& left) {
  const auto& r = run.report;
  const auto found = [&](Q quantity, const std::optional<Finding>& finding, const char* otherwise) {
    if (finding) {
      findings[quantity].emplace_back(&run, *finding);
    } else {
      left.push_back(fmt::format("{}: {}: {}", run.name, spec_of(quantity).name, otherwise));
    }
  };
  std::optional<Finding> interval;
  if (r.users.poll_interval_effective_sec > 0) {
    interval = Finding{r.users.poll_interval_effective_sec, "mean time between a user's polls"};
  }
  found(Q::kPollInterval, interval, "nobody polled");
  found(Q::kGatherTime, gathering(r), "too few joined");
  found(Q::kConversion, share(r.users.confirmed, r.users.entered, "who entered bought"), "too few entered");
  const std::uint64_t absent = r.users.admitted - std::min(r.users.admitted, r.users.entered);
  found(Q::kNoShow, share(absent, r.users.admitted, "called in let their turn lapse"), "too few were called in");
  found(Q::kPatience, patience(r), "too few gave up to tell");
  const auto carried = capacity(r);
  if (carried) {
    findings[Q::kPodCapacity].emplace_back(&run, *carried);
  } else {
    left.push_back(fmt::format("{}: pod_capacity: {}", run.name, carried.error().message));
  }
}

// The run whose value is in the middle; of an even number, the lower of the two.
const std::pair<const MeasuredRun*, Finding>& median(std::vector<std::pair<const MeasuredRun*, Finding>>& all) {
  const auto middle = all.begin() + static_cast<std::ptrdiff_t>((all.size() - 1) / 2);
  std::nth_element(all.begin(), middle, all.end(),
                   [](const auto& a, const auto& b) { return a.second.value < b.second.value; });
  return *middle;
}

}  // namespace

core::Result<Calibration> calibrate(const std::vector<MeasuredRun>& runs) {
  Calibration calibration;
  Findings findings;
  for (const auto& run : runs) {
    if (run.report.verdict == "invalid" || run.report.interrupted) {
      return core::fail(fmt::format("{}: the run is invalid and proves nothing; leave it out", run.name));
    }
    collect(run, findings, calibration.left);
  }
  for (auto& [quantity, all] : findings) {
    const auto& spec = spec_of(quantity);
    const std::size_t count = all.size();
    const auto& [run, finding] = median(all);
    // Conversion of nobody and the like are facts, but no plan can be made of them.
    if (finding.value < spec.least || finding.value > spec.most) {
      calibration.left.push_back(fmt::format("{}: {} is out of the range that a plan takes", spec.name, finding.value));
      continue;
    }
    calibration.values.push_back(
        {quantity, finding.value,
         fmt::format("measured: {}{}, {}: {}", run->name, count > 1 ? fmt::format(" (median of {} runs)", count) : "",
                     run->report.started_at.substr(0, 10), finding.basis)});
  }
  return calibration;
}

std::string calibration_json(const Calibration& calibration) {
  nlohmann::ordered_json file = {{"schema", "tacos.plan-inputs/1"}};
  for (const auto& value : calibration.values) {
    const auto& spec = spec_of(value.quantity);
    file[std::string(spec.name)] = {{"value", value.value}, {"unit", name_of(spec.unit)}, {"source", value.source}};
  }
  return file.dump(2) + "\n";
}

}  // namespace tacos::plan
