#pragma once

#include <cstdint>
#include <vector>

#include "core/random.h"
#include "tacos-plan/simulation/sale_parameters.h"

namespace tacos::plan {

struct Arrival {
  double at_sec = 0;  // after the opening
  bool bot = false;
};

// The whole crowd in order of arrival, bots before people who come at the same moment. The times are independent draws
// from the shape's distribution, made in order (no sorting): for the ramp the n-th of N uniform numbers is the sum of
// the first n of N + 1 exponential gaps over the sum of all; for the decay each gap is exponential with mean
// spread ÷ (those still to come) (Rényi 1953).
std::vector<Arrival> draw_arrivals(const ArrivalParameters& parameters, core::Random& random);

}  // namespace tacos::plan
