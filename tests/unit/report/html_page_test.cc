#include "report/html_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "report/html_text.h"
#include "report/svg_chart.h"

namespace tacos::report {
namespace {

using measure::Outcome;
using measure::RunReport;
using std::chrono::microseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const std::string kHostile = R"(<script>alert("x")</script><!--<script> & 'y')";

RunReport a_report() {
  RunReport r;
  r.scenario = "ticket-open";
  r.verdict = "failed";
  r.verdict_reasons = {"p99(status) < 50ms does not hold: it was 61 ms"};
  r.gates = {{"p99(status) < 50ms", "61 ms", "50 ms", false}};
  r.duration_sec = 3;
  r.warmup_sec = 1;
  r.outcomes[static_cast<std::size_t>(Outcome::kOk)] = 299;
  r.outcomes[static_cast<std::size_t>(Outcome::kTimeout)] = 1;
  r.rate = {150, 149.5, 300, 300, 299};
  for (const char* name : {"join", "status", "enter"}) r.steps.emplace_back(name, RunReport::Step{});
  for (int t = 0; t < 3; ++t)
    r.intervals.push_back({static_cast<double>(t), 100, 100, 100, 99, 1, 40, 1.5, 61, 0.1, 0.05});
  return r;
}

measure::WindowSummary a_window() {
  measure::WindowSummary window;
  window.steps.resize(1);
  for (int i = 1; i <= 300; ++i) {
    window.steps[0].response.record(microseconds(100 * i));
    window.steps[0].service.record(microseconds(10 * i));
  }
  return window;
}

// The text of the element that holds the raw report.
std::string embedded_json(const std::string& page) {
  const std::string begin = R"(<script type="application/json" id="run">)";
  const auto from = page.find(begin);
  if (from == std::string::npos) return "";
  return page.substr(from + begin.size(), page.find("</script", from) - from - begin.size());
}

std::string without_json(const std::string& page) {
  return page.substr(0, page.find("<script type=\"application/json\""));
}

TEST(HtmlPage, PutsTheVerdictItsReasonsAndGatesFirst) {
  const std::string page = html_page(a_report(), a_window());
  const auto verdict = page.find("✗ failed"), gate = page.find("<td>p99(status) &lt; 50ms</td>");
  EXPECT_LT(verdict, page.find("it was 61 ms"));
  EXPECT_LT(page.find("it was 61 ms"), gate);
  EXPECT_LT(gate, page.find("Key numbers"));
}

TEST(HtmlPage, NamesEveryStepAlsoOneWithoutRequests) {
  const std::string page = html_page(a_report(), a_window());
  for (const char* name : {"join", "status", "enter", "all"}) {
    EXPECT_THAT(page, HasSubstr(std::string("<th scope=\"row\">") + name + "</th>"));
  }
}

TEST(HtmlPage, EscapesWhateverStrangersNamed) {
  RunReport r = a_report();
  r.scenario = r.target = r.command = r.engine = r.started_at = r.tool_version = r.verdict = r.host.kernel = kHostile;
  r.verdict_reasons = r.adapted = {kHostile};
  r.gates = {{kHostile, kHostile, kHostile, false}};
  r.steps.emplace_back(kHostile, RunReport::Step{});
  RunReport::Rung rung;
  rung.name = rung.verdict = kHostile;
  rung.steps.emplace_back(kHostile, measure::RunReport::Step{});
  rung.steps.back().second.count = 1;
  rung.gates = r.gates;
  r.rungs = {rung};
  const std::string page = html_page(r, a_window());
  EXPECT_THAT(without_json(page), Not(HasSubstr("<script")));
  EXPECT_THAT(without_json(page), Not(HasSubstr("alert(\"")));
  EXPECT_THAT(page,
              HasSubstr("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&lt;!--&lt;script&gt; &amp; &#39;y&#39;"));
}

TEST(HtmlPage, EmbedsTheReportSoThatItReadsBackAndNothingInItEndsTheElement) {
  RunReport r = a_report();
  r.scenario = kHostile;
  const std::string text = embedded_json(html_page(r, a_window()));
  EXPECT_THAT(text, Not(HasSubstr("</")));
  EXPECT_THAT(text, Not(HasSubstr("<!")));
  EXPECT_EQ(nlohmann::json::parse(text), nlohmann::json::parse(measure::to_json(r)));
  const auto back = measure::report_from_json(text);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back.value().scenario, kHostile);
  EXPECT_EQ(back.value().steps.size(), 3u);
}

TEST(HtmlPage, OfAnEmptyReportIsStillAPage) {
  const std::string page = html_page(RunReport{}, measure::WindowSummary{});
  EXPECT_THAT(page, HasSubstr("no verdict"));
  EXPECT_THAT(page, HasSubstr("nothing was recorded"));
  EXPECT_THAT(page, Not(HasSubstr("nan")));
  EXPECT_THAT(page, HasSubstr("</html>"));
  EXPECT_FALSE(embedded_json(page).empty());
}

TEST(HtmlPage, NeedsNothingFromOutside) {
  const std::string page = html_page(a_report(), a_window());
  for (const char* reference : {"http://", "https://", "src=", "href=", "url(", "@import", "<link", "<script>"}) {
    EXPECT_THAT(page, Not(HasSubstr(reference)));
  }
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
}

TEST(HtmlPage, LeavesOutRungsAndUsersWhenThereAreNone) {
  RunReport r = a_report();
  EXPECT_THAT(html_page(r, a_window()), Not(HasSubstr("<h2>Rungs")));
  EXPECT_THAT(html_page(r, a_window()), Not(HasSubstr("story</h2>")));
  r.rungs.resize(1);
  r.users.planned = r.users.started = 10;
  EXPECT_THAT(html_page(r, a_window()), HasSubstr("<h2>Rungs"));
  EXPECT_THAT(html_page(r, a_window()), HasSubstr("story</h2>"));
}

TEST(HtmlText, ReplacesControlCharacters) {
  EXPECT_EQ(escaped(std::string_view("a\0b\x1b[1m\n", 8)), "a\uFFFDb\uFFFD[1m\n");
}

TEST(SvgChart, HasRoundTicks) {
  EXPECT_THAT(linear_ticks(0, 4300, 5), ElementsAre(0, 1000, 2000, 3000, 4000, 5000));
  EXPECT_THAT(linear_ticks(0, 0, 5).back(), 1);
  EXPECT_THAT(log_ticks(0.3, 40), ElementsAre(0.1, 1, 10, 100));
  EXPECT_THAT(log_ticks(10, 10), ElementsAre(10, 20, 50, 100));
}

TEST(SvgChart, GivesEachNineTheSameRoom) {
  EXPECT_DOUBLE_EQ(percentile_position(0), 0);
  EXPECT_NEAR(percentile_position(90), 1, 1e-12);
  EXPECT_NEAR(percentile_position(99.999), 5, 1e-6);
}

TEST(SvgChart, SaysInWordsWhatItShows) {
  Chart chart{"Errors <per> second", "", Chart::Unit::kSeconds, Chart::Unit::kCount};
  chart.series = {{"errors", {{0, 1}, {1, 12}}}};
  EXPECT_THAT(svg_chart(chart), HasSubstr("aria-label=\"Errors &lt;per&gt; second; errors from 1 to 12\""));
}

TEST(SvgChart, BreaksALineWhereThereIsNoValue) {
  Chart chart{"Response time", "", Chart::Unit::kSeconds, Chart::Unit::kMillis, true};
  chart.series = {{"p99", {{0, 1}, {1, 2}, {2, 0}, {3, 2}, {4, 1}}}};
  const std::string html = svg_chart(chart);
  const auto first = html.find("class=\"line\"");
  ASSERT_NE(first, std::string::npos);
  EXPECT_NE(html.find("class=\"line\"", first + 1), std::string::npos);
}

TEST(SvgChart, KeepsTheHighestOfMorePointsThanPixelsAndStaysSmall) {
  Chart chart{"Active users", "", Chart::Unit::kSeconds, Chart::Unit::kCount};
  chart.series = {{"users", {}}};
  for (int t = 0; t < 86400; ++t) chart.series[0].points.emplace_back(t, t == 40001 ? 1000 : t % 7);
  const std::string html = svg_chart(chart);
  EXPECT_LT(html.size(), 60'000u);
  EXPECT_THAT(html, HasSubstr(" 12.0L"));  // the top of the canvas
}

}  // namespace
}  // namespace tacos::report
