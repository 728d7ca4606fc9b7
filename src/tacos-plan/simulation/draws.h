#pragma once

#include <cstdint>

#include "core/random.h"

namespace tacos::plan {

// A number from the exponential distribution of mean 1, by comparisons alone (von Neumann 1951, "Various techniques
// used in connection with random digits"): the logarithm of a math library may differ in its last bit from one platform
// to the next, and then a seed would not mean the same sale everywhere.
//
// The length n of the falling run that starts at x has P(n odd) = 1 − x + x²/2 − … = e^−x, so x is kept when n is odd;
// else the whole part grows by one and the draw begins again. On average 4.3 uniform numbers.
inline double draw_exponential(core::Random& random) {
  for (double whole = 0;; whole += 1) {
    const double first = random.uniform();
    double last = first;
    std::uint32_t length = 1;
    for (double next = random.uniform(); next <= last; next = random.uniform()) {
      last = next;
      ++length;
    }
    if (length % 2 == 1) return whole + first;
  }
}

// True with the given probability. Certain answers cost no draw.
inline bool draw_chance(core::Random& random, double share) {
  if (share <= 0) return false;
  return share >= 1 || random.uniform() < share;
}

}  // namespace tacos::plan
