#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tacos::plan {

// How long people waited, in seconds. All zero when nobody did.
struct WaitSummary {
  std::uint64_t count = 0;
  double mean_sec = 0;
  double p50_sec = 0;
  double p90_sec = 0;
  double p95_sec = 0;
  double p99_sec = 0;
  double max_sec = 0;
};

// Counts waits by the tick: percentiles are exact to a tick, and the order of counting doesn't matter.
class WaitCounts {
 public:
  void count(std::uint32_t ticks) {
    if (ticks >= counts_.size()) counts_.resize(ticks + ticks / 2 + 64);
    ++counts_[ticks];
  }

  // A percentile is the shortest wait that at least that share of the waits don't exceed.
  WaitSummary summary(double tick_sec) const;

 private:
  std::vector<std::uint32_t> counts_;
};

}  // namespace tacos::plan
