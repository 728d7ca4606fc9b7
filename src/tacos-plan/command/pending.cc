#include "tacos-plan/command/commands.h"
namespace tacos::plan {
int run_sensitivity(const CommandLine&, const std::string&) {
  return 2;
}
int run_scenario(const CommandLine&) {
  return 2;
}
int run_verify(const CommandLine&, const std::string&) {
  return 2;
}
int run_calibrate(const CommandLine&) {
  return 2;
}
int run_simulate(const CommandLine&, const std::string&) {
  return 2;
}
}  // namespace tacos::plan
