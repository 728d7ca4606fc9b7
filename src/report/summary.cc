#include "report/summary.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "core/text_columns.h"
#include "core/units.h"
#include "report/text_table.h"

namespace tacos::report {
namespace {

using core::columns_of;
using core::cut_to_columns;
using core::format_count;
using measure::RunReport;

constexpr std::size_t kLabelWidth = 12;
constexpr std::size_t kLeastWidth = 20;

// Milliseconds with as many digits as matter.
std::string ms(double value) {
  if (value >= 100) return fmt::format("{:.0f}", value);
  if (value >= 10) return fmt::format("{:.1f}", value);
  return fmt::format("{:.3f}", value);
}

std::string per_second(double rate) {
  return format_count(static_cast<std::uint64_t>(std::max(0.0, rate) + 0.5));
}

std::uint64_t errors_of(const measure::OutcomeCounts& outcomes) {
  std::uint64_t errors = 0;
  for (std::size_t o = 1; o < outcomes.size(); ++o) errors += outcomes[o];
  return errors;
}

// Lines of a label's own, broken between the parts and, where a part is wider than a line, between its words.
std::string labelled(std::string_view label, const std::vector<std::string>& parts, std::string_view between,
                     std::size_t width) {
  const std::size_t room = std::max<std::size_t>(width, kLabelWidth + 8) - kLabelWidth;
  std::vector<std::string> lines{""};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string part = parts[i] + std::string(i + 1 < parts.size() ? between : "");
    if (!lines.back().empty() && columns_of(lines.back()) + columns_of(part) > room) lines.emplace_back();
    if (columns_of(lines.back()) + columns_of(part) <= room) {
      lines.back() += part + (i + 1 < parts.size() ? " " : "");
      continue;
    }
    auto folded = core::wrap_to_columns(part, room, 3);
    lines.back() = folded[0];
    lines.insert(lines.end(), std::next(folded.begin()), folded.end());
    lines.back() += ' ';
  }
  std::string text;
  for (auto& line : lines) {
    const auto end = line.find_last_not_of(' ');
    line.resize(end == std::string::npos ? 0 : end + 1);
    text += fmt::format("  {:<{}}{}\n", text.empty() ? label : "", kLabelWidth - 2, line);
  }
  return text;
}

// A reason ends in what to do about it, so it is cut only where a screen would be full of it.
constexpr std::size_t kReasonLines = 8;

std::string verdict(const RunReport& r, bool colour, std::size_t width) {
  const char* paint = r.verdict == "passed" ? "\x1b[1;32m" : r.verdict == "failed" ? "\x1b[1;31m" : "\x1b[1;33m";
  std::string word = r.verdict;
  std::transform(word.begin(), word.end(), word.begin(), [](char c) { return static_cast<char>(c - 'a' + 'A'); });
  const std::string rest = fmt::format("  {} against {}, {:.0f} s", r.scenario, r.target, r.duration_sec);
  std::string text = fmt::format("\n{}{}{}{}\n", colour ? paint : "", word, colour ? "\x1b[0m" : "",
                                 cut_to_columns(rest, width - std::min(width, word.size())));
  for (const auto& reason : r.verdict_reasons) {
    std::string_view mark = "  - ";
    for (const auto& line : core::wrap_to_columns(reason, width - mark.size(), kReasonLines)) {
      text += fmt::format("{}{}\n", mark, line);
      mark = "    ";
    }
  }
  return text;
}

// Broken gates of a run without rungs stand among the reasons already; here is each with what was found.
std::string gates(const RunReport& r, std::size_t width) {
  std::string text;
  for (const auto& gate : r.gates) {
    const std::string found = fmt::format(" (was {})", gate.value);
    const std::string start = fmt::format("  gate      {} ", gate.passed ? "holds " : "BROKEN");
    const std::size_t room = width - std::min(width, columns_of(start) + columns_of(found));
    text +=
        cut_to_columns(start + cut_to_columns(gate.expression, std::max<std::size_t>(room, 8)) + found, width) + "\n";
  }
  return text;
}

std::string steps(const RunReport& r, std::size_t width) {
  const bool any_errors =
      std::any_of(r.steps.begin(), r.steps.end(), [](const auto& step) { return errors_of(step.second.outcomes) > 0; });
  std::vector<TextTable::Column> columns{{"response ms", 12}, {"requests", 10}, {"errors", 8, 2},
                                         {"p50", 7},          {"p90", 7, 7},    {"p99", 7},
                                         {"p99.9", 7, 4},     {"max", 7, 3},    {"service p99", 13, 6}};
  if (!any_errors) columns.erase(columns.begin() + 2);
  TextTable table(std::move(columns));
  for (const auto& [name, step] : r.steps) {
    if (step.count == 0) continue;
    const auto& t = step.response_time_ms;
    std::vector<std::string> cells{name, format_count(step.count)};
    if (any_errors) cells.push_back(format_count(errors_of(step.outcomes)));
    for (const double value : {t.p50, t.p90, t.p99, t.p99_9, t.max, step.service_time_ms.p99})
      cells.push_back(ms(value));
    table.row(std::move(cells));
  }
  return "\n" + table.text(width);
}

std::string rungs(const RunReport& r, std::size_t width) {
  if (r.rungs.empty()) return "";
  TextTable table({{"rung", 12},
                   {"planned/s", 11, 2},
                   {"achieved/s", 11},
                   {"errors", 9, 1},
                   {"worst p99", 10},
                   {"ms, of step", 13, 3},
                   {"verdict", 10}});
  for (const auto& rung : r.rungs) {
    // A rung that the run was stopped before has no steps at all.
    const auto worst = std::max_element(rung.steps.begin(), rung.steps.end(), [](const auto& a, const auto& b) {
      return a.second.response_time_ms.p99 < b.second.response_time_ms.p99;
    });
    const bool none = worst == rung.steps.end();
    table.row({rung.name, per_second(rung.planned_rps), per_second(rung.achieved_rps),
               format_count(errors_of(rung.outcomes)), none ? "-" : ms(worst->second.response_time_ms.p99),
               none ? "-" : cut_to_columns(worst->first, 12), rung.verdict});
  }
  return "\n" + table.text(width);
}

std::string percent(const std::optional<double>& share) {
  return share ? fmt::format("{:.0f} %", *share * 100) : "-";
}

// What each part used of its limit and, where there are rungs, how that grew.
std::string components(const RunReport& r, std::size_t width) {
  if (r.components.empty()) return "";
  using measure::Flow;
  TextTable table({{"component", 24},
                   {"cores", 7, 1},
                   {"of limit", 10},
                   {"at most", 9},
                   {"commands/s", 12, 2},
                   {"MiB", 8, 3},
                   {"missed", 8, 4}});
  for (const auto& c : r.components) {
    const auto& cpu = c.mean.of(Flow::kCpu);
    const auto& commands = c.mean.of(Flow::kCommands);
    const auto& memory = c.mean.of(measure::Level::kMemory);
    table.row({c.name, cpu ? fmt::format("{:.2f}", *cpu) : "-", percent(c.mean.utilisation),
               percent(c.peak_utilisation), commands ? per_second(*commands) : "-",
               memory ? fmt::format("{:.0f}", *memory / 1048576.0) : "-", format_count(c.missed_samples)});
  }
  std::string text = "\n" + table.text(width);
  for (const auto& rung : r.rungs) {
    std::vector<std::string> parts;
    for (const auto& [name, use] : rung.components) {
      if (use.utilisation) parts.push_back(fmt::format("{} {}", name, percent(use.utilisation)));
    }
    if (!parts.empty()) text += labelled(cut_to_columns(rung.name, kLabelWidth - 3), parts, ",", width);
  }
  return text + labelled("limit", {r.bottleneck.text}, "", width);
}

std::string rate(const RunReport& r, std::size_t width) {
  std::string sum = fmt::format("{} due =", format_count(r.rate.scheduled));
  bool first = true;
  for (std::size_t i = 0; i < measure::kOutcomeCount; ++i) {
    if (r.outcomes[i] == 0) continue;
    sum += fmt::format("{} {} {}", first ? "" : " +", format_count(r.outcomes[i]), measure::kOutcomeNames[i]);
    first = false;
  }
  return labelled("rate",
                  {fmt::format("{} of {}/s", per_second(r.rate.achieved_rps), per_second(r.rate.offered_rps)), sum},
                  ";", width);
}

std::string users(const RunReport& r, std::size_t width) {
  const auto& u = r.users;
  if (u.started == 0) return "";
  std::vector<std::string> parts{fmt::format("{} of {} joined", format_count(u.started), format_count(u.planned)),
                                 format_count(u.admitted) + " admitted", format_count(u.entered) + " entered",
                                 format_count(u.confirmed) + " bought", format_count(u.sold_out) + " sold out"};
  const auto also = [&](std::uint64_t count, std::string_view what) {
    if (count > 0) parts.push_back(fmt::format("{} {}", format_count(count), what));
  };
  also(u.abandoned, "abandoned");
  also(u.expired, "expired");
  also(u.failed, "failed");
  also(u.fairness.overtaken, "overtaken");
  also(u.position_rises, "saw their position rise");
  if (const double median = u.time_to_admission_ms.p50; median > 0) {
    parts.push_back("median wait to admission " + core::format_latency(core::from_seconds(median / 1000)));
  }
  return labelled("users", parts, ",", width);
}

std::string generator(const RunReport& r, std::size_t width) {
  return labelled("generator",
                  {fmt::format("lag p99 {} ms", ms(r.dispatch_lag_ms.p99)),
                   fmt::format("send lag p99 {} ms", ms(r.send_lag_ms.p99)),
                   fmt::format("busiest worker {:.0f} % CPU", r.self.busiest_worker_cpu_share * 100),
                   fmt::format("{:.1f} us CPU a request", r.self.cpu_us_per_request),
                   fmt::format("{:.0f} MiB", static_cast<double>(r.self.peak_rss_bytes) / 1048576.0),
                   fmt::format("{} connections", format_count(r.connections.peak))},
                  ",", width);
}

}  // namespace

std::string summary_text(const RunReport& report, bool colour, std::size_t width) {
  width = std::max(width, kLeastWidth);
  std::string text = verdict(report, colour, width) + gates(report, width) + steps(report, width) +
                     rungs(report, width) + components(report, width) + "\n" + rate(report, width) +
                     users(report, width) + generator(report, width);
  for (const auto& note : report.adapted) text += labelled("note", {note}, "", width);
  return text;
}

std::string files_text(const std::string& directory, std::size_t width) {
  std::string text = fmt::format("  {:<{}}{}/report.html\n", "report", kLabelWidth - 2, directory);
  std::string_view start = "  and ";
  for (const auto& line :
       core::wrap_to_columns("report.json intervals.csv latency.hlog latency.hgrm summary.md junit.xml",
                             std::max(width, kLeastWidth) - start.size(), 6)) {
    text += fmt::format("{}{}\n", start, line);
    start = "      ";
  }
  return text;
}

}  // namespace tacos::report
