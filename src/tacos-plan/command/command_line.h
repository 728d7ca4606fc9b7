#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/result.h"
#include "tacos-plan/demand/plan_inputs.h"

namespace tacos::plan {

// What was typed, before it is understood.
struct CommandLine {
  enum class Command : std::uint8_t {
    kPlan,
    kSimulate,
    kCompare,
    kSensitivity,
    kCalibrate,
    kVerify,
    kScenario,
    kAssumptions
  };
  Command command = Command::kPlan;

  // The inputs, in the order in which the later wins over the earlier: profile, files, flags.
  std::vector<std::string> input_files;
  std::vector<std::pair<Quantity, std::string>> quantities;
  std::vector<std::pair<std::string, std::string>> choices;
  std::string prices_file;

  std::string format = "text";
  std::string out;  // a file; empty: standard output
  bool details = false;

  std::uint64_t seed = 1;            // simulate, compare
  std::string rungs;                 // simulate: "1k,5k,10k"
  std::vector<std::string> reports;  // verify, calibrate: report.json files or the directories they are in
  std::string ramp;                  // scenario: how long the climb takes
  std::string hold;                  // scenario: how long the top is held
  double vary = 0.2;                 // sensitivity
};

struct Parsed {
  std::optional<CommandLine> command;  // or:
  std::string output;                  // help to standard output (exit_code 0), a fault to standard error
  int exit_code = 0;
};

// Reads no file and judges no value: that is what inputs_of and the commands do.
Parsed parse_command_line(int argc, const char* const* argv);

// The defaults, the profile, the files and the flags together. The error's message is for exit code 2.
core::Result<PlanInputs> inputs_of(const CommandLine& command);

}  // namespace tacos::plan
