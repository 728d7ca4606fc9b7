#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "tacos-load/schedule/rate_profile.h"
#include "tacos-load/terminal/live_snapshot.h"
#include "tacos-load/terminal/painted_line.h"

namespace tacos::load {

// What of a run stays the same while it is watched.
struct WatchedRun {
  std::string scenario;
  std::string target;
  std::uint32_t connections = 0;
  core::Nanos dispatch_lag_limit = std::chrono::milliseconds(10);
  bool schedules_users = false;  // the profile's arrivals are users; requests follow from what they do
};

enum class RunPhase : std::uint8_t { kRunning, kStopping, kEnded, kStoppedEarly };

constexpr bool is_over(RunPhase phase) {
  return phase == RunPhase::kEnded || phase == RunPhase::kStoppedEarly;
}

// The view a person leaves open while a run lasts: pure text from the last five minutes of snapshots. Whoever owns the
// screen puts the lines on it. One thread; the profile outlives the view.
class LiveView {
 public:
  static constexpr std::size_t kLongestHistory = 300;
  // On less than this there is one line.
  static constexpr std::size_t kLeastWidth = 40;
  static constexpr std::size_t kLeastHeight = 10;

  LiveView(const RateProfile& profile, WatchedRun run) : profile_(profile), run_(std::move(run)) {}

  void add(const LiveSnapshot& snapshot);
  void enter(RunPhase phase) { phase_ = phase; }

  // None wider than the screen, and one fewer than it is high: the cursor rests below them. None before there is a
  // snapshot.
  std::vector<std::string> lines(const Screen& screen) const;

  // The last snapshot on one line, for a pipe.
  std::string plain() const;

 private:
  struct Row;
  class Frame;

  const RateProfile& profile_;
  WatchedRun run_;
  RunPhase phase_ = RunPhase::kRunning;
  std::deque<LiveSnapshot> history_;
};

}  // namespace tacos::load
