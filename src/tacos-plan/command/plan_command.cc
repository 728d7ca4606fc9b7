#include "tacos-plan/command/commands.h"
#include "tacos-plan/command/output.h"
#include "tacos-plan/command/prepared.h"
#include "tacos-plan/report/assumptions_document.h"
#include "tacos-plan/report/plan_document.h"
#include "tacos-plan/report/plan_json.h"

namespace tacos::plan {

int run_plan(const CommandLine& command, const std::string& typed) {
  const auto prepared = prepare(command);
  if (!prepared) return report_fault(prepared.error().message, 2);
  return write_output(command, plan_document(prepared->plan, typed), plan_json(prepared->plan));
}

int run_assumptions(const CommandLine& command, const std::string& typed) {
  const auto inputs = inputs_of(command);
  if (!inputs) return report_fault(inputs.error().message, 2);
  return write_output(command, assumptions_document(*inputs, typed), assumptions_json(*inputs));
}

}  // namespace tacos::plan
