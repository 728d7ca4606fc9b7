#include "tacos-plan/proof/component_check.h"

#include <algorithm>

#include <fmt/format.h>

#include "tacos-plan/document/number_text.h"

namespace tacos::plan {
namespace {

using Q = Quantity;
using measure::Flow;
using measure::RunReport;
using enum PromiseCheck::Verdict;

// A run's busiest second stands against the plan's peak, which is a mean: by how much it may be above.
constexpr double kPeakTolerance = 1.1;

struct Promise {
  std::string component;
  std::string_view watched;  // beginning of the component's name
  Flow flow = Flow::kCpu;
  double most = 0;
  std::string unit;
};

std::string amount(double value, const std::string& unit) {
  return unit == "cores" ? fmt::format("{:.2f} cores", value) : rate_text(value);
}

bool is_watched(const RunReport& run, std::string_view prefix) {
  return std::any_of(run.components.begin(), run.components.end(),
                     [&](const auto& component) { return component.name.starts_with(prefix); });
}

PromiseCheck check(const Promise& promise, const RunReport& run, bool full_load) {
  PromiseCheck result;
  result.component = promise.component;
  result.promised = fmt::format("{} at the peak", amount(promise.most, promise.unit));
  const auto used = peak_of_components(run, promise.watched, promise.flow);
  if (!used) {
    result.measured = "–";
    result.why = is_watched(run, promise.watched)
                     ? "it was watched, but did not tell"
                     : fmt::format("run tacos-load with --observe {}=…", promise.watched);
    return result;
  }
  result.measured = fmt::format("{} in the busiest interval", amount(*used, promise.unit));
  if (*used > promise.most * kPeakTolerance) {
    result.verdict = kBroken;
    result.why = promise.most > 0 ? fmt::format("{:.1f} times the plan", *used / promise.most) : "the plan has none";
  } else if (full_load) {
    result.verdict = kKept;
  } else {
    result.why = "the run did not reach the plan's peak load";
  }
  return result;
}

}  // namespace

std::optional<double> peak_of_components(const RunReport& run, std::string_view prefix, Flow flow) {
  std::optional<double> peak;
  for (const auto& interval : run.component_intervals) {
    std::optional<double> sum;
    for (const auto& [name, use] : interval.components) {
      // Slivers of an interval swing too much.
      if (!name.starts_with(prefix) || use.observed_sec < 0.5 * run.interval_sec) continue;
      // The plan counts the thread that executes commands; who does not tell it apart has the whole process.
      const auto& main_thread = use.of(Flow::kMainThreadCpu);
      const auto& value = flow == Flow::kCpu && main_thread ? main_thread : use.of(flow);
      if (value) sum = sum.value_or(0) + *value;
    }
    if (sum && (!peak || *sum > *peak)) peak = sum;
  }
  return peak;
}

std::vector<PromiseCheck> check_components(const Plan& plan, const RunReport& run, bool full_load) {
  std::vector<PromiseCheck> checks;
  if (run.components.empty()) return checks;
  const auto& in = plan.inputs;
  const double gateway_cores =
      plan.gateway.requests_per_sec * (1 + in[Q::kMeshCpu]) / in[Q::kPodCapacity] * in[Q::kPodVcpu];
  for (const auto& promise :
       {Promise{"gateway CPU", "gateway", Flow::kCpu, gateway_cores, "cores"},
        Promise{"Redis CPU", "redis", Flow::kCpu, plan.redis.cpu_cores, "cores"},
        Promise{"Redis commands", "redis", Flow::kCommands, plan.redis.commands_per_sec, "commands"}}) {
    checks.push_back(check(promise, run, full_load));
  }
  return checks;
}

}  // namespace tacos::plan
