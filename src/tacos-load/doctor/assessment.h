#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tacos-load/doctor/capacity.h"
#include "tacos-load/doctor/machine_probe.h"
#include "tacos-load/doctor/machine_timings.h"

namespace tacos::load {

enum class Standing : std::uint8_t {
  kGood,     // the headline does not come near it, nor a connection for each of its users
  kLimited,  // the headline runs, with a limit in sight or a little less accuracy
  kPoor,     // the headline does not run, or its numbers are not to be trusted
};
std::string_view name_of(Standing standing);

// A line for a shell, and what it changes, where, and for how long.
struct Remedy {
  std::string command;
  std::string effect;
};

// One thing that was looked at.
struct Finding {
  std::string name;
  std::string value;
  Standing verdict = Standing::kGood;
  std::string why;               // it matters
  std::vector<Remedy> remedies;  // only where the verdict is not good and something can be done
};

struct Assessment {
  std::vector<Finding> findings;
  Capacity capacity;
};

// Pure: the same facts give the same findings.
Assessment assess(const MachineSurvey& machine, const MachineTimings& timings);

}  // namespace tacos::load
