#pragma once

#include <vector>

#include "core/result.h"
#include "tacos-plan/plan/plan.h"

namespace tacos::plan {

// The line over time, as a fluid: from the opening until it would have drained, `points` of them. status_rps is the
// policy's peak in proportion to those in line.
core::Result<std::vector<LinePoint>> line_timeline(const Plan& plan, int points);

}  // namespace tacos::plan
