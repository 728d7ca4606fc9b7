#include <unistd.h>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/units.h"
#include "report/comparison/comparison.h"
#include "report/comparison/comparison_json.h"
#include "report/comparison/comparison_page.h"
#include "report/comparison/comparison_text.h"
#include "report/run_files.h"
#include "report/stored_run.h"
#include "report/terminal_traits.h"
#include "tacos-load/command/commands.h"

namespace tacos::load {
namespace {

core::Result<report::ComparedSide> read_side(const std::vector<std::string>& directories) {
  std::vector<report::ComparedRun> runs;
  for (const auto& directory : directories) {
    auto stored = report::read_run(directory);
    if (!stored) return stored.error();
    const core::Nanos from = core::from_seconds(stored->report.warmup_sec);
    runs.push_back({stored->directory, std::move(stored->report), std::move(stored->record), from, core::Nanos::max()});
  }
  return report::ComparedSide(std::move(runs));
}

}  // namespace

int run_compare(const CompareCommand& command) {
  auto baseline = read_side(command.baseline);
  if (!baseline) return complain(baseline.error(), kBadCommand);
  auto candidate = read_side(command.candidate);
  if (!candidate) return complain(candidate.error(), kBadCommand);
  report::ComparisonRequest request{std::move(*baseline), std::move(*candidate), {}, command.allow_invalid};
  const auto steps = report::steps_of(request.baseline, request.candidate);
  for (const auto& text : command.limits) {
    auto limit = report::RegressionLimit::parse(text, steps);
    if (!limit) return complain(limit.error(), kBadCommand);
    request.limits.push_back(std::move(*limit));
  }
  const auto comparison = report::compare(std::move(request));
  const bool colour = report::wants_colour(STDOUT_FILENO);
  fmt::print("{}", command.format == "json" ? report::comparison_json(comparison)
                                            : report::comparison_text(comparison, colour));
  if (!command.report_dir.empty()) {
    const report::RunFiles files(command.report_dir);
    if (const auto ready = files.prepare(); !ready) return complain(ready.error(), kCouldNotRun);
    for (const auto& [name, text] : {std::pair{"comparison.html", report::comparison_page(comparison)},
                                     std::pair{"comparison.json", report::comparison_json(comparison)}}) {
      if (const auto written = files.write_file(name, text); !written) return complain(written.error(), kCouldNotRun);
    }
    if (command.format == "text") fmt::print("\n  report    {}/comparison.html\n", command.report_dir);
  }
  return report::exit_code_of(comparison);
}

}  // namespace tacos::load
