#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "measure/run_report.h"

namespace tacos::report {

// "invalid" when the generator was the bottleneck (see the report's `validity`), the run was interrupted or its counts
// don't add up; else "failed" when a gate did not hold or ended the run early,
// or most requests failed; else "passed". Reasons say what was
// found and what to do about it.
struct Verdict {
  std::string verdict;
  std::vector<std::string> reasons;
};
Verdict judge(const measure::RunReport& report);

// tacos-load's exit code: 0 passed, 1 failed, 4 invalid.
int exit_code_of(std::string_view verdict);

// Scheduled requests minus the sum of outcomes; anything but 0 is a fault of the generator.
std::int64_t unaccounted(const measure::RunReport& report);

}  // namespace tacos::report
