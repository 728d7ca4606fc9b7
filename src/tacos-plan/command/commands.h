#pragma once

#include <string>

#include "tacos-plan/command/command_line.h"

namespace tacos::plan {

// One function a command: reads what it needs, works it out, writes it. `typed` is the command line as a shell would
// read it. Returns the exit code.
int run_plan(const CommandLine& command, const std::string& typed);
int run_assumptions(const CommandLine& command, const std::string& typed);
int run_sensitivity(const CommandLine& command, const std::string& typed);
int run_scenario(const CommandLine& command);
int run_verify(const CommandLine& command, const std::string& typed);
int run_calibrate(const CommandLine& command, const std::string& typed);
int run_simulate(const CommandLine& command, const std::string& typed);
int run_compare(const CommandLine& command, const std::string& typed);

}  // namespace tacos::plan
