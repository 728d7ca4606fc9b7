#pragma once

#include <span>
#include <string>

#include "core/result.h"

namespace tacos::plan {

// The Universal Scalability Law: X(N) = γN / (1 + σ(N − 1) + κN(N − 1)), throughput at concurrency N (clients, threads,
// nodes; N > 0), γ throughput at N = 1, σ ≥ 0 the share that is serialized (contention), κ ≥ 0 the cost of agreeing
// (coherency). σ = κ = 0 is linear, κ = 0 Amdahl's law. Source: N. J. Gunther, Guerrilla Capacity Planning (2007),
// chapters 4 and 5 (α, β there); "A general theory of computational scalability based on rational functions",
// arXiv:0808.1431 (2008).
struct ScalabilityLaw {
  double throughput_of_one = 0;  // γ
  double contention = 0;         // σ
  double coherency = 0;          // κ
};

// X(N).
double usl_throughput(const ScalabilityLaw& law, double concurrency);

// N* = √((1 − σ)/κ), at least 1: more concurrency than this lowers the throughput. Fails at κ = 0, where it never
// falls, and on negative or non-finite coefficients. Source: as above.
core::Result<double> usl_peak_concurrency(const ScalabilityLaw& law);
// X(N*). At κ = 0 and σ > 0 the limit γ/σ for ever more clients; fails when both are 0, for that has no limit.
core::Result<double> usl_most_throughput(const ScalabilityLaw& law);

struct ScalabilityPoint {
  double concurrency = 0;
  double throughput = 0;
};

struct ScalabilityFit {
  ScalabilityLaw law;
  double r_squared = 0;       // 1 − Σ(x − X)²/Σ(x − mean x)²
  double residual_error = 0;  // √(Σ(x − X)²/(points − coefficients fitted)), in units of throughput
  // Of each coefficient, from (JᵀJ)⁻¹ at the fit, as any least squares program prints them; 0 for one held at 0.
  ScalabilityLaw standard_error;
  // The best fit had a negative coefficient, which means nothing; it was held at 0 and the others fitted again. Then
  // `unconstrained` is what was refused and `note` says so, for the report. Superlinear scaling and too short a range
  // of N both look like this.
  bool constrained = false;
  ScalabilityLaw unconstrained;
  std::string note;
};

// Least squares on X, all three coefficients free within σ, κ ≥ 0 (Levenberg-Marquardt, Marquardt 1963, started at the
// linear fit of N/X on N − 1 and N(N − 1)). Needs kFewestPoints points; 6 and more are better, and they must span
// the bend. Fails, naming the point, on values that are not finite and above 0, on fewer than 3 different N, and on
// throughputs that no law fits. Source: Gunther 2007, section 5.7.
constexpr std::size_t kFewestPoints = 4;
core::Result<ScalabilityFit> fit_usl(std::span<const ScalabilityPoint> points);

}  // namespace tacos::plan
