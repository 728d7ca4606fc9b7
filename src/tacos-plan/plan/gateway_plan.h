#pragma once

#include <cstdint>

#include "tacos-plan/plan/plan.h"

namespace tacos::plan {

// Pods: as many as carry the peak within their utilisation, hold the connections, and carry the peak at full CPU with
// one zone gone; a whole number of them in each zone.
GatewayPlan plan_gateway(const PlanInputs& inputs, const AdmissionPlan& admission, const PollingPlan& polling,
                         Derivations& derive);

// Seconds from a burst of load to `to` ready pods, from `from` of them: the metric's age, one decision a period in
// which Kubernetes adds at most the larger of 4 pods and as many as there are, then the start of pods (and of nodes for
// them). Source: Kubernetes, Horizontal Pod Autoscaling, default scaling behaviour.
double scale_up_seconds(const PlanInputs& inputs, std::uint64_t from, std::uint64_t to);

}  // namespace tacos::plan
