#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "core/clock.h"
#include "core/units.h"

namespace tacos::gateway {

// A token bucket: never more than rate × window + burst tokens in any window, on the clock whose instants it is given.
//
// Exact: credit is an integer count of 10⁻¹⁵ tokens, and a rate of r tokens/s adds r·10⁶ of them a nanosecond, so
// nothing drifts however often it is asked. Rates are rounded down to a millionth of a token a second. A change of the
// rate first credits the time before it at the old rate.
class AdmissionBucket {
 public:
  // Starts full at `now`, but empty with a rate of 0, which is to let nobody in. rate ≥ 0 and at most 10⁹/s; burst is
  // rounded down to whole tokens, 1 at least.
  AdmissionBucket(core::Rate rate, double burst, core::Instant now) : at_(now) {
    set(rate, burst, now);
    credit_ = micro_per_second_ == 0 ? 0 : capacity_;
  }

  void set(core::Rate rate, double burst, core::Instant now) {
    refill(now);
    rate_ = rate;
    micro_per_second_ = static_cast<std::uint64_t>(std::floor(std::clamp(rate.per_second(), 0.0, 1e9) * 1e6));
    capacity_ = static_cast<Wide>(std::clamp(std::floor(burst), 1.0, 1e9)) * kToken;
    // A rate of 0 is to let nobody in, not even the burst.
    credit_ = micro_per_second_ == 0 ? 0 : std::min(credit_, capacity_);
  }

  core::Rate rate() const { return rate_; }
  double burst() const { return static_cast<double>(static_cast<std::uint64_t>(capacity_ / kToken)); }

  // Whole tokens at `now`. Instants before the last one given add nothing.
  std::uint64_t available(core::Instant now) {
    refill(now);
    return static_cast<std::uint64_t>(credit_ / kToken);
  }

  // tokens ≤ what available() last said.
  void take(std::uint64_t tokens) { credit_ -= static_cast<Wide>(tokens) * kToken; }

 private:
  __extension__ using Wide = unsigned __int128;
  static constexpr Wide kToken = 1'000'000'000'000'000;

  void refill(core::Instant now) {
    if (now <= at_) return;
    const auto passed = static_cast<std::uint64_t>((now - at_).count());
    credit_ = std::min(capacity_, credit_ + static_cast<Wide>(passed) * micro_per_second_);
    at_ = now;
  }

  core::Rate rate_;
  std::uint64_t micro_per_second_ = 0;
  Wide capacity_ = 0;
  Wide credit_ = 0;
  core::Instant at_;
};

}  // namespace tacos::gateway
