#include "tacos-plan/simulation/wait_counts.h"

namespace tacos::plan {

WaitSummary WaitCounts::summary(double tick_sec) const {
  WaitSummary summary;
  double sum = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    summary.count += counts_[i];
    sum += static_cast<double>(i) * counts_[i];
  }
  if (summary.count == 0) return summary;
  const auto total = static_cast<double>(summary.count);
  summary.mean_sec = sum / total * tick_sec;
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] == 0) continue;
    const auto before = static_cast<double>(seen);
    seen += counts_[i];
    const double wait_sec = static_cast<double>(i) * tick_sec;
    // The first wait at which the count reaches the share sets it.
    const auto settle = [&](double share, double& percentile) {
      if (before < share * total && static_cast<double>(seen) >= share * total) percentile = wait_sec;
    };
    settle(0.5, summary.p50_sec);
    settle(0.9, summary.p90_sec);
    settle(0.95, summary.p95_sec);
    settle(0.99, summary.p99_sec);
    summary.max_sec = wait_sec;
  }
  return summary;
}

}  // namespace tacos::plan
