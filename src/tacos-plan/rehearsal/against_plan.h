#pragma once

#include <vector>

#include "tacos-plan/rehearsal/rehearsal.h"

namespace tacos::plan {

// The plan's closed formulas beside what was counted. Figures that the plan has no formula for in this kind of sale are
// left out.
std::vector<AgainstPlan> against_plan(const Rehearsal& rehearsal);

}  // namespace tacos::plan
