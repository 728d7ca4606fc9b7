#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/clock.h"
#include "tacos-load/observe/figures.h"

namespace tacos::load {

// What one part of the system said while the load ran.
struct ObservedComponent {
  struct Sample {
    core::Nanos at{0};  // since the start of the run; before it: below 0
    Figures figures;
  };
  std::string name;
  std::string source;
  std::string kind;
  double limit_cores = 0;  // 0: not known
  std::vector<Sample> samples;
  std::uint64_t missed = 0;
  std::string last_fault;  // why the last sample is missing that is
};

}  // namespace tacos::load
