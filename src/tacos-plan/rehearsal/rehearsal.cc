#include "tacos-plan/rehearsal/rehearsal.h"

#include "tacos-plan/rehearsal/against_plan.h"
#include "tacos-plan/rehearsal/findings.h"
#include "tacos-plan/rehearsal/sale_of_plan.h"

namespace tacos::plan {

double Rehearsal::interval_sec() const {
  if (result.timeline.size() < 2) return 1;
  return result.timeline[1].t_sec - result.timeline[0].t_sec;
}

double Rehearsal::requests() const {
  double answered = 0;
  for (const auto& point : result.timeline) answered += point.served_per_sec;
  return answered * interval_sec() + static_cast<double>(result.summary.shed);
}

core::Result<Rehearsal> rehearse(const Plan& plan, const std::vector<double>& rungs, std::uint64_t seed) {
  const auto sale = sale_of_plan(plan);
  if (!sale) return sale.error();
  const auto ladder = ladder_of_plan(plan, *sale, rungs);
  if (!ladder) return ladder.error();
  Rehearsal rehearsal;
  rehearsal.plan = plan;
  rehearsal.seed = seed;
  rehearsal.sale = *sale;
  rehearsal.ladder = *ladder;
  rehearsal.result = simulate_sale(*sale, seed);
  rehearsal.rungs = simulate_ladder(*ladder, seed);
  rehearsal.against = against_plan(rehearsal);
  rehearsal.findings = findings_of(rehearsal);
  return rehearsal;
}

}  // namespace tacos::plan
