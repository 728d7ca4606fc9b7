#pragma once

#include <string>

#include "report/comparison/comparison.h"

namespace tacos::report {

// The comparison for a terminal, at most 100 columns wide: verdict, limits, what was not the same, tables.
std::string comparison_text(const Comparison& comparison, bool colour);

}  // namespace tacos::report
