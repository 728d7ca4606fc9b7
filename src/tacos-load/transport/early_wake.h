#pragma once

#include <chrono>

#include "core/clock.h"

namespace tacos::load {

// A thread that sleeps comes back late: a processor that has nothing to do goes to rest, and takes 20 to 100 us to
// wake (more in a virtual machine). That lateness would be send lag of every request of a low rate. So when the next
// thing is far off, the loop sleeps until a little before it and asks for the rest of the time without sleeping. At
// gaps of kLeastGap that is a sixth of a core; at smaller gaps the processor hardly rests, and it is not done.
struct EarlyWake {
  static constexpr core::Nanos kEarly = std::chrono::microseconds(100);
  static constexpr core::Nanos kLeastGap = std::chrono::microseconds(600);

  static bool pays(core::Instant due, core::Instant now) {
    return due != core::Instant::never() && due - now >= kLeastGap;
  }
};

}  // namespace tacos::load
