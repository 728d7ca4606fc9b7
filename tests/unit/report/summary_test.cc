#include "report/summary.h"

#include <algorithm>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/markdown.h"
#include "unit/report/sample_report.h"

namespace tacos::report {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(SummaryText, SaysTheVerdictWhyAndTheNumbersBehindIt) {
  const std::string text = summary_text(sample_report(), false);
  EXPECT_THAT(text, StartsWith("\nFAILED  ladder against http://127.0.0.1:8080, 30 s\n"));
  EXPECT_THAT(text, HasSubstr("  - at 2k: p99(status) < 5ms does not hold: it was 7.00 ms\n"));
  EXPECT_THAT(text, HasSubstr("30,000 scheduled = 29,980 ok + 20 timeout\n"));
  EXPECT_THAT(text, HasSubstr("12,345 of 300,000 came"));
  EXPECT_THAT(text, HasSubstr("note      20,000 descriptors"));
}

TEST(SummaryText, FitsAScreen) {
  std::istringstream in(summary_text(sample_report(), false));
  std::size_t lines = 0;
  for (std::string line; std::getline(in, line); ++lines) EXPECT_LE(line.size(), 100u) << line;
  EXPECT_LE(lines, 24u);
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
