#pragma once

#include "tacos-plan/document/document.h"
#include "tacos-plan/plan/plan.h"

namespace tacos::plan {

// The plan as a review's first page: the answer, the numbers that carry it, what breaks first, what to know; then part
// by part, and at the end every formula and assumption. `command` is how it was made, for the last line.
Document plan_document(const Plan& plan, const std::string& command);

// What all of tacos-plan's documents show of the same things.
Document::Section warnings_section(const std::vector<PlanWarning>& warnings);
Document::Tone tone_of(Severity severity);
std::string title_of(const PlanInputs& inputs);

// A derived value with its unit, as people write it.
std::string shown(double value, const std::string& unit);

}  // namespace tacos::plan
