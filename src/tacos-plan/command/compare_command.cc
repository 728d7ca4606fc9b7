#include "tacos-plan/command/commands.h"
#include "tacos-plan/command/output.h"
#include "tacos-plan/command/prepared.h"
#include "tacos-plan/patterns/comparison.h"
#include "tacos-plan/patterns/comparison_document.h"
#include "tacos-plan/patterns/comparison_json.h"

namespace tacos::plan {

int run_compare(const CommandLine& command, const std::string& typed) {
  const auto prepared = prepare(command);
  if (!prepared) return report_fault(prepared.error().message, 2);
  const auto comparison = compare_patterns(prepared->plan, prepared->catalogues, command.seed);
  if (!comparison) return report_fault(comparison.error().message, 2);
  return write_output(command, comparison_document(*comparison, typed), comparison_json(*comparison));
}

}  // namespace tacos::plan
