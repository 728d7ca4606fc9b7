#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/clock.h"
#include "measure/sample.h"
#include "measure/user_state.h"
#include "tacos-load/run/live_counts.h"

namespace tacos::load {

// A run at one moment, all workers together.
struct LiveSnapshot {
  core::Nanos at{0};  // since the start of the schedule
  std::uint64_t scheduled = 0, sent = 0, answered = 0;
  std::array<std::uint64_t, measure::kOutcomeCount> outcomes{};
  measure::UserStates users{};
  std::uint64_t backlog = 0;
  // Of the worst worker, over its last whole second. 0: no answer yet.
  core::Nanos response_p50{0}, response_p99{0}, dispatch_lag_p99{0};
  // Since the snapshot before.
  double scheduled_per_second = 0, sent_per_second = 0;
  std::array<double, measure::kOutcomeCount> outcomes_per_second{};
  double busiest_worker_cpu_share = 0;  // of one core

  std::uint64_t ended() const;   // with whatever outcome
  std::uint64_t errors() const;  // with any but ok
};

// Takes the snapshots of a run, one after the other, and keeps what the differences need. One thread.
class LiveSampler {
 public:
  LiveSnapshot take(core::Nanos now, const std::vector<std::unique_ptr<LiveCounts>>& live);

 private:
  LiveSnapshot before_{};
  std::vector<std::uint64_t> cpu_ns_before_;  // per worker
};

}  // namespace tacos::load
