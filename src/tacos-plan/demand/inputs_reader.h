#pragma once

#include <string>
#include <string_view>

#include "core/result.h"
#include "tacos-plan/demand/plan_inputs.h"

namespace tacos::plan {

// Reads a file of inputs into `inputs`: schema tacos.plan-inputs/1 (docs/schema/plan-inputs-1.schema.json), or a plan
// that tacos-plan wrote (tacos.plan/1), whose inputs and assumptions are taken. What the file does not mention stays.
// Messages name the file, the JSON pointer, the value found and the range; the first fault is reported, and then
// `inputs` may hold part of the file.
core::Result<void> read_inputs(std::string_view json, std::string_view name_of_file, PlanInputs& inputs);

// The profile a file asks for, which has to be applied before its other values; "" when it names none.
core::Result<std::string> profile_in(std::string_view json, std::string_view name_of_file);

// What to write instead of a name that nothing has: the nearest of the known ones, or "".
std::string nearest_name(std::string_view name);

}  // namespace tacos::plan
