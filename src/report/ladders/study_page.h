#pragma once

#include <string>

#include "report/ladders/ladder_study.h"

namespace tacos::report {

// One HTML page, whole and offline: the knees, what follows from them, charts over the rate, and every figure in
// tables.
std::string study_page(const LadderStudy& study);

}  // namespace tacos::report
