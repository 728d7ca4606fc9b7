#pragma once

#include <cstdint>
#include <string>

namespace tacos::plan {

// Hours of a month: 365 × 24 ÷ 12, what the provider's own calculator takes for a month that is not named.
inline constexpr double kHoursPerMonth = 730;

// Costs are computed in double USD and shown in whole cents. Every line is rounded by itself, half a cent upwards, and
// a total is the sum of the rounded lines, as on the provider's bills: what is shown adds up exactly, and the total is
// within half a cent a line of the exact sum. usd must be in [0, 1e12]. A product such as 0.0225 × 730 = 16.425 ends
// just below the half cent in binary; one part in 10^12 is added so that it is rounded as on paper.
std::int64_t to_cents(double usd);

// "$1,234.56".
std::string format_cents(std::int64_t cents);

}  // namespace tacos::plan
