#include "report/summary.h"

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/text_columns.h"
#include "report/markdown.h"
#include "unit/report/sample_report.h"

namespace tacos::report {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// The headline run: seven steps, each with large numbers, a few of them failed.
measure::RunReport headline_report() {
  auto report = sample_report();
  report.scenario = "ticket-open";
  report.rungs.clear();
  const auto step = report.steps[1].second;
  report.steps.clear();
  for (const char* name : {"join", "status", "enter", "reserve", "pay_intent", "pay_process", "confirm"}) {
    report.steps.emplace_back(name, step);
    report.steps.back().second.count = 9'300'000;
    report.steps.back().second.outcomes[2] = 12'345;
  }
  report.gates = {{"p99 < 50ms", "4.00 ms", "< 50 ms", true}, {"errors < 1%", "0.07 %", "< 1 %", true}};
  report.rate = {30'000, 29'999, 9'300'000, 9'300'000, 9'299'000};
  report.outcomes = {9'299'000, 0, 1000};
  report.users.sold_out = report.users.admitted = report.users.entered = 123'456;
  report.users.abandoned = 1234;
  report.users.time_to_admission_ms.p50 = 12'345;
  return report;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TEST(SummaryText, SaysTheVerdictWhyAndTheNumbersBehindIt) {
  const std::string text = summary_text(sample_report(), false);
  EXPECT_THAT(text, StartsWith("\nFAILED  ladder against http://127.0.0.1:8080, 30 s\n"));
  EXPECT_THAT(text, HasSubstr("  - at 2k: p99(status) < 5ms does not hold: it was 7.00 ms\n"));
  EXPECT_THAT(text, HasSubstr("1,499 of 1,500/s; 30,000 due = 29,980 ok + 20 timeout\n"));
  EXPECT_THAT(text, HasSubstr("12,345 of 300,000 joined"));
  EXPECT_THAT(text, HasSubstr("1 overtaken"));
  EXPECT_THAT(text, HasSubstr("note      20,000 descriptors"));
}

TEST(SummaryText, OfTheHeadlineRunFitsAScreenWithItsFiles) {
  auto report = headline_report();
  report.components.clear();  // whoever has parts watched wants to read more
  const auto lines = lines_of(summary_text(report, false) + files_text("reports/runs/ticket-open-1"));
  for (const auto& line : lines) EXPECT_LE(core::columns_of(line), 80u) << line;
  EXPECT_LE(lines.size(), 24u) << summary_text(report, false);
}

TEST(SummaryText, IsNeverWiderThanTheScreen) {
  auto report = headline_report();
  report.scenario = std::string(150, 's');
  report.rungs = sample_report().rungs;
  report.rungs[0].name = std::string(150, 'r');
  report.gates[0].expression = std::string(150, 'g');
  report.verdict_reasons[0] = std::string(150, 'v');
  for (std::size_t width = 20; width <= 200; ++width) {
    for (const auto& line : lines_of(summary_text(report, false, width))) {
      EXPECT_LE(core::columns_of(line), width) << line;
    }
  }
}

TEST(SummaryText, OnANarrowScreenKeepsNameCountAndTheTwoPercentilesThatMatter) {
  const std::string text = summary_text(headline_report(), false, 45);
  EXPECT_THAT(text, HasSubstr("response ms   requests    p50    p99"));
  EXPECT_THAT(text, Not(HasSubstr("p90")));
}

TEST(SummaryText, HasAColumnOfErrorsOnlyWhereThereAreSome) {
  EXPECT_THAT(summary_text(headline_report(), false), HasSubstr(" errors "));
  EXPECT_THAT(summary_text(headline_report(), false), HasSubstr(" 12,345 "));
}

TEST(SummaryText, NamesTheWorstStepOfARung) {
  auto report = sample_report();
  auto worse = report.rungs[1].steps[0].second;
  worse.count = 1;
  worse.response_time_ms.p99 = 77;
  report.rungs[1].steps.emplace_back("confirm", worse);
  EXPECT_THAT(summary_text(report, false), HasSubstr("77.0      confirm    failed\n"));
}

TEST(FilesText, SaysWhereTheReportIsAndWhatLiesBesideIt) {
  const std::string text = files_text("out/run");
  EXPECT_THAT(text, HasSubstr("out/run/report.html\n"));
  for (const char* name : {"report.json", "intervals.csv", "latency.hlog", "latency.hgrm", "summary.md", "junit.xml"}) {
    EXPECT_THAT(text, HasSubstr(name));
  }
}

TEST(SummaryText, PaintsOnlyWhenAsked) {
  EXPECT_THAT(summary_text(sample_report(), true), StartsWith("\n\x1b[1;31mFAILED\x1b[0m"));
  EXPECT_THAT(summary_text(sample_report(), false), Not(HasSubstr("\x1b")));
}

TEST(SummaryText, OfARunStoppedBeforeItsLastRungHasALineForIt) {
  auto report = sample_report();
  report.rungs[1].steps.clear();
  EXPECT_THAT(summary_text(report, false), HasSubstr("\n  2k  "));
}

TEST(SummaryMarkdown, LeadsWithTheVerdictAndHasTheTables) {
  auto report = sample_report();
  report.gates = {{"errors < 1%", "0.07 %", "< 1 %", true}};
  const std::string text = summary_markdown(report);
  EXPECT_THAT(text, StartsWith("## ❌ failed: ladder against http://127.0.0.1:8080\n"));
  EXPECT_THAT(text, HasSubstr("| ✅ | errors &lt; 1% | 0.07 % |\n"));
  EXPECT_THAT(text, HasSubstr("| status | 20,000 | 0 | 1.000 | 2.000 | 4.000 | 55.5 | 7000 | 0.900 |\n"));
  EXPECT_THAT(text, HasSubstr("| ❌ | 2k | 1000 | 1000 | 0 |"));
  EXPECT_THAT(text, HasSubstr("p99(status) &lt; 5ms (was 7.00 ms)"));
}

TEST(SummaryMarkdown, TextOfStrangersStaysText) {
  auto report = sample_report();
  report.scenario = "a|b\n<img src=x> [link](y) `code`";
  EXPECT_THAT(summary_markdown(report), HasSubstr(R"(a\|b &lt;img src=x> \[link\](y) \`code\`)"));
}

}  // namespace
}  // namespace tacos::report
