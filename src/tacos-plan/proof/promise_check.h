#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "measure/run_report.h"
#include "tacos-plan/plan/plan.h"

namespace tacos::plan {

// One promise of the plan beside what a run measured.
struct PromiseCheck {
  enum class Verdict : std::uint8_t { kKept, kBroken, kNotTested };

  std::string component;  // "status latency"
  std::string promised;   // in words, with the unit
  std::string measured;
  Verdict verdict = Verdict::kNotTested;
  std::string why{};  // of broken and not tested
};

std::string_view name_of(PromiseCheck::Verdict verdict);

struct PlanVerification {
  std::vector<PromiseCheck> checks;
  bool run_invalid = false;  // the generator was the bottleneck, or it was interrupted: nothing is proven
  std::string run_verdict;

  std::size_t count(PromiseCheck::Verdict verdict) const;
  bool broken() const { return count(PromiseCheck::Verdict::kBroken) > 0; }
};

// Holds the plan against a run, component by component. What the run did not reach (fewer users, a lower peak) is "not
// tested", never "kept". A run without users (one request over and over) tests latency, errors and load only.
PlanVerification verify_plan(const Plan& plan, const measure::RunReport& run);

// The most users that were called in within any window, beyond what `rate` × (window + lag) + burst allows: ≤ 0 when
// the bound held. Users learn of their turn when they ask, up to lag_sec after it; a window of answers is therefore a
// window of admissions that begins lag_sec earlier.
double admissions_over_bound(const std::vector<measure::RunReport::Interval>& intervals, double rate, double burst,
                             double lag_sec, double interval_sec);

}  // namespace tacos::plan
