#include "tacos-plan/proof/component_check.h"

#include <algorithm>

#include <fmt/format.h>

#include "tacos-plan/document/number_text.h"
#include "tacos-plan/redis/redis_load.h"

namespace tacos::plan {
namespace {

using Q = Quantity;
using measure::Flow;
using measure::RunReport;
using enum PromiseCheck::Verdict;

struct Promise {
  std::string component;
  std::string_view watched;  // beginning of the components' names
  Flow flow = Flow::kCpu;
  double expected = 0;  // at the peak
  double allowed = 0;   // what was planned to be there for it
};

std::string amount(double value, Flow flow) {
  return flow == Flow::kCpu ? fmt::format("{:.2f} cores", value) : rate_text(value);
}

bool is_watched(const RunReport& run, std::string_view prefix) {
  return std::any_of(run.components.begin(), run.components.end(),
                     [&](const auto& component) { return component.name.starts_with(prefix); });
}

PromiseCheck check(const Promise& promise, const RunReport& run, bool full_load) {
  PromiseCheck result;
  result.component = promise.component;
  result.promised = fmt::format("{} at the peak, {} allowed", amount(promise.expected, promise.flow),
                                amount(promise.allowed, promise.flow));
  const auto used = peak_of_components(run, promise.watched, promise.flow);
  if (!used) {
    result.measured = "–";
    result.why = is_watched(run, promise.watched) ? "it was watched, but did not tell"
                                                  : fmt::format("run tacos-load with --observe {}=…", promise.watched);
    return result;
  }
  result.measured = fmt::format("{} in the busiest interval", amount(*used, promise.flow));
  if (promise.expected > 0)
    result.measured += fmt::format(", {:.1f} times what was expected", *used / promise.expected);
  if (*used > promise.allowed) {
    result.verdict = kBroken;
    result.why = "more than the plan has room for";
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
  const double pod_cores = static_cast<double>(plan.gateway.pods) * in[Q::kPodVcpu] * in[Q::kPodUtilisation];
  // One core of each shard that holds anything of the line executes commands. Commands limit nothing by themselves: as
  // many are allowed as fill the CPU that is.
  const double redis_cores =
      static_cast<double>(std::max<std::uint64_t>(1, plan.redis.shards_used)) * in[Q::kRedisCpuLimit];
  // What a monitor shows when the work is at its limit.
  const double most_calls =
      plan.redis.cpu_cores > 0 ? plan.redis.calls_per_sec / plan.redis.cpu_cores * in[Q::kRedisCpuLimit] : 0;
  const double busy_allowed = redis_cores / in[Q::kRedisCpuLimit] *
                              busy_share(in[Q::kRedisCpuLimit], most_calls, in[Q::kRedisPipeline], in[Q::kRedisWakeUp]);
  const double each = plan.redis.commands_per_sec > 0 ? plan.redis.cpu_cores / plan.redis.commands_per_sec : 0;
  const double commands = each > 0 ? redis_cores / each : plan.redis.commands_per_sec;
  for (const auto& promise :
       {Promise{"gateway CPU", "gateway", Flow::kCpu, gateway_cores, pod_cores},
        Promise{"Redis CPU", "redis", Flow::kCpu, plan.redis.busy_cores, busy_allowed},
        Promise{"Redis commands", "redis", Flow::kCommands, plan.redis.commands_per_sec, commands}}) {
    checks.push_back(check(promise, run, full_load));
  }
  return checks;
}

}  // namespace tacos::plan
