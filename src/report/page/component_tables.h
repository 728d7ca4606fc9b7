#pragma once

#include <string>

#include "measure/run_report.h"

namespace tacos::report {

// HTML fragments about the parts of the system that were watched, empty when none were.

// Under "where did it bend": a row per rung with the share of its limit that each part used, shaded by it.
std::string component_matrix(const measure::RunReport& report);
// One row per part: who it is, what it used, and what of it was not seen.
std::string components_section(const measure::RunReport& report);

}  // namespace tacos::report
