#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "report/ladders/ladder_study.h"
#include "report/ladders/study_json.h"
#include "report/ladders/study_page.h"
#include "report/ladders/study_text.h"
#include "report/run_files.h"
#include "report/stored_run.h"
#include "report/terminal_traits.h"
#include "tacos-load/command/commands.h"

namespace tacos::load {
namespace {

constexpr std::size_t kLongestName = 32;  // what the charts and the table have room for

core::Result<report::Ladder> read_ladder(const std::string& typed) {
  const auto equals = typed.find('=');
  const std::string name = typed.substr(0, equals);
  if (equals == std::string::npos || name.empty() || name.size() > kLongestName || equals + 1 == typed.size()) {
    return core::fail(fmt::format(
        "'{}' is not a ladder: write NAME=DIR, a name of 1 to {} characters and the directory of its run, such as "
        "index=reports/runs/index",
        typed, kLongestName));
  }
  std::string directory = typed.substr(equals + 1);
  auto run = report::read_report(directory);
  if (!run) return run.error();
  return report::ladder_of(name, std::move(directory), std::move(*run));
}

std::string printed(const report::LadderStudy& study, const std::string& format) {
  if (format == "json") return report::study_json(study);
  if (format == "markdown") return report::study_markdown(study);
  return report::study_text(study, report::terminal_width(STDOUT_FILENO));
}

}  // namespace

int run_ladders(const LaddersCommand& command) {
  std::vector<report::Ladder> ladders;
  for (const auto& typed : command.ladders) {
    auto ladder = read_ladder(typed);
    if (!ladder) return complain(ladder.error(), kBadCommand);
    ladders.push_back(std::move(*ladder));
  }
  const auto study = report::study_ladders(std::move(ladders), command.title, command.notes);
  if (!study) return complain(study.error(), kBadCommand);
  if (!command.report_dir.empty()) {
    const report::RunFiles files(command.report_dir);
    if (const auto ready = files.prepare(); !ready) return complain(ready.error(), kCouldNotRun);
    for (const auto& [name, text] :
         {std::pair{"ladders.html", report::study_page(*study)}, std::pair{"ladders.json", report::study_json(*study)},
          std::pair{"ladders.md", report::study_markdown(*study)}}) {
      if (const auto written = files.write_file(name, text); !written) return complain(written.error(), kCouldNotRun);
    }
  }
  fmt::print("{}", printed(*study, command.format));
  if (!command.report_dir.empty() && command.format == "text") {
    fmt::print("\n  report    {}/ladders.html\n", command.report_dir);
  }
  return 0;
}

}  // namespace tacos::load
