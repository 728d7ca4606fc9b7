#pragma once

#include <cstddef>
#include <string>

#include "report/ladders/ladder_study.h"

namespace tacos::report {

// For a terminal of that many columns.
std::string study_text(const LadderStudy& study, std::size_t width);

// For a pull request or a job's summary.
std::string study_markdown(const LadderStudy& study);

}  // namespace tacos::report
