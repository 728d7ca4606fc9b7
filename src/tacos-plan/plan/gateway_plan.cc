#include "tacos-plan/plan/gateway_plan.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "tacos-plan/document/number_text.h"

namespace tacos::plan {
namespace {

using Q = Quantity;

constexpr std::uint64_t kPodsAtATime = 4;

std::uint64_t whole(double value) {
  return static_cast<std::uint64_t>(std::ceil(value - 1e-9));
}

}  // namespace

double scale_up_seconds(const PlanInputs& in, std::uint64_t from, std::uint64_t to) {
  if (to <= from) return 0;
  double seconds = in[Q::kMetricDelay];
  for (std::uint64_t pods = from; pods < to; pods += std::max(kPodsAtATime, pods)) seconds += in[Q::kScalerPeriod];
  return seconds + in[Q::kPodStart] + in[Q::kNodeStart];
}

GatewayPlan plan_gateway(const PlanInputs& in, const AdmissionPlan& admission, const PollingPlan& polling,
                         Derivations& derive) {
  GatewayPlan plan;
  const double beside = std::max(polling.joins_rps, admission.rate);
  plan.requests_per_sec = derive.add("gateway.requests_per_sec", polling.status_rps + beside, "1/s",
                                     fmt::format("{} status + {} (joins before the opening, or entries after it)",
                                                 rate_text(polling.status_rps), rate_text(beside)),
                                     "sum of what arrives at one moment");
  const double cpu = plan.requests_per_sec * (1 + in[Q::kMeshCpu]) / in[Q::kPodCapacity];
  plan.pods_by_cpu = whole(cpu / in[Q::kPodUtilisation]);
  plan.connections = in[Q::kUsers] * in[Q::kConnectionShare];
  plan.pods_by_connections = whole(plan.connections / in[Q::kPodConnections]);
  const double zones = in[Q::kZones];
  const std::uint64_t without_a_zone = zones > 1 ? whole(cpu * zones / (zones - 1)) : 0;
  const auto floor = static_cast<std::uint64_t>(in[Q::kPodsAtLeast]);
  std::uint64_t pods = std::max({plan.pods_by_cpu, plan.pods_by_connections, without_a_zone, floor});
  plan.bound_by = pods == plan.pods_by_cpu           ? "CPU"
                  : pods == plan.pods_by_connections ? "connections"
                  : pods == without_a_zone           ? "the loss of a zone"
                                                     : "the least that always runs";
  pods = whole(static_cast<double>(pods) / zones) * static_cast<std::uint64_t>(zones);
  plan.pods = pods;
  derive.add(
      "gateway.pods", static_cast<double>(pods), "pods",
      fmt::format("max({} by CPU: {} ÷ ({} × {}), {} by connections: {} ÷ {}, {} with a zone gone, {} always), "
                  "in {:g} zones",
                  plan.pods_by_cpu, rate_text(plan.requests_per_sec * (1 + in[Q::kMeshCpu])),
                  rate_text(in[Q::kPodCapacity]), share_text(in[Q::kPodUtilisation]), plan.pods_by_connections,
                  count_text(plan.connections), count_text(in[Q::kPodConnections]), without_a_zone, floor, zones),
      "demand ÷ (capacity × utilisation), rounded up");
  plan.nodes = whole(static_cast<double>(pods) * in[Q::kPodVcpu] / (in[Q::kNodeVcpu] * in[Q::kNodeAllocatable]));
  plan.memory_bytes = static_cast<double>(pods) * (in[Q::kPodMemory] + in[Q::kMeshMemory]);
  plan.scale_up_sec =
      derive.add("gateway.scale_up_sec", scale_up_seconds(in, floor, pods), "s",
                 fmt::format("{} metric's age + periods of {} from {} to {} pods + {} pod + {} node",
                             seconds_text(in[Q::kMetricDelay]), seconds_text(in[Q::kScalerPeriod]), floor, pods,
                             seconds_text(in[Q::kPodStart]), seconds_text(in[Q::kNodeStart])),
                 "Kubernetes HPA, default behaviour: at most 4 pods or 100 % more per 15 s");
  return plan;
}

}  // namespace tacos::plan
