#pragma once

#include <vector>

#include "tacos-plan/plan/catalogues.h"
#include "tacos-plan/plan/plan.h"

namespace tacos::plan {

// Default limits of the services used, beside what the sale needs of them. Those that bite come first.
std::vector<QuotaCheck> check_quotas(const Plan& plan, const Catalogues& catalogues);

// How often one user asks within the 5 min of an edge's rate rule, standing in line as long as the last one does.
double asks_in_firewall_window(const Plan& plan);

// Every component's use beside what it carries, the tightest first. What the plan buys as many of as it takes (pods,
// shards) is marked elastic: it never breaks by the plan's own size.
std::vector<Headroom> headroom_of(const Plan& plan, const Catalogues& catalogues);

// The tightest that can't be bought by the piece; null when there is none.
const Headroom* first_to_break(const std::vector<Headroom>& headroom);

}  // namespace tacos::plan
