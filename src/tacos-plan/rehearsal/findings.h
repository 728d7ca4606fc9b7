#pragma once

#include <vector>

#include "tacos-plan/rehearsal/rehearsal.h"

namespace tacos::plan {

// What went wrong in the sale that was played, the worst first: a conflict is a sale that failed its users, a warning
// something that a plan's reader would not have expected, a note a thing worth knowing.
std::vector<PlanWarning> findings_of(const Rehearsal& rehearsal);

// Pods that carry so many requests a second at the autoscaler's target, the minimum at least.
double pods_needed(const FleetParameters& gateway, double requests_per_sec);

// "the gateway", "the reservation API".
std::string called(Component component);

}  // namespace tacos::plan
