#pragma once

#include "tacos-plan/plan/catalogues.h"
#include "tacos-plan/plan/plan.h"

namespace tacos::plan {

// The 2025 design's own reckoning, figure by figure, from the same inputs: its formulas, its roundings and its
// mistakes. `today` is the plan that tacos makes of them; each figure says beside the original's what that is, and by
// which warning they differ.
std::vector<OriginalFigure> original_figures(const Plan& today, const Catalogues& catalogues);

// Puts the original's figures in the place of the plan's own (--profile original), keeps them in plan.original, and
// adds the warnings that only its published texts and code give rise to.
void reckon_as_original(Plan& plan, const Catalogues& catalogues);

}  // namespace tacos::plan
