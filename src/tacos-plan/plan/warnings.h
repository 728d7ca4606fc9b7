#pragma once

#include <vector>

#include "tacos-plan/plan/catalogues.h"
#include "tacos-plan/plan/plan.h"

namespace tacos::plan {

// What a reader of the plan has to know beside its numbers: rules that contradict one another, limits that bite, and
// the shortcuts that plans of waiting rooms usually take, each with this plan's own numbers. The worst first. The codes
// are stable: programs may look for them (docs/plan.md lists them).
std::vector<PlanWarning> warnings_of(const Plan& plan, const Catalogues& catalogues);

}  // namespace tacos::plan
