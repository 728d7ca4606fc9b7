#pragma once

#include "core/result.h"
#include "tacos-plan/models/polling.h"
#include "tacos-plan/plan/plan.h"

namespace tacos::plan {

// The rule by which the plan's users ask when they ask by position.
PollRule poll_rule(const PlanInputs& inputs);

// What those in line ask, and the traffic it makes. The peak is the whole line asking, when it is longest.
core::Result<PollingPlan> plan_polling(const PlanInputs& inputs, const AdmissionPlan& admission,
                                       const SellingPlan& selling, Derivations& derive);

}  // namespace tacos::plan
