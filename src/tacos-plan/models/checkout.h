#pragma once

namespace tacos::plan {

// Seconds until the last of n buyers has paid, when each takes an exponential time of mean m and a seat not paid within
// its hold h goes back and is offered to somebody else. The slowest of n takes m (ln n + γ) on average, γ = 0.5772…
// (Rényi, "On the theory of order statistics", 1953: the maximum of n exponentials is Σ m ÷ k over k = 1…n). While that
// is more than h, h passes, n e^(−h/m) seats come back, and their new buyers begin the same again: T(n) = h + T(n
// e^(−h/m)). n ≥ 0, m ≥ 0, h > 0; 0 without buyers or without a time to pay. What passes between a return and its next
// buyer's notice is not in it.
double last_checkout_seconds(double buyers, double mean_seconds, double hold_seconds);

}  // namespace tacos::plan
