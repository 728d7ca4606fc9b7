#include "report/junit.h"

#include <iterator>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "report/page/html_text.h"

namespace tacos::report {
namespace {

using measure::RunReport;

struct Cases {
  std::string xml;
  std::size_t count = 0;
  std::size_t failures = 0;
  std::size_t errors = 0;
};

// Nothing in a gate's case says how long it took, because all of them look at the same run.
void write_gates(std::string_view suite, const std::vector<RunReport::Gate>& gates, Cases& cases) {
  auto out = std::back_inserter(cases.xml);
  for (const auto& gate : gates) {
    ++cases.count;
    fmt::format_to(out, "    <testcase classname=\"{}\" name=\"{}\" time=\"0\"", escaped(suite),
                   escaped(gate.expression));
    if (gate.passed) {
      cases.xml += "/>\n";
      continue;
    }
    ++cases.failures;
    fmt::format_to(out, ">\n      <failure type=\"gate\" message=\"was {}, expected {}\"/>\n    </testcase>\n",
                   escaped(gate.value), escaped(gate.limit));
  }
}

void write_validity(std::string_view suite, const RunReport& report, Cases& cases) {
  ++cases.count;
  auto out = std::back_inserter(cases.xml);
  fmt::format_to(out, "    <testcase classname=\"{}\" name=\"the run is valid\" time=\"{:.3f}\"", escaped(suite),
                 report.duration_sec);
  if (report.verdict != "invalid") {
    cases.xml += "/>\n";
    return;
  }
  ++cases.errors;
  const std::string_view first = report.verdict_reasons.empty() ? std::string_view() : report.verdict_reasons.front();
  fmt::format_to(out, ">\n      <error type=\"invalid\" message=\"{}\">", escaped(first));
  for (const auto& reason : report.verdict_reasons) fmt::format_to(out, "{}\n", escaped(reason));
  cases.xml += "</error>\n    </testcase>\n";
}

}  // namespace

std::string junit_xml(const RunReport& report) {
  const std::string suite = "tacos-load." + (report.scenario.empty() ? "run" : report.scenario);
  Cases cases;
  write_validity(suite, report, cases);
  write_gates(suite, report.gates, cases);
  for (const auto& rung : report.rungs) write_gates(suite + "." + rung.name, rung.gates, cases);
  const std::string counts = fmt::format("tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"{:.3f}\"", cases.count,
                                         cases.failures, cases.errors, report.duration_sec);
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {}>\n  <testsuite name=\"{}\" {} skipped=\"0\" "
      "timestamp=\"{}\">\n{}  </testsuite>\n</testsuites>\n",
      counts, escaped(suite), counts, escaped(report.started_at), cases.xml);
}

}  // namespace tacos::report
