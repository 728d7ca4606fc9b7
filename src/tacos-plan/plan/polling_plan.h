#pragma once

#include "core/result.h"
#include "tacos-plan/plan/plan.h"

namespace tacos::plan {

// What those in line ask, and the traffic it makes. The peak is the whole line asking; with a ramp of arrivals, the
// longest queue.
core::Result<PollingPlan> plan_polling(const PlanInputs& inputs, const AdmissionPlan& admission,
                                       const SellingPlan& selling, Derivations& derive);

}  // namespace tacos::plan
