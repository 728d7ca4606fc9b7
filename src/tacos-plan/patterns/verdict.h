#pragma once

#include "tacos-plan/patterns/comparison.h"

namespace tacos::plan {

// Says of each pattern whether it holds and why not, and chooses. A pattern holds when nothing is oversold (less than
// half a seat is expected to be), no more users go without an answer than the plan's error_share, the answer comes
// within target_wait_sec for target_percentile of them, and of the pairs of one with and one without a seat at most
// kMostInversions are the wrong way round. Of those that hold, direct access is taken first, for it is the simplest,
// and also when all it lacks is a conditional write and nobody had to try twice; then the cheapest per month. When none
// holds: the one with the fewest users without an answer among those that never oversell.
void judge(Comparison& comparison);

inline constexpr double kMostInversions = 0.05;

}  // namespace tacos::plan
