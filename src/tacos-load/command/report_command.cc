#include <unistd.h>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "report/run_files.h"
#include "report/stored_run.h"
#include "report/summary.h"
#include "report/terminal_traits.h"
#include "report/verdict.h"
#include "tacos-load/command/commands.h"

namespace tacos::load {
namespace {

// The run's own assembly, with other gates where some were given.
core::Result<report::Assembly> assembly_for(const report::StoredRun& run, const std::vector<std::string>& gates) {
  auto assembly = run.assembly();
  if (!assembly || gates.empty()) return assembly;
  assembly->gates.clear();
  for (const auto& expression : gates) {
    auto gate = report::Gate::parse(expression, run.step_names());
    if (!gate) return gate.error();
    assembly->gates.push_back(std::move(*gate));
  }
  return assembly;
}

}  // namespace

int run_report(const ReportCommand& command) {
  std::vector<report::StoredRun> runs;
  for (const auto& directory : command.directories) {
    auto run = report::read_run(directory);
    if (!run) return complain(run.error(), kBadCommand);
    runs.push_back(std::move(*run));
  }
  std::string directory = command.report_dir;
  if (directory.empty()) directory = runs.size() == 1 ? runs.front().directory : report::default_directory("merged");
  auto whole =
      runs.size() == 1 ? core::Result<report::StoredRun>(std::move(runs.front())) : report::merge_runs(std::move(runs));
  if (!whole) return complain(whole.error(), kBadCommand);
  const auto assembly = assembly_for(*whole, command.gates);
  if (!assembly) return complain(assembly.error(), kBadCommand);
  // What a part was invalid for is not in the merged record, so a verdict of that kind stays.
  const bool part_invalid = !whole->report.merged_from.empty() && whole->report.verdict == "invalid";
  if (!part_invalid) report::assemble(whole->record, *assembly, whole->report);

  const report::RunFiles files(directory);
  if (const auto ready = files.prepare(); !ready) return complain(ready.error(), kCouldNotRun);
  if (const auto written = files.write(whole->report, whole->record); !written)
    return complain(written.error(), kCouldNotRun);
  const std::size_t width = report::terminal_width(STDOUT_FILENO);
  fmt::print("{}{}", report::summary_text(whole->report, report::wants_colour(STDOUT_FILENO), width),
             report::files_text(files.directory(), width));
  return report::exit_code_of(whole->report.verdict);
}

}  // namespace tacos::load
