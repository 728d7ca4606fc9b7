#pragma once

#include <memory>
#include <vector>

#include "core/clock.h"
#include "tacos-load/run/live_counts.h"
#include "tacos-load/schedule/rate_profile.h"

namespace tacos::load {

// One line a second while a run lasts: rewritten in place on a terminal, plain lines every five seconds in a pipe.
class Progress {
 public:
  Progress(const RateProfile& profile, bool terminal, bool quiet)
      : profile_(profile), terminal_(terminal), quiet_(quiet) {}

  void show(core::Nanos now, const std::vector<std::unique_ptr<LiveCounts>>& live);
  // Leaves the cursor on a line of its own.
  void finish() const;

 private:
  const RateProfile& profile_;
  bool terminal_;
  bool quiet_;
  std::uint64_t sent_before_ = 0;
};

}  // namespace tacos::load
