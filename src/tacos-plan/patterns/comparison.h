#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "tacos-plan/patterns/direct_access.h"
#include "tacos-plan/patterns/pattern.h"
#include "tacos-plan/patterns/queue_service.h"
#include "tacos-plan/patterns/serverless.h"
#include "tacos-plan/plan/catalogues.h"
#include "tacos-plan/plan/plan.h"

namespace tacos::plan {

// Four ways to build the same sale, side by side.
struct Comparison {
  static constexpr const char* kSchema = "tacos.plan-comparison/1";
  static constexpr std::uint32_t kSeeds = 5;  // over which what is oversold is averaged

  Plan plan;
  std::uint64_t seed = 1;
  std::vector<PatternResult> patterns;  // in the order of kAllPatterns
  Pattern chosen = Pattern::kGateway;
  bool chosen_holds = false;
  std::string headline;
  std::vector<std::string> reasons;  // why not each of the others
  std::vector<std::string> notes;    // what to know when reading it

  const PatternResult& of(Pattern pattern) const { return patterns[static_cast<std::size_t>(pattern)]; }
};

// Plays and prices the four. Pure: the same plan, catalogues and seed make the same comparison. Fails where the plan
// has a number that a simulation refuses, naming it, and on more than kMostComparedUsers.
core::Result<Comparison> compare_patterns(const Plan& plan, const Catalogues& catalogues, std::uint64_t seed);
inline constexpr double kMostComparedUsers = 20e6;

// What each is played with, from the plan's inputs and the default quotas. `prepared`: with those quotas raised before
// the sale that can be raised.
CrowdParameters crowd_of(const PlanInputs& inputs);
DirectParameters direct_of(const PlanInputs& inputs);
core::Result<QueueParameters> queue_of(const PlanInputs& inputs, const QuotaCatalogue& quotas, bool prepared);
core::Result<ServerlessParameters> serverless_of(const Plan& plan, const QuotaCatalogue& quotas, bool prepared);

// What the unguarded pair of a read and a write oversells: rate × window × tickets, for buyers that come at `rate` when
// the last seat goes (Little's law: so many writes are on their way). rate ≥ 0 in 1/s, window ≥ 0 in s. Right when the
// seats run out and at least that many buyers follow.
double oversold_by_race(double buyers_per_sec, double window_sec, double tickets);

}  // namespace tacos::plan
