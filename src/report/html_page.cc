#include "report/html_page.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "core/units.h"
#include "report/html_tables.h"
#include "report/html_text.h"
#include "report/svg_chart.h"

namespace tacos::report {
namespace {

using measure::RunReport;

// Series colours are from Okabe and Ito's palette ("Color Universal Design", 2008), lightened for the dark scheme.
constexpr std::string_view kStyle = R"css(
:root { color-scheme: light dark; --page: #fff; --ink: #1b1f24; --soft: #57606a; --edge: #d0d7de; --box: #f6f8fa;
  --passed: #116b3c; --failed: #b3261e; --invalid: #8a5300; --tint: 10%;
  --series-0: #8b949e; --series-1: #0072b2; --series-2: #e08a00; --series-3: #00664b; }
@media (prefers-color-scheme: dark) { :root { --page: #0f1318; --ink: #e6edf3; --soft: #9aa5b1; --edge: #313943;
  --box: #171d24; --passed: #4fce8b; --failed: #ff8a80; --invalid: #f0b429;
  --series-0: #8b949e; --series-1: #56b4e9; --series-2: #e69f00; --series-3: #8ef0cf; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 16px; max-width: 1160px; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 2px; }
h2 { font-size: 1.15rem; margin: 36px 0 8px; padding-bottom: 4px; border-bottom: 1px solid var(--edge); }
h3 { font-size: 1rem; margin: 20px 0 6px; }
p { margin: 6px 0; } small, .soft { color: var(--soft); }
code { font: 0.9em ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
.verdict { margin: 16px 0; padding: 12px 16px; border: 1px solid var(--edge); border-left: 6px solid var(--tone);
  border-radius: 6px; background: var(--box); }
.verdict strong { font-size: 1.35rem; color: var(--tone); } .verdict ul { margin: 4px 0; padding-left: 20px; }
.passed { --tone: var(--passed); } .failed { --tone: var(--failed); } .invalid { --tone: var(--invalid); }
td.passed, td.failed, td.invalid { color: var(--tone); font-weight: 600; }
.numbers { display: grid; grid-template-columns: repeat(auto-fill, minmax(168px, 1fr)); gap: 10px; margin: 12px 0; }
.numbers div { padding: 8px 12px; border: 1px solid var(--edge); border-radius: 6px; }
.numbers b { display: block; font-size: 1.3rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.numbers small { display: block; line-height: 1.35; }
.scroll { overflow-x: auto; margin: 8px 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
th, td { padding: 4px 12px 4px 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--edge);
  white-space: nowrap; }
thead th { color: var(--soft); font-weight: 600; font-size: 0.87rem; } td.rest { white-space: normal; }
th.n, td.n { text-align: right; padding-left: 8px; } tbody th { font-weight: 600; }
tr.pair th, tr.pair td { border-bottom: 0; } td.bar { width: 220px; min-width: 90px; }
td.bar span { display: block; height: 0.8em; margin-top: 0.35em; min-width: 1px; background: var(--series-1);
  border-radius: 2px; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 440px), 1fr)); gap: 20px 28px; }
figure { margin: 0; min-width: 0; } figcaption { font-weight: 600; } figcaption small { display: block; font-weight: 400; }
.legend { margin: 4px 0; font-size: 0.87rem; } .legend span { margin-right: 14px; white-space: nowrap; }
.legend svg { width: 26px; height: 8px; margin-right: 5px; vertical-align: middle; }
svg.chart { display: block; width: 100%; height: auto; } svg text { font-size: 12px; fill: var(--soft); }
.end { text-anchor: end; } .mid { text-anchor: middle; } .shade { fill: var(--soft); opacity: 0.12; }
.grid { stroke: var(--edge); stroke-width: 1; } .tick { stroke: var(--soft); stroke-width: 1; }
.line { fill: none; stroke-linejoin: round; stroke-linecap: round; } .area { opacity: 0.18; }
.none { color: var(--soft); padding: 30px 0; text-align: center; border: 1px dashed var(--edge); border-radius: 6px; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 4px 16px; margin: 8px 0; }
dt { color: var(--soft); } dd { margin: 0; }
@media (max-width: 500px) { svg text { font-size: 14px; } .numbers { grid-template-columns: 1fr 1fr; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: 8px; } }
@media print { :root { color-scheme: light; --page: #fff; --ink: #000; --soft: #444; --edge: #bbb; --box: #fff;
    --passed: #116b3c; --failed: #b3261e; --invalid: #8a5300;
    --series-0: #8b949e; --series-1: #0072b2; --series-2: #e08a00; --series-3: #00664b; }
  body { padding: 0; max-width: none; font-size: 10pt; } .scroll { overflow: visible; } h2 { break-after: avoid; }
  th, td { padding-right: 6px; white-space: normal; } figure, tr, .verdict, .numbers div { break-inside: avoid; }
  tr.pair { break-after: avoid; } .charts { grid-template-columns: 1fr 1fr; } }
)css";

// In JSON "<" stands only inside strings. "</" could end the script element; "<!" could begin a comment, within which
// "<script" would make the real end tag pass unseen (HTML, "restrictions for contents of script elements").
std::string as_script_content(const std::string& json) {
  std::string out;
  out.reserve(json.size() + 64);
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char next = i + 1 < json.size() ? json[i + 1] : ' ';
    if (json[i] == '<' && next == '/') {
      out += "<\\";
    } else if (json[i] == '<' && next == '!') {
      out += "\\u003c";
    } else {
      out += json[i];
    }
  }
  return out;
}

Chart::Series over_time(const RunReport& r, std::string name,
                        const std::function<double(const RunReport::Interval&)>& value) {
  Chart::Series series{std::move(name), {}};
  series.points.reserve(r.intervals.size());
  for (const auto& interval : r.intervals) series.points.emplace_back(interval.t_sec, value(interval));
  return series;
}

Chart rates_chart(const RunReport& r) {
  const double seconds = r.interval_sec > 0 ? r.interval_sec : 1;
  const auto rate = [&](std::string name, std::uint64_t RunReport::Interval::*count) {
    return over_time(r, std::move(name), [=](const auto& i) { return static_cast<double>(i.*count) / seconds; });
  };
  Chart chart{"Requests per second", "by the moment they were due", Chart::Unit::kSeconds, Chart::Unit::kCount};
  chart.series = {over_time(r, "planned", [=](const auto& i) { return i.planned / seconds; }),
                  rate("offered", &RunReport::Interval::offered), rate("sent", &RunReport::Interval::sent),
                  rate("completed", &RunReport::Interval::completed)};
  chart.series.front().dashed = true;
  for (std::size_t i = 0; i < chart.series.size(); ++i) chart.series[i].colour = static_cast<int>(i);
  return chart;
}

Chart response_chart(const RunReport& r) {
  Chart chart{"Response time", "from when a request was due; log scale", Chart::Unit::kSeconds, Chart::Unit::kMillis,
              true};
  chart.series = {over_time(r, "p99", [](const auto& i) { return i.response_p99_ms; }),
                  over_time(r, "p50", [](const auto& i) { return i.response_p50_ms; })};
  chart.series.front().colour = 2;
  return chart;
}

Chart lag_chart(const RunReport& r) {
  Chart chart{"Lag of the generator, p99", "how late requests left; log scale", Chart::Unit::kSeconds,
              Chart::Unit::kMillis, true};
  chart.series = {over_time(r, "send lag", [](const auto& i) { return i.send_lag_p99_ms; }),
                  over_time(r, "dispatch lag", [](const auto& i) { return i.dispatch_lag_p99_ms; })};
  chart.series.back().colour = 2;
  return chart;
}

Chart count_chart(const RunReport& r, std::string title, std::string note, std::uint64_t RunReport::Interval::*count,
                  double per) {
  Chart chart{std::move(title), std::move(note), Chart::Unit::kSeconds, Chart::Unit::kCount};
  chart.series = {over_time(r, chart.title, [=](const auto& i) { return static_cast<double>(i.*count) / per; })};
  chart.series.front().filled = true;
  return chart;
}

// A curve ends where less than one request lies beyond: what follows would be the maximum, drawn as if it were
// knowledge.
Chart::Series percentiles(std::string name, const measure::Histogram& times) {
  Chart::Series series{std::move(name), {}};
  const double nines = times.count() == 0 ? -1 : std::min(5.0, std::log10(static_cast<double>(times.count())));
  constexpr int kPerNine = 40;
  for (int i = 0; i <= nines * kPerNine; ++i) {
    const double at = static_cast<double>(i) / kPerNine;
    series.points.emplace_back(at, core::to_millis(times.percentile(100 - 100 * std::pow(10, -at))));
  }
  return series;
}

Chart percentile_chart(const measure::WindowSummary& measured) {
  Chart chart{"Percentiles of all requests", "a curve ends where less than one request lies beyond it; log scale",
              Chart::Unit::kPercentile, Chart::Unit::kMillis, true};
  chart.series = {percentiles("response time", measured.response()), percentiles("service time", measured.service())};
  chart.series.back().colour = 2;
  return chart;
}

std::string charts_section(const RunReport& r, const measure::WindowSummary& measured) {
  std::string html = "<section><h2>Over time</h2>\n<div class=\"charts\">\n";
  const double seconds = r.interval_sec > 0 ? r.interval_sec : 1;
  for (Chart chart :
       {rates_chart(r), response_chart(r), count_chart(r, "Active users", "", &RunReport::Interval::active_users, 1),
        count_chart(r, "Errors per second", "by the moment they were due", &RunReport::Interval::errors, seconds),
        lag_chart(r)}) {
    chart.shaded_until = r.warmup_sec;
    html += svg_chart(chart);
  }
  html += svg_chart(percentile_chart(measured));
  html += "</div></section>\n";
  return html;
}

}  // namespace

std::string page_head(std::string_view title, std::string_view more_style) {
  // The policy keeps the page offline even if something slipped through the escaping.
  std::string html =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n";
  html += fmt::format("<title>{}</title>\n", escaped(title));
  html.append("<style>").append(kStyle).append(more_style).append("</style>\n</head>\n<body>\n");
  return html;
}

std::string html_page(const measure::RunReport& report, const measure::WindowSummary& measured) {
  std::string html = page_head(
      fmt::format("{}: {} – tacos-load", report.scenario.empty() ? "run" : report.scenario, report.verdict), "");
  html += verdict_section(report);
  html += key_numbers_section(report, measured);
  html += steps_section(report, measured);
  html += rungs_section(report);
  html += charts_section(report, measured);
  html += outcomes_section(report);
  html += users_section(report);
  html += health_section(report);
  html += origin_section(report);
  html += "<script type=\"application/json\" id=\"run\">" + as_script_content(measure::to_json(report)) + "</script>\n";
  html += "</body>\n</html>\n";
  return html;
}

}  // namespace tacos::report
