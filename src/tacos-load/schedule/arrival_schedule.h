#pragma once

#include <cstdint>
#include <optional>

#include "core/clock.h"
#include "tacos-load/schedule/rate_profile.h"

namespace tacos::load {

enum class Spacing : std::uint8_t {
  kEven,     // arrival n exactly when Λ(t) = n: every second gets its planned count, to within one
  kPoisson,  // independent arrivals at rate λ(t), as a crowd of strangers makes them
};

// When each arrival of a run is due, settled before anything is sent: a pure function of the profile, the spacing and
// the seed. Workers share one schedule and each takes every workers-th arrival, so that the run as a whole has the same
// arrivals for any number of workers.
//
// Poisson: a unit-rate process in "arrivals due" (gaps of −ln(1 − u), u uniform) mapped through Λ⁻¹ (the time-change
// theorem for inhomogeneous Poisson processes; Çinlar 1975, Introduction to Stochastic Processes, 4.7).
class ArrivalSchedule {
 public:
  ArrivalSchedule(RateProfile profile, Spacing spacing, std::uint64_t seed)
      : profile_(std::move(profile)), spacing_(spacing), seed_(seed) {}

  const RateProfile& profile() const { return profile_; }
  Spacing spacing() const { return spacing_; }

  // Walks one worker's arrivals in time order. Reads the schedule it came from, which must outlive it.
  class Cursor {
   public:
    // The offset of this worker's next arrival from the start of the run, or nothing after the last. Does not move.
    std::optional<core::Nanos> peek() const { return next_; }
    void pop();

   private:
    friend class ArrivalSchedule;
    Cursor(const ArrivalSchedule& schedule, std::uint32_t worker, std::uint32_t workers);
    void step();

    const ArrivalSchedule* schedule_;
    std::uint32_t workers_;
    std::uint64_t index_ = 0;  // of the arrival that the next step() settles, among all workers'
    double due_ = 0;           // Λ at that arrival
    std::optional<core::Nanos> next_;
  };

  // worker is 0 to workers - 1.
  Cursor cursor(std::uint32_t worker, std::uint32_t workers) const { return Cursor(*this, worker, workers); }

 private:
  RateProfile profile_;
  Spacing spacing_;
  std::uint64_t seed_;
};

}  // namespace tacos::load
