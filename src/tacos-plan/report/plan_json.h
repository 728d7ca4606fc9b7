#pragma once

#include <string>
#include <string_view>

#include "tacos-plan/plan/plan.h"

namespace tacos::plan {

// The plan as JSON, schema tacos.plan/1 (docs/schema/plan-1.schema.json): keys may be added, none are renamed or
// dropped. It can be read back as --inputs. Ends with a newline.
std::string plan_json(const Plan& plan);

// How a remark's weight is called in JSON, and everywhere else.
std::string_view name_of(Severity severity);

}  // namespace tacos::plan
