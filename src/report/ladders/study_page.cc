#include "report/ladders/study_page.h"

#include <array>
#include <string_view>

#include <fmt/format.h>

#include "core/units.h"
#include "report/components.h"
#include "report/ladders/figures_in_words.h"
#include "report/ladders/study_json.h"
#include "report/page/html_page.h"
#include "report/page/html_table.h"
#include "report/page/html_text.h"
#include "report/page_assets.h"  // made by the build from page/ and dygraphs

namespace tacos::report {
namespace {

using State = LadderRung::State;

// Stands before the style that all pages share, so its selectors are a little stricter.
constexpr std::string_view kStyle = R"css(
tr.first-of-rate > th, tr.first-of-rate > td { border-top: 2px solid var(--edge); }
tr.knee { background: var(--box); } tr.knee th::after { content: " ◄ knee"; color: var(--focus); }
table td.rest { min-width: 22em; } ul { padding-left: 20px; } figure[data-chart] .plot { height: 300px; } .conclusions li { margin: 4px 0; }
)css";

struct Figure {
  const char* name;  // what page/ladders.js knows it by
  const char* title;
  const char* note;
};
constexpr std::array<Figure, 4> kFigures{{
    {"status_p99", "Response time of status, p99", "from when a request was due; log scale"},
    {"redis_cpu", "CPU of the Redis", "percent of the core that executes its commands"},
    {"gateway_cpu", "CPU of the gateway", "percent of what it may use"},
    {"redis_commands", "Commands per second at the Redis", "those that scripts call included; log scale"},
}};

void load(Table& table, const std::optional<double>& share) {
  if (share) {
    table.load(*share, share_words(share), *share >= kNearItsLimit);
  } else {
    table.number("not seen");
  }
}

bool is_knee(const Ladder& ladder, const LadderRung& rung) {
  return ladder.knee.held_rps && *ladder.knee.held_rps == rung.planned_rps;
}

std::string why(const LadderRung& rung) {
  std::string text;
  for (const auto& reason : rung.reasons) text += (text.empty() ? "" : "; ") + reason;
  return text;
}

std::string why_list(const LadderStudy& study) {
  std::string items;
  for (const auto& ladder : study.ladders) {
    for (const auto& rung : ladder.rungs) {
      if (rung.state == State::kHeld) continue;
      items += fmt::format("<li>{} at {}: {}</li>\n", escaped(ladder.name), rate_words(rung.planned_rps),
                           escaped(why(rung)));
    }
  }
  return items.empty() ? "" : "<h3>Why they did not hold</h3>\n<ul>\n" + items + "</ul>\n";
}

std::string knees_section(const LadderStudy& study) {
  std::string html = "<section><h2>The knees</h2>\n<div class=\"numbers\">\n";
  for (const auto& ladder : study.ladders) {
    html += fmt::format("<div>{}<b>{}</b><small>{} users</small></div>\n", escaped(ladder.name),
                        escaped(ladder.knee.text()), core::format_count(ladder.users()));
  }
  html += "</div>\n<ul class=\"conclusions\">\n";
  for (const auto& text : study.conclusions) html += "<li>" + escaped(text) + "</li>\n";
  html += "</ul>\n";
  for (const auto& text : study.warnings) html += "<p>⚠ " + escaped(text) + "</p>\n";
  return html + "<p class=\"soft\">" + escaped(HoldRule::words()) + "</p></section>\n";
}

std::string charts_section() {
  std::string html =
      "<section><h2>By rate</h2>\n<noscript><p class=\"soft\">The charts are drawn by a script in this page, which is "
      "switched off here. Every number behind them is in the table below.</p></noscript>\n"
      "<p class=\"soft\">The rate is on a log scale. A dashed line is the knee of the ladder of its colour; with ≥ it "
      "lies there or above. Drag to zoom all charts, double-click to go back; untick a ladder to leave it out.</p>\n"
      "<div class=\"charts\">\n";
  for (const auto& figure : kFigures) {
    html += fmt::format(
        "<figure data-chart=\"{}\"><figcaption>{} <small>{}</small></figcaption><div class=\"plot\"></div></figure>\n",
        figure.name, figure.title, figure.note);
  }
  return html + "</div></section>\n";
}

void rung_row(Table& table, const Ladder& ladder, const LadderRung& rung, bool first) {
  const bool knee = is_knee(ladder, rung);
  table.row(knee ? (first ? "knee first-of-rate" : "knee") : (first ? "first-of-rate" : ""));
  table.name(fmt::format("{} {}", rate_words(rung.planned_rps), ladder.name));
  switch (rung.state) {
    case State::kHeld:
      table.text("✓ held", "passed");
      break;
    case State::kBroke:
      table.text("✗ broke", "failed");
      break;
    default:
      table.text("⚠ in doubt", "invalid");
  }
  table.number(rate_words(rung.achieved_rps)).number(percent_words(rung.error_share));
  table.number(millis_words(rung.status_p50_ms)).number(millis_words(rung.status_p99_ms));
  load(table, rung.redis.share);
  load(table, rung.gateway.share);
  table.number(flow_words(rung.redis.commands_per_sec));
  table.number(micros_words(rung.redis.cpu_us_per_status)).number(micros_words(rung.gateway.cpu_us_per_status));
  table.text(rung.nearest.empty() ? "–" : fmt::format("{} {}", rung.nearest, share_words(rung.nearest_share)));
}

std::string table_section(const LadderStudy& study) {
  Table table({{"rate, ladder", Table::kText},
               {"", Table::kText},
               {"answered", Table::kNumber},
               {"errors %", Table::kNumber},
               {"status p50 ms", Table::kNumber},
               {"p99 ms", Table::kNumber},
               {"Redis CPU", Table::kNumber},
               {"gateway CPU", Table::kNumber},
               {"Redis commands", Table::kNumber},
               {"Redis µs a status", Table::kNumber},
               {"gateway µs a status", Table::kNumber},
               {"nearest its limit", Table::kText}});
  for (const double rate : study.rates) {
    bool first = true;
    for (const auto& ladder : study.ladders) {
      const LadderRung* rung = rung_at(ladder, rate);
      if (rung == nullptr) continue;
      rung_row(table, ladder, *rung, first);
      first = false;
    }
  }
  return "<section><h2>Every rung</h2>\n<p class=\"soft\">CPU is the share of a part’s limit; µs are CPU time for each "
         "status answered, whatever else the part did meanwhile. A ladder that ended early has no row for the rates it "
         "did not reach.</p>\n" +
         table.html() + why_list(study) + "</section>\n";
}

std::string ratio_words(const std::optional<double>& ratio) {
  return ratio ? fmt::format("{:.3g}", *ratio) : "–";
}

std::string ratios_section(const LadderStudy& study) {
  if (study.ratios.empty()) return "";
  Table table({{"ladders", Table::kText},
               {"users", Table::kNumber},
               {"rate", Table::kNumber},
               {"both held", Table::kText},
               {"Redis CPU", Table::kNumber},
               {"gateway CPU", Table::kNumber},
               {"Redis commands", Table::kNumber},
               {"status p99", Table::kNumber}});
  for (const auto& ratio : study.ratios) {
    table.row().name(fmt::format("{} ÷ {}", ratio.dividend->name, ratio.divisor->name));
    table.number(ratio.dividend->users()).number(rate_words(ratio.rate)).text(ratio.both_held ? "yes" : "no");
    for (const auto& value : {ratio.redis_cpu, ratio.gateway_cpu, ratio.redis_commands, ratio.status_p99}) {
      table.number(ratio_words(value));
    }
  }
  return "<section><h2>One as a share of another</h2>\n<p class=\"soft\">At the same rate, with as many users. Where "
         "one "
         "of the two did not hold, it did less than was asked of it, and the ratio says little.</p>\n" +
         table.html() + "</section>\n";
}

std::string origin_section(const LadderStudy& study) {
  Table table({{"ladder", Table::kText},
               {"users", Table::kNumber},
               {"connections", Table::kNumber},
               {"scenario", Table::kText},
               {"started at", Table::kText},
               {"machine", Table::kText},
               {"version", Table::kText},
               {"verdict", Table::kText},
               {"ended by", Table::kText},
               {"bottleneck", Table::kText}});
  for (const auto& ladder : study.ladders) {
    const auto& r = ladder.report;
    table.row().name(ladder.name).number(ladder.users()).number(r.connections.peak).text(r.scenario);
    table.text(r.started_at).text(fmt::format("{} CPUs, {}", r.host.cpus, r.host.kernel)).text(r.tool_version);
    table.text(r.verdict).text(r.aborted.empty() ? "its plan" : r.aborted).text(r.bottleneck.text, "rest");
  }
  std::string html = "<section><h2>How this was made</h2>\n";
  for (const auto& note : study.notes) html += "<p>" + escaped(note) + "</p>\n";
  return html + table.html() + "</section>\n";
}

}  // namespace

std::string study_page(const LadderStudy& study) {
  std::string html = page_head(study.title + " – tacos-load", std::string(kDygraphsStyle) + std::string(kStyle));
  html += "<header><h1>" + escaped(study.title) + "</h1></header>\n";
  html +=
      knees_section(study) + charts_section() + table_section(study) + ratios_section(study) + origin_section(study);
  html += data_element("study", study_json(study));
  for (const auto script : {kDygraphsScript, kPanelScript, kLineChartScript, kLaddersScript}) {
    html.append("<script>").append(script).append("</script>\n");
  }
  return html + "</body>\n</html>\n";
}

}  // namespace tacos::report
