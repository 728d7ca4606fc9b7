#pragma once

#include <cstdint>

#include "core/clock.h"
#include "core/result.h"
#include "measure/histogram.h"

namespace tacos::load {

// CPU time that one HTTP request cost, on each side of it.
struct RequestCost {
  std::uint64_t requests = 0;
  double client_cpu_us = 0;  // the generator's own transport
  double server_cpu_us = 0;  // a server that answers at once
};

// Measures what talking TCP and HTTP costs here, over 127.0.0.1 between this thread and one of its own. Each
// measurement ends after about a second. Needs the steady clock.
class LoopbackProbe {
 public:
  explicit LoopbackProbe(const core::Clock& clock) : clock_(clock) {}

  // One byte there and back over TCP, both ends blocking. Fails when 127.0.0.1 can't be used.
  core::Result<measure::Histogram> round_trips() const;
  // Requests flat out, on the transport that a run uses.
  core::Result<RequestCost> request_cost() const;

 private:
  const core::Clock& clock_;
};

}  // namespace tacos::load
