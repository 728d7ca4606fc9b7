#pragma once

#include <cstdint>

#include "core/result.h"

namespace tacos::plan {

// Attempts per request when each attempt fails with probability p, independently, and a failure is tried again up to r
// times: Σ pⁱ, i = 0…r = (1 − p^(r+1))/(1 − p), r + 1 at p = 1. Fails unless 0 ≤ p ≤ 1. Source: geometric series;
// layers multiply, as in Google, Site Reliability Engineering (2016), chapter 22.
core::Result<double> retry_amplification(double failure_share, std::uint32_t most_retries);

// λ × amplification, attempts per second. λ ≥ 0, finite.
core::Result<double> load_with_retries(double requests_per_sec, double failure_share, std::uint32_t most_retries);

// A service that answers `capacity_per_sec` attempts a second and fails the rest, whose callers try again.
struct RetryingService {
  double requests_per_sec = 0;     // λ, first attempts
  double capacity_per_sec = 0;     // C
  std::uint32_t most_retries = 0;  // r
  double base_failure_share = 0;   // p₀: fails for other reasons than load
  double failed_attempt_cost = 0;  // q: work of an attempt that fails, as a share of one that is answered
};

enum class RetryOutcome {
  kHealthy,     // the only equilibrium lies within the capacity
  kMetastable,  // within the capacity, but once pushed beyond it retries keep it there
  kOverloaded,  // every equilibrium lies beyond the capacity
};

struct RetryEquilibrium {
  RetryOutcome outcome = RetryOutcome::kHealthy;
  // Attempts per second, share of attempts that fail, and requests per second answered in the end: where a service that
  // starts idle settles, and where one that has been flooded settles. The same unless metastable.
  double attempts_per_sec = 0;
  double failure_share = 0;
  double answered_per_sec = 0;
  double flooded_attempts_per_sec = 0;
  double flooded_failure_share = 0;
  double flooded_answered_per_sec = 0;
};

// Fixed points of L = λ Σ f(L)ⁱ, i = 0…r. With s(L) the attempts answered, s + q(L − s) = C beyond the capacity, so
// s = max(0, (C − qL)/(1 − q)), s = L within it, and f = 1 − (1 − p₀) s/L. The map rises with L, so repeating it from λ
// climbs to the least fixed point and from (r + 1)λ falls to the greatest. At q = 0 and p₀ = 0 there is one only, with
// f^(r+1) = 1 − C/λ when λ > C; work lost on failures (q > 0) is what makes a second, beyond the capacity, at λ < C.
// Fails unless λ ≥ 0, C > 0, 0 ≤ p₀ < 1, 0 ≤ q < 1, all finite, and r ≤ 1,000.
// Source: own model of the sustaining effect in Bronson, Aghayev, Charapko, Zhu, "Metastable failures in distributed
// systems", HotOS 2021.
core::Result<RetryEquilibrium> retry_equilibrium(const RetryingService& service);

}  // namespace tacos::plan
