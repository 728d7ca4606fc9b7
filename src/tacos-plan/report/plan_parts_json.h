#pragma once

#include <vector>

#include <nlohmann/json.hpp>

#include "tacos-plan/plan/plan.h"

namespace tacos::plan {

// What several documents say in the same words. The order of keys is theirs to read by people.
nlohmann::ordered_json quotas_json(const std::vector<QuotaCheck>& quotas);
nlohmann::ordered_json cost_json(const CostPlan& cost);
// Every quantity and every choice by name.
nlohmann::ordered_json all_inputs_json(const PlanInputs& inputs);

}  // namespace tacos::plan
