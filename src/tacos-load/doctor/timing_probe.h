#pragma once

#include <cstdint>

#include "core/clock.h"
#include "core/result.h"
#include "measure/histogram.h"

namespace tacos::load {

struct ClockCost {
  double read_ns = 0;            // one reading, undisturbed
  core::Nanos smallest_step{0};  // the least by which two different readings differed
  bool steady = true;            // no reading was before the one before it
};

// What a thread that never sleeps loses: an interrupt, another program, the hypervisor.
struct StolenTime {
  core::Nanos longest_gap{0};
  double share = 0;  // of the time watched, spent in gaps
};

// Measures how well this machine keeps time for a thread that has to send at set moments. Each measurement ends after
// a bounded time whatever the machine does, and runs on the calling thread. Needs the steady clock.
class TimingProbe {
 public:
  explicit TimingProbe(const core::Clock& clock) : clock_(clock) {}

  ClockCost clock_cost() const;
  // How late an event loop's timer (timerfd and epoll, as the transports use) wakes a thread that asked to sleep 100 us
  // to 1 ms. Fails when the system gives no timer.
  core::Result<measure::Histogram> timer_lateness() const;
  StolenTime stolen_time() const;

 private:
  const core::Clock& clock_;
};

}  // namespace tacos::load
