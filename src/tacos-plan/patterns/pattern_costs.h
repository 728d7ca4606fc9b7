#pragma once

#include "tacos-plan/patterns/pattern.h"
#include "tacos-plan/plan/plan.h"
#include "tacos-plan/prices/price_catalogue.h"

namespace tacos::plan {

// What the pattern costs: lines per event and per month, in cents, with their sums. The gateway's is the plan's own.
//
// Counted in each: its front, its functions and queues, its store, traffic out, the page at the edge, logs, operators'
// access. Counted in none: the servers of the reservation, inventory and payment APIs, which the first three patterns
// need alike and serverless replaces by functions. Requests that API Gateway throttles are taken as not billed.
CostPlan pattern_cost(const PatternResult& result, const Plan& plan, const PriceCatalogue& prices);

}  // namespace tacos::plan
