#include "report/ladders/study_text.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "core/text_columns.h"
#include "core/units.h"
#include "report/ladders/figures_in_words.h"
#include "report/markdown_text.h"
#include "report/text_table.h"

namespace tacos::report {
namespace {

using State = LadderRung::State;

constexpr std::size_t kMostLines = 12;  // of one sentence; beyond that the page has it whole

std::string state_words(const Ladder& ladder, const LadderRung& rung) {
  if (rung.state == State::kBroke) return "broke";
  if (rung.state == State::kInDoubt) return "in doubt";
  return ladder.knee.held_rps == rung.planned_rps ? "knee" : "held";
}

std::string sentences(const std::vector<std::string>& texts, std::string_view mark, std::size_t width) {
  std::string out;
  for (const auto& text : texts) {
    bool first = true;
    for (const auto& line : core::wrap_to_columns(text, std::max<std::size_t>(width, 24) - 4, kMostLines)) {
      out += fmt::format("  {} {}\n", first ? mark : " ", line);
      first = false;
    }
  }
  return out;
}

template <class Row>
void for_each_rung(const LadderStudy& study, Row row) {
  for (const double rate : study.rates) {
    for (const auto& ladder : study.ladders) {
      if (const LadderRung* rung = rung_at(ladder, rate)) row(ladder, *rung);
    }
  }
}

}  // namespace

std::string study_text(const LadderStudy& study, std::size_t width) {
  std::string out = core::cut_to_columns(study.title, width) + "\n";
  std::size_t longest = 6;
  for (const auto& ladder : study.ladders) longest = std::max(longest, core::columns_of(ladder.name));
  TextTable table({{"ladder", std::min<std::size_t>(longest, 32) + 1},
                   {"rate", 10},
                   {"", 10},
                   {"answered", 10, 4},
                   {"errors %", 9, 3},
                   {"p50 ms", 8, 5},
                   {"p99 ms", 8},
                   {"Redis CPU", 10},
                   {"gateway", 8},
                   {"commands", 11},
                   {"Redis us", 9, 6},
                   {"gw us", 8, 6}});
  for_each_rung(study, [&](const Ladder& ladder, const LadderRung& rung) {
    table.row({ladder.name, rate_words(rung.planned_rps), state_words(ladder, rung), rate_words(rung.achieved_rps),
               percent_words(rung.error_share), millis_words(rung.status_p50_ms), millis_words(rung.status_p99_ms),
               share_words(rung.redis.share), share_words(rung.gateway.share), flow_words(rung.redis.commands_per_sec),
               micros_words(rung.redis.cpu_us_per_status), micros_words(rung.gateway.cpu_us_per_status)});
  });
  out += table.text(width) + "\n";
  out += sentences(study.conclusions, "-", width);
  return out + sentences(study.warnings, "!", width);
}

std::string study_markdown(const LadderStudy& study) {
  std::string out = fmt::format("# {}\n\n", plain_markdown(study.title));
  out += "| ladder | users | knee |\n|---|---:|---:|\n";
  for (const auto& ladder : study.ladders) {
    out += fmt::format("| {} | {} | {} |\n", plain_markdown(ladder.name), core::format_count(ladder.users()),
                       plain_markdown(ladder.knee.text()));
  }
  out += "\n";
  for (const auto& text : study.conclusions) out += "- " + plain_markdown(text) + "\n";
  for (const auto& text : study.warnings) out += "- ⚠️ " + plain_markdown(text) + "\n";
  out +=
      "\n| rate | ladder | | answered | errors % | status p50 ms | p99 ms | Redis CPU | gateway CPU | Redis commands | "
      "Redis µs a status | gateway µs a status | nearest its limit |\n"
      "|---:|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|\n";
  for_each_rung(study, [&](const Ladder& ladder, const LadderRung& rung) {
    const std::string state = state_words(ladder, rung);
    out += fmt::format(
        "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n", rate_words(rung.planned_rps),
        plain_markdown(ladder.name), state == "knee" ? "**knee**" : state, rate_words(rung.achieved_rps),
        percent_words(rung.error_share), millis_words(rung.status_p50_ms), millis_words(rung.status_p99_ms),
        share_words(rung.redis.share), share_words(rung.gateway.share), flow_words(rung.redis.commands_per_sec),
        micros_words(rung.redis.cpu_us_per_status), micros_words(rung.gateway.cpu_us_per_status),
        plain_markdown(rung.nearest.empty() ? "–" : rung.nearest + " " + share_words(rung.nearest_share)));
  });
  out += "\n" + plain_markdown(HoldRule::words()) + "\n";
  for (const auto& note : study.notes) out += "\n" + plain_markdown(note) + "\n";
  return out;
}

}  // namespace tacos::report
