#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "tacos-plan/plan/plan.h"
#include "tacos-plan/simulation/ladder.h"
#include "tacos-plan/simulation/sale_simulation.h"

namespace tacos::plan {

// One figure twice: by the plan's formula, and as the sale that was played came out. Not a number: it has none.
struct AgainstPlan {
  std::string name;  // "sellout_sec"
  std::string what;  // in words
  std::string unit;  // as of a derivation
  double planned = 0;
  double simulated = 0;
  std::string why;  // what the formula leaves out

  // simulated ÷ planned; not a number when either has none, or the plan's is 0.
  double ratio() const;
};

// A plan played through: its sale, and the climb through rates of requests.
struct Rehearsal {
  static constexpr const char* kSchema = "tacos.simulation/1";

  Plan plan;
  std::uint64_t seed = 1;
  SaleParameters sale;
  LadderParameters ladder;
  SaleResult result;
  std::vector<LadderRung> rungs;
  std::vector<AgainstPlan> against;
  std::vector<PlanWarning> findings;  // what went wrong, the worst first

  std::uint64_t users_of(Ending ending) const { return result.summary.of(ending); }
  // Of the timeline's points, in seconds.
  double interval_sec() const;
  double requests() const;  // that were answered or shed
};

// The default of `simulate`: the original's measured climb.
inline constexpr std::string_view kUsualRungs = "1k,5k,10k,20k,30k";

// The same plan, rungs and seed give the same rehearsal. Fails when the plan can't be played, naming the flag.
core::Result<Rehearsal> rehearse(const Plan& plan, const std::vector<double>& rungs, std::uint64_t seed);

}  // namespace tacos::plan
