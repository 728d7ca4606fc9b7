#pragma once

#include <string>

#include "tacos-plan/demand/plan_inputs.h"
#include "tacos-plan/document/document.h"

namespace tacos::plan {

// Every number that goes in, with its flag, value, range and source.
Document assumptions_document(const PlanInputs& inputs, const std::string& command);

// The same as a file of inputs (tacos.plan-inputs/1) to edit and give back with --inputs.
std::string assumptions_json(const PlanInputs& inputs);

}  // namespace tacos::plan
