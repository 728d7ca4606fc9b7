#pragma once

#include "tacos-plan/plan/catalogues.h"
#include "tacos-plan/plan/plan.h"

namespace tacos::plan {

// The bill, line by line: what one sale costs, and what stands all month. Every line is rounded to the cent by itself
// and the totals are sums of what is shown. A price that the region's list does not have is named, never guessed; the
// totals are then without it.
CostPlan plan_cost(const Plan& plan, const Catalogues& catalogues);

}  // namespace tacos::plan
