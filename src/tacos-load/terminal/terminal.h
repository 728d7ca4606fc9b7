#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "tacos-load/run/live_counts.h"
#include "tacos-load/run/preflight.h"
#include "tacos-load/scenario/scenario.h"
#include "tacos-load/schedule/rate_profile.h"
#include "tacos-load/terminal/live_snapshot.h"
#include "tacos-load/terminal/live_view.h"

namespace tacos::load {

WatchedRun watched_run(const Scenario& scenario, const ResourcePlan& resources);

// What is seen of a run while it lasts, on standard error: a view redrawn in place on a terminal, a line every five
// seconds in a pipe, nothing when quiet. One at a time; all but the signal function from one thread.
class Terminal {
 public:
  // stop is what the signal handler sets; it and the profile outlive this.
  Terminal(const RateProfile& profile, WatchedRun run, const std::atomic<bool>& stop, bool quiet);
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  // Once a second.
  void show(core::Nanos now, const std::vector<std::unique_ptr<LiveCounts>>& live);
  // Leaves the last view where it is and the cursor, visible, on a line of its own below it.
  void finish();

  // For a signal handler that ends the program: makes the cursor visible again. Async-signal-safe.
  static void restore_before_exit() noexcept;

 private:
  enum class Mode : std::uint8_t { kQuiet, kLines, kScreen };

  Screen measured_screen() const;
  void draw();
  void print_line();

  LiveView view_;
  LiveSampler sampler_;
  const std::atomic<bool>& stop_;
  Mode mode_ = Mode::kQuiet;
  bool unicode_ = true;
  bool colour_ = false;
  bool said_stopping_ = false;
  std::vector<std::size_t> drawn_;  // columns of each line that stands above the cursor
};

}  // namespace tacos::load
