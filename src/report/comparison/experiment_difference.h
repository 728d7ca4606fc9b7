#pragma once

#include <vector>

#include "report/comparison/comparison.h"

namespace tacos::report {

// What was not the same about how the two sides were made: scenario, target, seed, version, host, … A difference is no
// fault, as one of them is what the comparison is about; every other one is a reason not to believe it.
std::vector<Comparison::Difference> experiment_differences(const ComparedSide& baseline, const ComparedSide& candidate);

}  // namespace tacos::report
