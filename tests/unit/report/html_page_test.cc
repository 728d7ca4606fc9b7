#include "report/page/html_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "measure/recorder.h"
#include "report/page/html_text.h"
#include "report/page/page_detail.h"
#include "report/page/svg_chart.h"
#include "report/reading.h"

namespace tacos::report {
namespace {

using core::Nanos;
using measure::Outcome;
using measure::RunReport;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
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
  for (int t = 0; t < 3; ++t) {
    RunReport::Interval interval;
    interval.t_sec = t;
    interval.planned = 100;
    interval.offered = interval.sent = 100;
    interval.completed = 99;
    interval.errors = 1;
    interval.response_p99_ms = 61;
    r.intervals.push_back(interval);
  }
  return r;
}

// 300 requests of 10 to 3,000 us service time after a lag of 90 us.
measure::RunRecord a_record() {
  measure::Recorder recorder({{"join", "status", "enter"}});
  for (int i = 1; i <= 300; ++i) {
    measure::Sample s;
    s.step = 1;
    s.intended = s.taken = milliseconds(10 * (i - 1));
    s.sent = s.intended + microseconds(90);
    s.first_byte = s.done = s.sent + microseconds(10 * i);
    recorder.scheduled(s.intended);
    recorder.record(s);
  }
  return recorder.finish();
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
  const std::string page = html_page(a_report(), a_record());
  const auto verdict = page.find("✗ failed"), gate = page.find("<td>p99(status) &lt; 50ms</td>");
  EXPECT_LT(verdict, page.find("it was 61 ms"));
  EXPECT_LT(page.find("it was 61 ms"), gate);
  EXPECT_LT(gate, page.find("Key numbers"));
}

TEST(HtmlPage, NamesEveryStepAlsoOneWithoutRequests) {
  const std::string page = html_page(a_report(), a_record());
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
  const std::string page = html_page(r, a_record());
  EXPECT_THAT(without_json(page), Not(HasSubstr("<script")));
  EXPECT_THAT(without_json(page), Not(HasSubstr("alert(\"")));
  EXPECT_THAT(page,
              HasSubstr("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&lt;!--&lt;script&gt; &amp; &#39;y&#39;"));
}

TEST(HtmlPage, EmbedsTheReportSoThatItReadsBackAndNothingInItEndsTheElement) {
  RunReport r = a_report();
  r.scenario = kHostile;
  const std::string text = embedded_json(html_page(r, a_record()));
  EXPECT_THAT(text, Not(HasSubstr("</")));
  EXPECT_THAT(text, Not(HasSubstr("<!")));
  EXPECT_EQ(nlohmann::json::parse(text), nlohmann::json::parse(measure::to_json(r)));
  const auto back = measure::report_from_json(text);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back.value().scenario, kHostile);
  EXPECT_EQ(back.value().steps.size(), 3u);
}

TEST(HtmlPage, OfAnEmptyReportIsStillAPage) {
  const std::string page = html_page(RunReport{}, measure::RunRecord({}, seconds(1)));
  EXPECT_THAT(page, HasSubstr("no verdict"));
  EXPECT_THAT(page, HasSubstr("Nothing: no request was answered."));
  EXPECT_THAT(without_json(page), Not(HasSubstr("nan")));
  EXPECT_THAT(page, HasSubstr("</html>"));
  EXPECT_FALSE(embedded_json(page).empty());
}

TEST(HtmlPage, NeedsNothingFromOutside) {
  const std::string page = html_page(a_report(), a_record());
  // What the scripts inside say of addresses is in comments only; the page itself has none.
  for (const char* reference : {"http://", "https://", "src=", "href=", "url(", "@import", "<link"}) {
    EXPECT_THAT(without_json(page), Not(HasSubstr(reference)));
  }
  EXPECT_THAT(without_json(page), HasSubstr("default-src 'none'"));
}

TEST(HtmlPage, LeavesOutRungsAndUsersWhenThereAreNone) {
  RunReport r = a_report();
  EXPECT_THAT(html_page(r, a_record()), Not(HasSubstr("<h2>Rungs")));
  EXPECT_THAT(html_page(r, a_record()), Not(HasSubstr("story</h2>")));
  r.rungs.resize(1);
  r.users.planned = r.users.started = 10;
  EXPECT_THAT(html_page(r, a_record()), HasSubstr("<h2>Rungs"));
  EXPECT_THAT(html_page(r, a_record()), HasSubstr("story</h2>"));
}

TEST(PageDetail, HasCurvesAsFarAsTheRequestsReachAndEveryRequestInTheHeatMap) {
  const auto detail = nlohmann::json::parse(page_detail(a_record(), Nanos(0), {{20, "bend"}}));
  const auto& status = detail["percentiles"]["steps"]["status"];
  ASSERT_EQ(status["response_ms"].size(), 100u) << "300 requests: 2.48 nines, 40 points each";
  EXPECT_NEAR(status["response_ms"][40].get<double>(), 0.09 + 2.7, 0.004) << "p90";
  EXPECT_NEAR(status["service_ms"][40].get<double>(), 2.7, 0.004);
  EXPECT_FALSE(detail["percentiles"]["steps"].contains("join")) << "it had no requests";
  const auto& map = detail["heatmap"]["all"];
  std::uint64_t requests = 0;
  for (const auto& cell : map["cells"]) {
    requests += cell[2].get<std::uint64_t>();
    EXPECT_LT(cell[1].get<std::size_t>() + 1, map["edges_ms"].size());
  }
  EXPECT_EQ(requests, 300u);
  EXPECT_EQ(detail["marks"][0]["name"], "bend");
  EXPECT_LE(map["edges_ms"].front().get<double>(), 0.1);
  EXPECT_GE(map["edges_ms"].back().get<double>(), 3.09);
}

TEST(Reading, SaysWhereItBentFromThreeIntervalsInARow) {
  RunReport r;
  for (int t = 0; t < 20; ++t) {
    RunReport::Interval i;
    i.t_sec = t;
    i.planned = 1000 * (t + 1);
    i.offered = i.completed = static_cast<std::uint64_t>(i.planned);
    i.response_p99_ms = t == 5 || t >= 12 ? 9 : 1;  // one slow second is a hiccup
    r.intervals.push_back(i);
  }
  const auto bend = find_bend(r);
  ASSERT_TRUE(bend.has_value());
  EXPECT_EQ(bend->t_sec, 12);
  EXPECT_EQ(bend->rate, 13'000);
  EXPECT_THAT(bend->sign, HasSubstr("p99 rose to 9.00 ms, 9 times its usual 1.00 ms"));
  r.intervals.resize(12);
  EXPECT_FALSE(find_bend(r).has_value());
  for (std::size_t t = 8; t < 11; ++t) r.intervals[t].errors = r.intervals[t].offered / 50;
  EXPECT_THAT(find_bend(r)->sign, HasSubstr("2.0 % of requests failed"));
  r.warmup_sec = 9;
  EXPECT_FALSE(find_bend(r).has_value()) << "too few intervals are left to say";
}

TEST(Reading, AnInvalidRunIsNotTrusted) {
  RunReport r;
  r.verdict = "invalid";
  r.verdict_reasons = {"the run was interrupted"};
  const auto answers = reading_of(r, {});
  EXPECT_EQ(answers[0].text.substr(0, 20), "This run cannot say.");
  EXPECT_EQ(answers[3].text, "No: the run was interrupted");
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
