#pragma once

#include <string>

#include "measure/run_report.h"

namespace tacos::report {

// The end of a run on a terminal: verdict, rate, a table of the steps, outcomes, users and generator health, in at most
// 100 columns and about 30 lines. colour adds ANSI colours to the verdict.
std::string summary_text(const measure::RunReport& report, bool colour);

}  // namespace tacos::report
