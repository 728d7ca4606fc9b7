#include "report/page/html_page.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "core/units.h"
#include "report/page/component_tables.h"
#include "report/page/html_tables.h"
#include "report/page/html_text.h"
#include "report/page/page_detail.h"
#include "report/page_assets.h"  // made by the build from page/ and dygraphs
#include "report/reading.h"

namespace tacos::report {
namespace {

using measure::RunReport;

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

struct Figure {
  const char* name;  // what page/report.js knows it by
  const char* title;
  const char* note;
};
constexpr std::array<Figure, 10> kFigures{{
    {"rates", "Requests per second", "by the moment they were due, however late they were sent or answered"},
    {"response", "Response time", "from when a request was due; log scale"},
    {"percentiles", "Percentiles", "a curve ends where less than one request lies beyond it; log scale"},
    {"heatmap", "Where response times lay", "the darker, the larger the share of that moment's requests"},
    {"users", "Users by state", "at the end of each interval"},
    {"errors", "Errors per second", "by kind and by the moment they were due"},
    {"position", "Position in line", "that users were told when they asked"},
    {"admission", "Let in", "users told to enter, and how long half of them had waited"},
    {"components", "Components", "CPU in percent of what each part may use; a gap where it did not answer"},
    {"lag", "Delay before sending, p99",
     "dispatch lag is the generator's own; the rest of send lag is the wait for a connection"},
}};

std::string charts_section(bool with_components) {
  std::string html =
      "<section><h2>Over time</h2>\n<noscript><p class=\"soft\">The charts are drawn by a script in this page, which "
      "is "
      "switched off here. Every number behind them is in report.json and intervals.csv.</p></noscript>\n"
      "<p class=\"soft\">Drag to zoom all of them, double-click to go back; untick a series to leave it out.</p>\n"
      "<div class=\"charts\">\n";
  for (const auto& figure : kFigures) {
    if (figure.name == std::string_view("components") && !with_components) continue;
    html += fmt::format(
        "<figure data-chart=\"{}\"><figcaption>{} <small>{}</small></figcaption><div class=\"plot\"></div></figure>\n",
        figure.name, figure.title, figure.note);
  }
  return html + "</div></section>\n";
}

std::string reading_section(const RunReport& r, const measure::WindowSummary& measured) {
  std::string html = "<section class=\"reading\"><dl>\n";
  for (const auto& answer : reading_of(r, measure::Percentiles::of(measured.response()))) {
    html += fmt::format("<dt>{}</dt><dd>{}", escaped(answer.question), escaped(answer.text));
    if (answer.question == kWhereItBent) html += component_matrix(r);
    html += "</dd>\n";
  }
  return html + "</dl></section>\n";
}

std::vector<PageMark> marks_of(const RunReport& r) {
  std::vector<PageMark> marks;
  if (const auto bend = find_bend(r)) marks.push_back({bend->t_sec, "bend"});
  const auto failed = std::find_if(r.intervals.begin(), r.intervals.end(),
                                   [&](const auto& i) { return i.t_sec >= r.warmup_sec && i.errors > 0; });
  if (failed != r.intervals.end()) marks.push_back({failed->t_sec, "first failure"});
  const auto sold_out = std::find_if(r.intervals.begin(), r.intervals.end(), [](const auto& i) {
    return i.users[static_cast<std::size_t>(measure::UserState::kToldSoldOut)] > 0;
  });
  if (sold_out != r.intervals.end()) marks.push_back({sold_out->t_sec, "sold out"});
  return marks;
}

}  // namespace

std::string data_element(const char* id, const std::string& json) {
  return fmt::format("<script type=\"application/json\" id=\"{}\">", id) + as_script_content(json) + "</script>\n";
}

std::string page_head(std::string_view title, std::string_view more_style) {
  // The policy keeps the page offline even if something slipped through the escaping.
  std::string html =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
      "script-src 'unsafe-inline'\">\n";
  html += fmt::format("<title>{}</title>\n", escaped(title));
  html.append("<style>").append(more_style).append(kPageStyle).append("</style>\n</head>\n<body>\n");
  return html;
}

std::string html_page(const RunReport& report, const measure::RunRecord& record) {
  const auto from = core::from_seconds(report.warmup_sec);
  const auto measured = record.window(from, core::Nanos::max());
  std::string html =
      page_head(fmt::format("{}: {} – tacos-load", report.scenario.empty() ? "run" : report.scenario, report.verdict),
                kDygraphsStyle);
  html += verdict_section(report);
  html += reading_section(report, measured);
  html += key_numbers_section(report, measured);
  html += rungs_section(report);
  html += components_section(report);
  html += charts_section(!report.components.empty());
  html += steps_section(report, measured);
  html += outcomes_section(report);
  html += users_section(report);
  html += health_section(report);
  html += origin_section(report);
  html += data_element("run", measure::to_json(report));
  html += data_element("detail", page_detail(record, from, marks_of(report)));
  for (const auto script : {kDygraphsScript, kPanelScript, kLineChartScript, kHeatmapScript, kReportScript}) {
    html.append("<script>").append(script).append("</script>\n");
  }
  return html + "</body>\n</html>\n";
}

}  // namespace tacos::report
