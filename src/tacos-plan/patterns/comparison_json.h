#pragma once

#include <string>

#include "tacos-plan/patterns/comparison.h"

namespace tacos::plan {

// Schema tacos.plan-comparison/1 (docs/schema/plan-comparison-1.schema.json).
std::string comparison_json(const Comparison& comparison);

}  // namespace tacos::plan
