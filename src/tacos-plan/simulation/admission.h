#pragma once

#include <algorithm>
#include <cstdint>

namespace tacos::plan {

// The token bucket that paces calling people in: it fills at `rate_per_sec` to at most `burst`, and is full at the
// opening, so that any window of w seconds sees at most rate × w + burst admissions. Time is handed in as elapsed
// seconds. Thread rule: none.
class AdmissionBucket {
 public:
  AdmissionBucket(double rate_per_sec, double burst) : rate_per_sec_(rate_per_sec), burst_(burst), tokens_(burst) {}

  void pass(double seconds) { tokens_ = std::min(burst_, tokens_ + rate_per_sec_ * seconds); }

  // Takes as many whole tokens as there are, at most `wanted`.
  std::uint32_t take(std::uint32_t wanted) {
    // A millionth forgives what adding tenths and hundredths leaves out, so that a token is not a tick late for it.
    const auto taken = static_cast<std::uint32_t>(std::min(tokens_ + 1e-6, static_cast<double>(wanted)));
    tokens_ -= taken;  // what was forgiven is owed
    return taken;
  }

 private:
  double rate_per_sec_;
  double burst_;
  double tokens_;
};

}  // namespace tacos::plan
