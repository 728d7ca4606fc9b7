#pragma once

#include <string>

#include "measure/run_report.h"

namespace tacos::report {

// summary.md: the run on one screen of a pull request. Verdict, reasons and gates first, then the numbers behind them.
std::string summary_markdown(const measure::RunReport& report);

}  // namespace tacos::report
