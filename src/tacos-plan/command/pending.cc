#include "tacos-plan/command/commands.h"
namespace tacos::plan {
int run_simulate(const CommandLine&, const std::string&) {
  return 2;
}
}  // namespace tacos::plan
