#include "tacos-plan/command/commands.h"
#include "tacos-plan/command/output.h"
#include "tacos-plan/command/prepared.h"
#include "tacos-plan/rehearsal/rehearsal.h"
#include "tacos-plan/rehearsal/sale_of_plan.h"
#include "tacos-plan/report/simulation_document.h"
#include "tacos-plan/report/simulation_json.h"

namespace tacos::plan {

int run_simulate(const CommandLine& command, const std::string& typed) {
  const auto rungs = read_rungs(command.rungs.empty() ? kUsualRungs : std::string_view(command.rungs));
  if (!rungs) return report_fault(rungs.error().message, 2);
  const auto prepared = prepare(command);
  if (!prepared) return report_fault(prepared.error().message, 2);
  const auto rehearsal = rehearse(prepared->plan, *rungs, command.seed);
  if (!rehearsal) return report_fault(rehearsal.error().message, 2);
  return write_output(command, simulation_document(*rehearsal, typed), simulation_json(*rehearsal));
}

}  // namespace tacos::plan
