#pragma once

#include "core/result.h"
#include "tacos-plan/plan/catalogues.h"
#include "tacos-plan/plan/plan.h"

namespace tacos::plan {

// What purchases write and read. Units by the provider's rounding, doubled in transactions; writes that lose their race
// are billed as well, so w writes that must succeed take w ÷ (1 − f) attempts.
core::Result<DynamoPlan> plan_dynamodb(const PlanInputs& inputs, const AdmissionPlan& admission,
                                       const SellingPlan& selling, const Catalogues& catalogues, Derivations& derive);

}  // namespace tacos::plan
