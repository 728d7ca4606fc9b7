#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "measure/run_report.h"
#include "tacos-plan/plan/plan.h"
#include "tacos-plan/proof/promise_check.h"

namespace tacos::plan {

// What the parts of the system used in the run's busiest interval, those whose name begins with `prefix` together
// ("gateway", "gateway-2", "redis[10.0.0.1:6379]"): CPU in cores, or commands per second. Nothing when none was watched
// or none told.
std::optional<double> peak_of_components(const measure::RunReport& run, std::string_view prefix, measure::Flow flow);

// The plan's CPU and commands of gateway and Redis beside what the run's components used, as far as they were watched
// (tacos-load --observe gateway=… --observe redis=…). `full_load`: the run reached the plan's peak; below it, what was
// used proves nothing but that it is too much.
std::vector<PromiseCheck> check_components(const Plan& plan, const measure::RunReport& run, bool full_load);

}  // namespace tacos::plan
