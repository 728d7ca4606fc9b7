#include <string>

#include <fmt/format.h>

#include "tacos-plan/command/commands.h"

namespace {

using namespace tacos::plan;

// As a shell would read it back.
std::string joined(int argc, char** argv) {
  std::string command = "tacos-plan";
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    command += word.find_first_of(" '\"<>|&;()") == std::string::npos ? " " + word : " '" + word + "'";
  }
  return command;
}

int run(const CommandLine& command, const std::string& typed) {
  switch (command.command) {
    case CommandLine::Command::kPlan:
      return run_plan(command, typed);
    case CommandLine::Command::kSimulate:
      return run_simulate(command, typed);
    case CommandLine::Command::kCompare:
      return run_compare(command, typed);
    case CommandLine::Command::kSensitivity:
      return run_sensitivity(command, typed);
    case CommandLine::Command::kCalibrate:
      return run_calibrate(command, typed);
    case CommandLine::Command::kVerify:
      return run_verify(command, typed);
    case CommandLine::Command::kScenario:
      return run_scenario(command);
    case CommandLine::Command::kAssumptions:
      return run_assumptions(command, typed);
  }
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  const auto parsed = parse_command_line(argc, argv);
  if (!parsed.command) {
    fmt::print(parsed.exit_code == 0 ? stdout : stderr, "{}", parsed.output);
    return parsed.exit_code;
  }
  return run(*parsed.command, joined(argc, argv));
}
