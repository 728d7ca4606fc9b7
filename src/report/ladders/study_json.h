#pragma once

#include <string>

#include "report/ladders/ladder_study.h"

namespace tacos::report {

// The document of schema tacos.ladders/1 (docs/schema/ladders-1.schema.json), ending in a newline.
std::string study_json(const LadderStudy& study);

}  // namespace tacos::report
