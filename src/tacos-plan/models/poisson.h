#pragma once

#include <cstdint>

#include "core/result.h"

namespace tacos::plan {

// Arrivals in a window when they come independently of each other: P(X = k) = e^(−m) mᵏ/k!, m = rate × window, the mean
// number. Summed term by term from where the terms begin to count: right to about 10 digits at a mean of 1,000, 7 at a
// million, 4 at kLargestPoissonMean. Fails outside that range. Source: Feller, An Introduction to Probability Theory I
// (3rd ed.), section VI.5.
constexpr double kLargestPoissonMean = 1e9;

// P(X ≤ k).
core::Result<double> poisson_at_most(double mean, std::uint64_t k);
// The fewest k with P(X ≤ k) ≥ share, 0 ≤ share ≤ 1 − 10⁻⁹: the room that keeps a window from overflowing that often.
core::Result<std::uint64_t> poisson_quantile(double mean, double share);

}  // namespace tacos::plan
