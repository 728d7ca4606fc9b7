#pragma once

#include <string>
#include <vector>

#include "core/clock.h"
#include "core/units.h"

namespace tacos::load {

// A stretch of the plan over which the rate changes linearly (constant when both ends are equal).
struct RateStage {
  std::string name;
  core::Rate from;
  core::Rate to;
  core::Nanos duration{0};
  bool warmup = false;  // kept out of percentiles and gates, still counted
  bool rung = false;    // judged by itself, with a verdict of its own
};

// The planned rate λ(t), piecewise linear, and its integral Λ(t) = ∫₀ᵗ λ: how many arrivals are due by t. Pure
// arithmetic: no clock in here. Where two stages meet the rate may jump; λ is taken from the later one.
//
// Within a stage of initial rate r and slope k, with m arrivals due since its start (m ≥ 0):
//   Λ(t) = r·t + k·t²/2        Λ⁻¹(m) = 2m / (r + √(r² + 2km))
// The second form of the quadratic's root is the one that does not cancel when k is small or negative.
class RateProfile {
 public:
  RateProfile() = default;
  // Stages of no duration are dropped. Rates are finite and not negative (the scenario reader sees to it).
  explicit RateProfile(std::vector<RateStage> stages);

  core::Nanos duration() const { return duration_; }
  double total_arrivals() const { return total_; }
  double peak_per_second() const;

  double rate_at(core::Nanos t) const;      // per second; 0 outside [0, duration)
  double arrivals_by(core::Nanos t) const;  // Λ(t); constant outside [0, duration]
  core::Nanos when(double arrivals) const;  // Λ⁻¹; duration() for arrivals ≥ total_arrivals()

  const std::vector<RateStage>& stages() const { return stages_; }
  core::Nanos stage_start(std::size_t stage) const { return starts_[stage].time; }

 private:
  struct Start {
    core::Nanos time{0};
    double arrivals = 0;
  };
  std::size_t stage_of(core::Nanos t) const;

  std::vector<RateStage> stages_;
  std::vector<Start> starts_;
  core::Nanos duration_{0};
  double total_ = 0;
};

}  // namespace tacos::load
