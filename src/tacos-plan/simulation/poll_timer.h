#pragma once

#include <algorithm>
#include <cstdint>

#include "core/random.h"
#include "tacos-plan/simulation/sale_parameters.h"

namespace tacos::plan {

// When a user who is told "waiting" asks again.
class PollTimer {
 public:
  PollTimer(const PollParameters& polling, double admission_rate_per_sec)
      : polling_(polling), sec_per_place_(polling.share_of_wait / admission_rate_per_sec) {}

  bool by_position() const { return polling_.kind == PollParameters::Kind::kByPosition; }

  // position is 1-based, and read only by_position().
  double next_sec(std::uint32_t position, core::Random& random) const {
    if (!by_position()) return jittered(polling_.interval_sec, random);
    // As the gateway does: the limits leave room for the jitter.
    const double most = polling_.longest_sec / (1 + polling_.jitter_share);
    const double least = std::min(polling_.shortest_sec / (1 - polling_.jitter_share), most);
    const double base = std::clamp(position * sec_per_place_, least, most);
    return std::clamp(jittered(base, random), polling_.shortest_sec, polling_.longest_sec);
  }

  double jittered(double interval_sec, core::Random& random) const {
    if (polling_.jitter_share <= 0) return interval_sec;
    return interval_sec * (1 + polling_.jitter_share * (2 * random.uniform() - 1));
  }

 private:
  PollParameters polling_;
  double sec_per_place_;
};

}  // namespace tacos::plan
