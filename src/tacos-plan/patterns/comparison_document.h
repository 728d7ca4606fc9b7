#pragma once

#include <string>

#include "tacos-plan/document/document.h"
#include "tacos-plan/patterns/comparison.h"

namespace tacos::plan {

// The comparison for people: which one to build and why, the four in one table, when users have an answer, and then
// pattern by pattern. `command` is how it was made, for the last line.
Document comparison_document(const Comparison& comparison, const std::string& command);

}  // namespace tacos::plan
