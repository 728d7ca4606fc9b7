#pragma once

#include <cstdint>

#include "core/result.h"
#include "tacos-plan/patterns/pattern.h"
#include "tacos-plan/plan/plan.h"
#include "tacos-plan/simulation/wait_counts.h"

namespace tacos::plan {

// The plan's own sale, by simulate_sale: the line, admission and its end are played through; the gateway is taken as
// large as the plan makes it, so its load, and those of Redis and of what stands behind, are the plan's (how it scales
// is what the command simulate is for). A user has an answer when they know that it is their turn, or that it is sold
// out; their position they know from the answer to the join, at once. Choosing and paying, and holds that lapse, are
// not played: after the answer the four patterns are alike. Fails when the plan has a number that the simulation
// refuses.
core::Result<PatternRun> simulate_gateway(const Plan& plan, std::uint64_t seed);

// What is known of two groups' waits together. The mean and the longest are exact. The percentiles are read off the two
// groups' distributions, taken as straight between the percentiles that are known (0, p50, p90, p95, p99, longest).
WaitSummary together(const WaitSummary& a, const WaitSummary& b);

}  // namespace tacos::plan
