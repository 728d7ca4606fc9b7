#include "tacos-plan/models/checkout.h"

#include <cmath>
#include <numbers>

namespace tacos::plan {

double last_checkout_seconds(double buyers, double mean_seconds, double hold_seconds) {
  if (!(mean_seconds > 0) || !(hold_seconds > 0)) return 0;
  // A hold far below the mean time to pay hardly sells at all; the sum has to end somewhere.
  constexpr int kRounds = 1000;
  const double come_back = std::exp(-hold_seconds / mean_seconds);
  double passed = 0;
  for (int round = 0; round < kRounds && buyers >= 1; ++round) {
    const double slowest = mean_seconds * (std::log(buyers) + std::numbers::egamma);
    if (slowest <= hold_seconds) return passed + slowest;
    passed += hold_seconds;
    buyers *= come_back;
  }
  return passed;
}

}  // namespace tacos::plan
