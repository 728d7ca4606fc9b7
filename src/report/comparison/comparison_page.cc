#include "report/comparison/comparison_page.h"

#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "report/comparison/comparison_charts.h"
#include "report/page/html_page.h"
#include "report/page/html_table.h"
#include "report/page/html_text.h"
#include "report/page_assets.h"  // made by the build from page/ and dygraphs

namespace tacos::report {
namespace {

// What the page of a run has no need of.
constexpr std::string_view kStyle = R"css(
summary { cursor: pointer; font-weight: 600; padding: 6px 0; } details { border-bottom: 1px solid var(--edge); }
td.better { --tone: var(--passed); } td.worse { --tone: var(--failed); }
td.better, td.worse { color: var(--tone); font-weight: 600; } td.few { color: var(--soft); }
)css";

bool several(const Comparison& c) {
  return c.baseline.runs().size() > 1 || c.candidate.runs().size() > 1;
}

std::string_view class_of(const ComparedValue& value) {
  switch (value.change()) {
    case ComparedValue::Change::kBetter:
      return "n better";
    case ComparedValue::Change::kWorse:
      return "n worse";
    default:
      return "n";
  }
}

std::string of_side(const SideValue& value, ValueUnit unit) {
  const std::string least = shown(value.least, unit), most = shown(value.most, unit);
  return shown(value.median, unit) + (least == most ? "" : fmt::format(" ({} – {})", least, most));
}

void triple(Table& table, const ComparedValue& value, bool enough = true) {
  table.number(of_side(value.baseline, value.unit)).number(of_side(value.candidate, value.unit));
  const bool few = !enough && value.baseline.measured() && value.candidate.measured();
  table.text(shown_ratio(value) + (few ? " few requests" : ""), few ? "n few" : class_of(value));
}

std::string_view tone_of(const Comparison& c) {
  switch (c.verdict()) {
    case Comparison::Verdict::kPassed:
      return "passed";
    case Comparison::Verdict::kFailed:
      return "failed";
    default:
      return "invalid";
  }
}

std::string_view tone_of(RegressionLimit::Verdict verdict) {
  switch (verdict) {
    case RegressionLimit::Verdict::kHeld:
      return "passed";
    case RegressionLimit::Verdict::kExceeded:
      return "failed";
    default:
      return "invalid";
  }
}

std::string limits_table(const Comparison& c) {
  if (c.limits.empty()) return c.refusals.empty() ? "<p class=\"soft\">No regression limits were set.</p>\n" : "";
  Table table({{"", Table::kText},
               {"limit", Table::kText},
               {"baseline", Table::kNumber},
               {"candidate", Table::kNumber},
               {"ratio", Table::kNumber},
               {"", Table::kText}});
  for (const auto& limit : c.limits) {
    table.row().text(name_of(limit.verdict), tone_of(limit.verdict)).text(limit.expression);
    const std::string sign = fmt::format(" {}", sign_of(limit.value.unit));
    table.number(of_side(limit.value.baseline, limit.value.unit) + sign);
    table.number(of_side(limit.value.candidate, limit.value.unit) + sign);
    table.number(shown_ratio(limit.value)).text(limit.reason, "rest");
  }
  return table.html();
}

std::string verdict_section(const Comparison& c) {
  std::string html = "<header><h1>Comparison of load test runs</h1></header>\n";
  html += fmt::format("<section class=\"verdict {}\"><strong>{}</strong>\n<ul>", tone_of(c), name_of(c.verdict()));
  for (const auto& reason : c.refusals) html += "<li>" + escaped(reason) + "</li>\n";
  return html + "</ul>" + limits_table(c) + "</section>\n";
}

std::string runs_section(const Comparison& c) {
  Table table({{"", Table::kText},
               {"run", Table::kText},
               {"scenario", Table::kText},
               {"target", Table::kText},
               {"started at", Table::kText},
               {"verdict", Table::kText}});
  for (const auto& [name, side] : {std::pair("baseline", &c.baseline), std::pair("candidate", &c.candidate)}) {
    for (const auto& run : side->runs()) {
      table.row().name(name).text(run.name).text(run.report.scenario).text(run.report.target);
      table.text(run.report.started_at).text(run.report.verdict);
    }
  }
  return "<section><h2>Runs</h2>\n" + table.html() + "</section>\n";
}

std::string warnings_section(const Comparison& c) {
  if (c.warnings.empty() && c.differences.empty()) return "";
  std::string html = "<section><h2>Not the same experiment</h2>\n";
  for (const auto& warning : c.warnings) html += "<p>⚠ " + escaped(warning) + "</p>\n";
  if (!c.differences.empty()) {
    Table table({{"what differs", Table::kText}, {"baseline", Table::kText}, {"candidate", Table::kText}});
    for (const auto& d : c.differences) table.row().name(d.what).text(d.baseline, "rest").text(d.candidate, "rest");
    html += table.html();
  }
  return html + "</section>\n";
}

std::string facts_section(const Comparison& c) {
  if (c.facts.empty()) return "";
  Table table({{"", Table::kText},
               {"", Table::kText},
               {"baseline", Table::kNumber},
               {"candidate", Table::kNumber},
               {"ratio", Table::kNumber}});
  for (const auto& fact : c.facts) {
    table.row().name(fact.name).text(sign_of(fact.value.unit));
    triple(table, fact.value);
  }
  return "<section><h2>The runs as a whole</h2>\n" + table.html() + "</section>\n";
}

std::string step_table(const Comparison::Step& step) {
  Table table({{"ms", Table::kText},
               {"response: baseline", Table::kNumber},
               {"candidate", Table::kNumber},
               {"ratio", Table::kNumber},
               {"service: baseline", Table::kNumber},
               {"candidate", Table::kNumber},
               {"ratio", Table::kNumber}});
  for (std::size_t i = 0; i < step.response.size(); ++i) {
    table.row().name(step.response[i].name);
    triple(table, step.response[i].value, step.response[i].enough);
    triple(table, step.service[i].value, step.service[i].enough);
  }
  table.row().name("requests");
  triple(table, step.requests);
  table.rest("", 3).row().name("errors, %");
  triple(table, step.errors);
  table.rest("", 3);
  return table.html();
}

// p99 beside the name, so that what to open is seen before it is opened.
std::string headline(const Comparison::Step& step) {
  if (!step.in_baseline || !step.in_candidate) {
    return fmt::format("{}, in the {} only", step.name, step.in_baseline ? "baseline" : "candidate");
  }
  for (const auto& statistic : step.response) {
    if (statistic.name == "p99" && statistic.value.baseline.measured() && statistic.value.candidate.measured()) {
      return fmt::format("{}: p99 {} → {} ms, ratio {}", step.name, shown(statistic.value.baseline.median, {}),
                         shown(statistic.value.candidate.median, {}), shown_ratio(statistic.value));
    }
  }
  return fmt::format("{}: nothing was measured on one of the sides", step.name);
}

std::string steps_section(const Comparison& c) {
  if (c.steps.empty()) return "";
  std::string html =
      "<section><h2>Steps</h2>\n<p class=\"soft\">Response time runs from when a request was due, service time from "
      "when it was sent. The ratio is candidate ÷ baseline; ▲ and ▼ mark changes of more than 5 %. “Few requests”: "
      "fewer than 10 lie beyond the percentile on one of the sides.";
  if (several(c)) html += " A side of several runs shows the median of the runs’ own values, and the least and most.";
  html += "</p>\n";
  bool open = true;
  for (const auto& step : c.steps) {
    html += fmt::format("<details{}><summary>{}</summary>\n", std::exchange(open, false) ? " open" : "",
                        escaped(headline(step)));
    html += step_table(step) + "<div class=\"charts\">\n" + svg_chart(percentile_chart(c, step)) +
            svg_chart(distribution_chart(c, step)) + "</div></details>\n";
  }
  return html + "</section>\n";
}

}  // namespace

std::string comparison_page(const Comparison& c) {
  std::string html = page_head(fmt::format("comparison: {} – tacos-load", name_of(c.verdict())),
                               std::string(kSvgStyle) + std::string(kStyle));
  html += verdict_section(c);
  html += warnings_section(c);
  html += runs_section(c);
  html += facts_section(c);
  html += steps_section(c);
  return html + "</body>\n</html>\n";
}

}  // namespace tacos::report
