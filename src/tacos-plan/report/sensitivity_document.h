#pragma once

#include <string>
#include <vector>

#include "tacos-plan/document/document.h"
#include "tacos-plan/plan/sensitivity.h"

namespace tacos::plan {

// Which assumption moves the plan most: a bar each, and what it does to the numbers one would decide by.
Document sensitivity_document(const Plan& plan, const std::vector<Sensitivity>& all, double vary,
                              const std::string& command);
// Schema tacos.plan-sensitivity/1.
std::string sensitivity_json(const Plan& plan, const std::vector<Sensitivity>& all, double vary);

}  // namespace tacos::plan
