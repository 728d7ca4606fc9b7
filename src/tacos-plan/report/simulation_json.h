#pragma once

#include <string>

#include "tacos-plan/rehearsal/rehearsal.h"

namespace tacos::plan {

// The rehearsal as JSON, schema tacos.simulation/1 (docs/schema/simulation-1.schema.json): keys may be added, none are
// renamed or dropped. What never happened is null. Ends with a newline.
std::string simulation_json(const Rehearsal& rehearsal);

}  // namespace tacos::plan
