#pragma once

#include <cstddef>
#include <string>

#include "measure/run_report.h"

namespace tacos::report {

// The end of a run on a terminal: the verdict and why, gates, a table of the steps, rungs, rate, users and generator.
// On 80 columns the headline run and its files fit 24 lines; on fewer, tables leave columns out. Nothing but the
// colours of the verdict, where they are wanted, is an escape code.
std::string summary_text(const measure::RunReport& report, bool colour, std::size_t width = 80);

// Where the files of the run are. The path is never cut: it is there to be opened.
std::string files_text(const std::string& directory, std::size_t width = 80);

}  // namespace tacos::report
