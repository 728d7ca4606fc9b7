#pragma once

#include <string>

#include "report/comparison/comparison.h"

namespace tacos::report {

// The comparison on one page that needs nothing else, neither a network nor a script: verdict and limits first, what
// was not the same, then tables, percentile curves and distributions, a part to open for each step.
std::string comparison_page(const Comparison& comparison);

}  // namespace tacos::report
