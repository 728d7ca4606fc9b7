#pragma once

#include <optional>
#include <string>

#include "measure/run_report.h"

namespace tacos::report {

// Above this share of its limit a part is taken for the one that binds: beyond it, waiting times grow without bound (at
// 85 % of one server, the mean wait is already 5.7 service times in M/M/1).
inline constexpr double kNearItsLimit = 0.85;

// From report.component_intervals: what each part used over the measured time, its busiest interval, and what each part
// used in each rung. Intervals and rungs must be there.
void sum_up_components(measure::RunReport& report);

// Says which part gave out first, from what sum_up_components() found and the rungs' verdicts, or that none did. Where
// there are no rungs, the moment of the bend (see reading.h) stands for the broken rung.
void name_bottleneck(measure::RunReport& report);

// The part that was nearest its limit in a rung; `component` lives as long as the report. The machine as a whole comes
// in only where no part of it is near its own limit. Nothing when no part told how much it used.
struct NearestPart {
  const measure::Component* component = nullptr;
  double utilisation = 0;
};
std::optional<NearestPart> nearest_to_limit(const measure::RunReport& report, const measure::RunReport::Rung& rung);

// "the one core that executes its commands", "the 2 cores it may use"; empty when no limit is known.
std::string limit_words(const measure::Component& component);

}  // namespace tacos::report
