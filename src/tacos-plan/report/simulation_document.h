#pragma once

#include "tacos-plan/document/document.h"
#include "tacos-plan/rehearsal/rehearsal.h"

namespace tacos::plan {

// A sale that was played, as a story: what happened, how it ended for everybody, how long they waited, what was loaded
// how much, and where it went otherwise than the plan's formulas; then the climb through rates. `command` is how it was
// made, for the last line.
Document simulation_document(const Rehearsal& rehearsal, const std::string& command);

}  // namespace tacos::plan
