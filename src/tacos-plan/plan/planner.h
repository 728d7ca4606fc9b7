#pragma once

#include "core/result.h"
#include "tacos-plan/plan/catalogues.h"
#include "tacos-plan/plan/plan.h"

namespace tacos::plan {

// The whole plan from its inputs. Pure: the same inputs and catalogues make the same plan. Fails only where the inputs
// leave a formula no number to give, naming which.
core::Result<Plan> make_plan(const PlanInputs& inputs, const Catalogues& catalogues);

}  // namespace tacos::plan
