#pragma once

#include <string>

#include "report/comparison/comparison.h"

namespace tacos::report {

// The comparison for programs, schema tacos.comparison/1 (docs/schema/comparison-1.schema.json): indented, ending in a
// newline. What was not measured is null.
std::string comparison_json(const Comparison& comparison);

}  // namespace tacos::report
