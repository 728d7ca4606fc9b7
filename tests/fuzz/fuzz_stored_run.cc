// A run's files may come from anywhere: report.json, a NUL, latency.hlog. What can be read can be rendered, in every
// form, and merged with itself.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "report/junit.h"
#include "report/markdown.h"
#include "report/page/html_page.h"
#include "report/run_files.h"
#include "report/stored_run.h"
#include "report/summary.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tacos;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t end = text.find('\0');
  const auto log = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  auto run = report::parse_run("run", text.substr(0, end), log);
  if (!run) {
    if (run.error().message.empty()) std::abort();
    return 0;
  }
  const auto assembly = run->assembly();
  if (!assembly) return 0;
  report::assemble(run->record, *assembly, run->report);
  if (report::html_page(run->report, run->record).find("</html>") == std::string::npos) std::abort();
  if (report::summary_text(run->report, true).empty() || report::summary_markdown(run->report).empty()) std::abort();
  if (report::junit_xml(run->report).empty() || report::intervals_csv(run->report).empty()) std::abort();
  const auto merged = report::merge_runs({*run, *run});
  if (merged && merged->report.rate.scheduled != 2 * run->report.rate.scheduled) std::abort();
  // What was rendered is read again.
  if (!measure::report_from_json(measure::to_json(run->report))) std::abort();
  return 0;
}
