#include "tacos-plan/models/poisson.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace tacos::plan {
namespace {

using core::fail;
using core::Result;

Result<void> check_mean(double mean) {
  if (mean >= 0 && mean <= kLargestPoissonMean) return {};
  return fail(fmt::format("mean of {} arrivals; it must be 0 to {}", mean, kLargestPoissonMean));
}

// The terms P(X = k) in order, from 20 standard deviations below the mean: what lies before adds less than 10⁻⁸⁰.
class PoissonTerms {
 public:
  explicit PoissonTerms(double mean) : mean_(mean), k_(std::max(0.0, std::floor(mean - 20 * std::sqrt(mean) - 20))) {
    term_ = mean == 0 ? 1 : std::exp(k_ * std::log(mean) - mean - std::lgamma(k_ + 1));
  }

  double k() const { return k_; }
  double term() const { return term_; }
  void advance() { term_ *= mean_ / ++k_; }

 private:
  double mean_;
  double k_;
  double term_ = 0;
};

}  // namespace

Result<double> poisson_at_most(double mean, std::uint64_t k) {
  if (auto ok = check_mean(mean); !ok) return ok.error();
  // As far above the mean as the terms start below it, nothing is left to add.
  const double last = std::min(static_cast<double>(k), mean + 20 * std::sqrt(mean) + 200);
  double sum = 0;
  for (PoissonTerms terms(mean); terms.k() <= last; terms.advance()) sum += terms.term();
  return std::min(1.0, sum);
}

Result<std::uint64_t> poisson_quantile(double mean, double share) {
  if (auto ok = check_mean(mean); !ok) return ok.error();
  if (!(share >= 0 && share <= 1 - 1e-9)) return fail(fmt::format("share is {}; it must be 0 to 1 - 1e-9", share));
  if (share == 0) return std::uint64_t{0};
  const double last = mean + 20 * std::sqrt(mean) + 200;
  PoissonTerms terms(mean);
  double sum = terms.term();
  while (sum < share && terms.k() < last) {
    terms.advance();
    sum += terms.term();
  }
  return static_cast<std::uint64_t>(terms.k());
}

}  // namespace tacos::plan
