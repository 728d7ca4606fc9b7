#include "report/summary.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "core/units.h"

namespace tacos::report {
namespace {

using core::format_count;
using measure::RunReport;

// Milliseconds in a column of nine, with as many digits as matter.
std::string ms(double value) {
  if (value >= 100) return fmt::format("{:9.0f}", value);
  if (value >= 10) return fmt::format("{:9.1f}", value);
  return fmt::format("{:9.3f}", value);
}

void write_verdict(const RunReport& r, bool colour, std::back_insert_iterator<std::string> out) {
  const char* paint = r.verdict == "passed" ? "\x1b[1;32m" : r.verdict == "failed" ? "\x1b[1;31m" : "\x1b[1;33m";
  std::string word = r.verdict;
  std::transform(word.begin(), word.end(), word.begin(), [](char c) { return static_cast<char>(c - 'a' + 'A'); });
  fmt::format_to(out, "\n{}{}{}  {} against {}, {:.0f} s\n", colour ? paint : "", word, colour ? "\x1b[0m" : "",
                 r.scenario, r.target, r.duration_sec);
  for (const auto& reason : r.verdict_reasons) fmt::format_to(out, "  - {}\n", reason);
}

void write_steps(const RunReport& r, std::back_insert_iterator<std::string> out) {
  fmt::format_to(out, "\n  {:<11} {:>9} | {:^39} | {:>9}\n", "", "", "response time, ms (from when it was due)",
                 "service");
  fmt::format_to(out, "  {:<11} {:>9} |{:>9} {:>9} {:>9} {:>9} | {:>9}\n", "step", "requests", "p50", "p99", "p99.9",
                 "max", "p99");
  for (const auto& [name, step] : r.steps) {
    if (step.count == 0) continue;
    const auto& t = step.response_time_ms;
    fmt::format_to(out, "  {:<11} {:>9} |{} {} {} {} | {}\n", name, format_count(step.count), ms(t.p50), ms(t.p99),
                   ms(t.p99_9), ms(t.max), ms(step.service_time_ms.p99));
  }
}

RunReport::Step busiest(const RunReport::Rung& rung) {
  RunReport::Step most;
  for (const auto& [name, step] : rung.steps) {
    if (step.count > most.count) most = step;
  }
  return most;
}

void write_rungs(const RunReport& r, std::back_insert_iterator<std::string> out) {
  if (r.rungs.empty()) return;
  fmt::format_to(out, "\n  {:<11} {:>9} {:>9} {:>9} {:>9}  {}\n", "rung", "planned/s", "achieved", "p50 ms", "p99 ms",
                 "verdict");
  for (const auto& rung : r.rungs) {
    // A rung that the run was stopped before has no steps at all.
    const auto step = busiest(rung);
    fmt::format_to(out, "  {:<11} {:>9.0f} {:>9.0f} {} {}  {}\n", rung.name, rung.planned_rps, rung.achieved_rps,
                   ms(step.response_time_ms.p50), ms(step.response_time_ms.p99), rung.verdict);
  }
}

void write_outcomes(const RunReport& r, std::back_insert_iterator<std::string> out) {
  fmt::format_to(out, "\n  rate      offered {:.0f}/s, achieved {:.0f}/s; {} scheduled =", r.rate.offered_rps,
                 r.rate.achieved_rps, format_count(r.rate.scheduled));
  bool first = true;
  for (std::size_t i = 0; i < measure::kOutcomeCount; ++i) {
    if (r.outcomes[i] == 0) continue;
    fmt::format_to(out, "{} {} {}", first ? "" : " +", format_count(r.outcomes[i]), measure::kOutcomeNames[i]);
    first = false;
  }
  fmt::format_to(out, "\n");
}

void write_users(const RunReport& r, std::back_insert_iterator<std::string> out) {
  const auto& u = r.users;
  if (u.started == 0) return;
  fmt::format_to(out, "  users     {} of {} came, {} admitted, {} entered, {} bought, {} sold out\n",
                 format_count(u.started), format_count(u.planned), format_count(u.admitted), format_count(u.entered),
                 format_count(u.confirmed), format_count(u.sold_out));
  if (u.abandoned + u.expired + u.failed + u.position_rises > 0) {
    fmt::format_to(out, "            {} abandoned, {} expired, {} failed, {} saw their position rise\n",
                   format_count(u.abandoned), format_count(u.expired), format_count(u.failed),
                   format_count(u.position_rises));
  }
}

void write_health(const RunReport& r, std::back_insert_iterator<std::string> out) {
  fmt::format_to(
      out,
      "  generator lag p99 {:.3f} ms (send lag p99 {:.3f} ms), {:.1f} us CPU a request, {:.0f} MiB, {} connections\n",
      r.dispatch_lag_ms.p99, r.send_lag_ms.p99, r.self.cpu_us_per_request,
      static_cast<double>(r.self.peak_rss_bytes) / 1048576.0, format_count(r.connections.peak));
  for (const auto& note : r.adapted) fmt::format_to(out, "  note      {}\n", note);
}

}  // namespace

std::string summary_text(const RunReport& report, bool colour) {
  std::string text;
  auto out = std::back_inserter(text);
  write_verdict(report, colour, out);
  write_steps(report, out);
  write_rungs(report, out);
  write_outcomes(report, out);
  write_users(report, out);
  write_health(report, out);
  for (const auto& gate : report.gates) {
    fmt::format_to(out, "  gate      {} {} (was {})\n", gate.passed ? "holds " : "BROKEN", gate.expression, gate.value);
  }
  return text;
}

}  // namespace tacos::report
