#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "tacos-load/scenario/scenario.h"

namespace tacos::load {

// What the machine allows, read once before a run.
struct MachineFacts {
  std::uint32_t cpus = 1;
  std::uint64_t fd_limit = 1024;     // soft limit, after it was raised to the hard one
  std::uint32_t first_port = 32768;  // net.ipv4.ip_local_port_range
  std::uint32_t last_port = 60999;
  std::string kernel;
};

// Raises the soft descriptor limit to the hard one (no privilege needed) and reads the rest.
MachineFacts read_machine();

// How the run uses the machine, settled from the scenario and the facts.
struct ResourcePlan {
  std::uint32_t workers = 1;
  std::uint32_t connections = 1;  // of all workers together, at least one each
  std::string source_addresses;
  Engine engine = Engine::kAsio;
  std::vector<std::string> adapted;  // what was chosen differently from what was asked, or needs saying; for the report
};

// Pure. Fails where the wish can't be met at all: more connections than descriptors when they were asked for by number,
// an engine that can't do what the scenario needs.
core::Result<ResourcePlan> plan_resources(const Scenario& scenario, const MachineFacts& machine,
                                          bool target_is_loopback);

}  // namespace tacos::load
