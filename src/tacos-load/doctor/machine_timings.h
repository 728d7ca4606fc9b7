#pragma once

#include "core/clock.h"
#include "measure/histogram.h"
#include "tacos-load/doctor/loopback_probe.h"
#include "tacos-load/doctor/timing_probe.h"

namespace tacos::load {

struct Spread {
  core::Nanos p50{0};
  core::Nanos p99{0};
  core::Nanos max{0};

  Spread() = default;
  Spread(core::Nanos median, core::Nanos high, core::Nanos highest) : p50(median), p99(high), max(highest) {}
  explicit Spread(const measure::Histogram& of) : p50(of.percentile(50)), p99(of.percentile(99)), max(of.max()) {}
};

// Everything the doctor measured, as the assessment wants it.
struct MachineTimings {
  ClockCost clock;
  Spread timer_lateness;
  StolenTime stolen;
  Spread loopback;
  RequestCost request;
  double steal_share = 0;  // what the hypervisor took while all this was measured
};

}  // namespace tacos::load
