#pragma once

#include <string>

#include "measure/run_record.h"
#include "measure/run_report.h"

namespace tacos::report {

// The parts of report.html that are words and tables, each an HTML fragment with all text escaped. A part that has
// nothing to say (no rungs, no users) is empty.
std::string verdict_section(const measure::RunReport& report);
std::string key_numbers_section(const measure::RunReport& report, const measure::WindowSummary& measured);
std::string steps_section(const measure::RunReport& report, const measure::WindowSummary& measured);
std::string rungs_section(const measure::RunReport& report);
std::string outcomes_section(const measure::RunReport& report);
std::string users_section(const measure::RunReport& report);
std::string health_section(const measure::RunReport& report);
std::string origin_section(const measure::RunReport& report);

}  // namespace tacos::report
