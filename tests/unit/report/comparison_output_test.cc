#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "report/comparison/comparison_json.h"
#include "report/comparison/comparison_page.h"
#include "report/comparison/comparison_text.h"
#include "support/schema_check.h"
#include "unit/report/compared_runs.h"

namespace tacos::report {
namespace {

using nlohmann::json;
using testing::AnyOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::string kHostile = "<script>alert(\"x\")</script>\x1b[31m \xc2\x9b & 'y'";

ComparedRun a_run(double times, const std::string& name) {
  RunMaker maker;
  maker.times = times;
  maker.name = name;
  auto run = maker.make();
  run.report.users.started = 300'000;
  run.report.users.admitted = 10'000;
  return run;
}

// Limits of every verdict, a step on one side only, differences and warnings.
Comparison everything(const std::string& name = "runs/new", std::size_t replicates = 1) {
  RunMaker paying;
  paying.steps = {"join", "status", "pay"};
  paying.requests = 30'000;
  paying.times = 1.2;
  paying.name = name;
  auto candidate = paying.make();
  candidate.report.target = name;
  candidate.report.interrupted = true;
  ComparisonRequest r;
  std::vector<ComparedRun> baseline;
  for (std::size_t i = 0; i < replicates; ++i)
    baseline.push_back(a_run(1 + 0.01 * static_cast<double>(i), "runs/base"));
  r.baseline = ComparedSide(std::move(baseline));
  r.candidate = ComparedSide({candidate});
  r.allow_invalid = true;
  for (const char* limit : {"p99(status) 10%", "p99(status) 25%", "p99.99(status) 25%", "errors 1%", "rate 1%"}) {
    r.limits.push_back(RegressionLimit::parse(limit, steps_of(r.baseline, r.candidate)).value());
  }
  return compare(std::move(r));
}

Comparison refused() {
  auto invalid = a_run(1, "runs/base");
  invalid.report.verdict = "invalid";
  return compare({ComparedSide({invalid}), ComparedSide({a_run(1, "runs/new")}), {}, false});
}

std::size_t widest_line(const std::string& text) {
  std::istringstream lines(text);
  std::size_t widest = 0;
  for (std::string line; std::getline(lines, line);) {
    const auto width = std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; });
    widest = std::max(widest, static_cast<std::size_t>(width));
  }
  return widest;
}

TEST(ComparisonText, SaysVerdictLimitsDifferencesAndRatios) {
  const std::string text = comparison_text(everything(), false);
  EXPECT_THAT(text, HasSubstr("\nFAILED  "));
  EXPECT_THAT(text, HasSubstr("limit  EXCEEDED p99(status) 10%"));
  EXPECT_THAT(text, HasSubstr("limit  holds    p99(status) 25%"));
  EXPECT_THAT(text, HasSubstr("limit  UNKNOWN  p99.99(status) 25%"));
  EXPECT_THAT(text, HasSubstr("the baseline has 10,000; 90,000"));
  EXPECT_THAT(text, HasSubstr("Not the same experiment"));
  EXPECT_THAT(text, HasSubstr("pay  in the candidate only, 10,000 requests"));
  EXPECT_THAT(text, HasSubstr("1.20 ▲"));
}

TEST(ComparisonText, IsNeverWiderThan100ColumnsWhateverTheNames) {
  std::string endless;
  for (int i = 0; i < 60; ++i) endless += "ä/very-long ";
  for (const auto& name : {std::string("runs/new"), endless, std::string(400, 'x')}) {
    const std::string text = comparison_text(everything(name, 3), false);
    EXPECT_LE(widest_line(text), 100u) << text;
  }
  EXPECT_LE(widest_line(comparison_text(refused(), false)), 100u);
}

TEST(ComparisonText, ShowsTheSpreadOfReplicates) {
  const std::string text = comparison_text(everything("runs/new", 3), false);
  EXPECT_THAT(text, HasSubstr("response time of the runs, least – most"));
  EXPECT_THAT(text, HasSubstr("median of the runs' own values"));
  EXPECT_THAT(comparison_text(everything(), false), Not(HasSubstr("least – most")));
}

TEST(ComparisonText, ColoursOnlyWhenAskedAndLetsNoNameSteerTheTerminal) {
  EXPECT_THAT(comparison_text(everything(kHostile), false), Not(AnyOf(HasSubstr("\x1b"), HasSubstr("\xc2\x9b"))));
  EXPECT_THAT(comparison_text(everything(), true), HasSubstr("\x1b[1;31mFAILED"));
}

TEST(ComparisonText, OfARefusalSaysWhyAndShowsNoNumbers) {
  const std::string text = comparison_text(refused(), false);
  EXPECT_THAT(text, HasSubstr("REFUSED"));
  EXPECT_THAT(text, HasSubstr("runs/base is invalid"));
  EXPECT_THAT(text, Not(HasSubstr("p99")));
}

class ComparisonSchemaTest : public testing::Test {
 protected:
  std::vector<std::string> faults_of(const Comparison& c) {
    std::ifstream file(std::string(TACOS_SOURCE_DIR) + "/docs/schema/comparison-1.schema.json");
    const json schema = json::parse(file);
    return support::SchemaCheck(schema).faults_of(json::parse(comparison_json(c)));
  }
};

TEST_F(ComparisonSchemaTest, DescribesEveryKey) {
  EXPECT_THAT(faults_of(everything(kHostile, 3)), IsEmpty());
  EXPECT_THAT(faults_of(refused()), IsEmpty());
}

TEST(ComparisonJson, HoldsTheNumbers) {
  const json document = json::parse(comparison_json(everything()));
  EXPECT_EQ(document["verdict"], "failed");
  EXPECT_EQ(document["limits"][0]["verdict"], "exceeded");
  EXPECT_EQ(document["limits"][2]["requests_short"], 90'000);
  EXPECT_EQ(document["steps"][0]["name"], "all");
  EXPECT_EQ(document["steps"][0]["response_time_ms"][3]["statistic"], "p99");
  EXPECT_NEAR(document["steps"][0]["response_time_ms"][3]["ratio"].get<double>(), 1.2, 0.0024);
  EXPECT_TRUE(document["steps"][3]["response_time_ms"][3]["baseline"].is_null());
}

TEST(ComparisonPage, HoldsVerdictBeforeWarningsBeforeValues) {
  const auto c = everything();
  const std::string page = comparison_page(c);
  const auto verdict = page.find("<strong>failed</strong>"), warnings = page.find("<h2>Not the same experiment</h2>");
  EXPECT_LT(verdict, page.find("<td>p99(status) 10%</td>"));
  EXPECT_LT(page.find("<td>p99(status) 10%</td>"), warnings);
  EXPECT_LT(warnings, page.find("<details open>"));
  for (const char* statistic : {"p50", "p99", "p99.9"})
    EXPECT_THAT(page, HasSubstr(std::string(">") + statistic + "<"));
  EXPECT_THAT(page, HasSubstr("1.20 ▲"));
  EXPECT_THAT(page, HasSubstr(shown(c.steps[0].response[3].value.candidate.median, ValueUnit::kMillis)));
}

TEST(ComparisonPage, DrawsTheSidesOverOneAnotherOncePerStep) {
  const std::string page = comparison_page(everything());
  std::size_t charts = 0;
  for (auto at = page.find("<svg class=\"chart\""); at != std::string::npos;
       at = page.find("<svg class=\"chart\"", at + 1)) {
    ++charts;
  }
  EXPECT_EQ(charts, 8u);  // all, join, status, pay
  EXPECT_THAT(page, HasSubstr("Distribution of response times"));
  EXPECT_THAT(page, HasSubstr(">100 ms</text>"));
  EXPECT_THAT(page, Not(HasSubstr("warm-up<")));  // no axis of these is time since the start
  EXPECT_THAT(page, Not(HasSubstr("nan")));
  EXPECT_THAT(page, Not(HasSubstr("inf\"")));
}

TEST(ComparisonPage, IsOfflineAndEscapesWhateverStrangersNamed) {
  const std::string page = comparison_page(everything(kHostile));
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(&quot;x&quot;)"));
  EXPECT_THAT(page, Not(HasSubstr("src=")));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
}

TEST(ComparisonPage, OfARefusalSaysWhy) {
  const std::string page = comparison_page(refused());
  EXPECT_THAT(page, HasSubstr("runs/base is invalid"));
  EXPECT_THAT(page, Not(HasSubstr("<details")));
}

}  // namespace
}  // namespace tacos::report
