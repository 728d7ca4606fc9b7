#include "report/markdown.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "core/units.h"
#include "report/markdown_text.h"

namespace tacos::report {
namespace {

using core::format_count;
using measure::RunReport;
using Out = std::back_insert_iterator<std::string>;

std::string ms(double value) {
  if (value >= 100) return fmt::format("{:.0f}", value);
  return fmt::format("{:.{}f}", value, value >= 10 ? 1 : 3);
}

std::string sign_of(bool passed) {
  return passed ? "✅" : "❌";
}

std::string sign_of(std::string_view verdict) {
  if (verdict == "passed" || verdict == "failed") return sign_of(verdict == "passed");
  return "⚠️";
}

void write_gates(const RunReport& r, Out out) {
  if (r.gates.empty()) return;
  fmt::format_to(out, "\n| | gate | was |\n|---|---|---:|\n");
  for (const auto& gate : r.gates) {
    fmt::format_to(out, "| {} | {} | {} |\n", sign_of(gate.passed), plain_markdown(gate.expression),
                   plain_markdown(gate.value));
  }
}

void write_steps(const RunReport& r, Out out) {
  fmt::format_to(out,
                 "\n| step | requests | errors | p50 ms | p90 ms | p99 ms | p99.9 ms | max ms | service p99 ms |\n"
                 "|---|---:|---:|---:|---:|---:|---:|---:|---:|\n");
  for (const auto& [name, step] : r.steps) {
    const auto& t = step.response_time_ms;
    fmt::format_to(out, "| {} | {} | {} | {} | {} | {} | {} | {} | {} |\n", plain_markdown(name),
                   format_count(step.count), format_count(measure::errors(step.outcomes)), ms(t.p50), ms(t.p90),
                   ms(t.p99), ms(t.p99_9), ms(t.max), ms(step.service_time_ms.p99));
  }
  fmt::format_to(out, "\nResponse times run from when a request was due; service times from when it was sent.\n");
}

void write_rungs(const RunReport& r, Out out) {
  if (r.rungs.empty()) return;
  fmt::format_to(out,
                 "\n| | rung | planned/s | achieved/s | errors | lag p99 ms | broken gates "
                 "|\n|---|---|---:|---:|---:|---:|---|\n");
  for (const auto& rung : r.rungs) {
    std::string broken;
    for (const auto& gate : rung.gates) {
      if (!gate.passed) broken += fmt::format("{}{} (was {})", broken.empty() ? "" : "; ", gate.expression, gate.value);
    }
    fmt::format_to(out, "| {} | {} | {:.0f} | {:.0f} | {} | {} | {} |\n", sign_of(rung.verdict),
                   plain_markdown(rung.name), rung.planned_rps, rung.achieved_rps,
                   format_count(measure::errors(rung.outcomes)), ms(rung.send_lag_ms.p99), plain_markdown(broken));
  }
}

std::string percent(const std::optional<double>& share) {
  return share ? fmt::format("{:.0f} %", *share * 100) : "–";
}

// Where there are rungs a row for each, as the question is at which rate a part gives out; else a row per part.
void write_components(const RunReport& r, Out out) {
  if (r.components.empty()) return;
  fmt::format_to(out, "\n**{}**\n", plain_markdown(r.bottleneck.text));
  fmt::format_to(out, "\n| | cores | of its limit | at most | commands/s |\n|---|---:|---:|---:|---:|\n");
  for (const auto& c : r.components) {
    const auto& cpu = c.mean.of(measure::Flow::kCpu);
    const auto& commands = c.mean.of(measure::Flow::kCommands);
    fmt::format_to(out, "| {} | {} | {} | {} | {} |\n", plain_markdown(c.name), cpu ? fmt::format("{:.2f}", *cpu) : "–",
                   percent(c.mean.utilisation), percent(c.peak_utilisation),
                   commands ? fmt::format("{:.0f}", *commands) : "–");
  }
  if (r.rungs.empty()) return;
  fmt::format_to(out, "\n| rung |");
  for (const auto& c : r.components) fmt::format_to(out, " {} |", plain_markdown(c.name));
  fmt::format_to(out, "\n|---|");
  for (std::size_t c = 0; c < r.components.size(); ++c) fmt::format_to(out, "---:|");
  for (const auto& rung : r.rungs) {
    fmt::format_to(out, "\n| {} |", plain_markdown(rung.name));
    for (const auto& c : r.components) {
      const auto use = std::find_if(rung.components.begin(), rung.components.end(),
                                    [&](const auto& each) { return each.first == c.name; });
      fmt::format_to(out, " {} |", use == rung.components.end() ? "not seen" : percent(use->second.utilisation));
    }
  }
  fmt::format_to(out, "\n");
}

void write_facts(const RunReport& r, Out out) {
  fmt::format_to(out,
                 "\n- **Rate**: {:.0f}/s offered, {:.0f}/s achieved over {:.0f} s; {} scheduled =", r.rate.offered_rps,
                 r.rate.achieved_rps, r.duration_sec - r.warmup_sec, format_count(r.rate.scheduled));
  bool first = true;
  for (std::size_t i = 0; i < measure::kOutcomeCount; ++i) {
    if (r.outcomes[i] == 0) continue;
    fmt::format_to(out, "{} {} {}", first ? "" : " +", format_count(r.outcomes[i]),
                   plain_markdown(measure::kOutcomeNames[i]));
    first = false;
  }
  const auto& u = r.users;
  if (u.started > 0) {
    fmt::format_to(out, "\n- **Users**: {} of {} came, {} admitted, {} entered, {} bought, {} sold out, {} abandoned",
                   format_count(u.started), format_count(u.planned), format_count(u.admitted), format_count(u.entered),
                   format_count(u.confirmed), format_count(u.sold_out), format_count(u.abandoned));
  }
  fmt::format_to(out,
                 "\n- **Generator**: dispatch lag p99 {} ms, send lag p99 {} ms, {:.1f} µs CPU a request, {:.0f} MiB\n",
                 ms(r.dispatch_lag_ms.p99), ms(r.send_lag_ms.p99), r.self.cpu_us_per_request,
                 static_cast<double>(r.self.peak_rss_bytes) / 1048576.0);
  for (const auto& note : r.adapted) fmt::format_to(out, "- **Adapted**: {}\n", plain_markdown(note));
  fmt::format_to(out, "- **Made by**: tacos {}, {}, seed {}, {} CPUs, {}\n", plain_markdown(r.tool_version),
                 plain_markdown(r.command), r.seed, r.host.cpus, plain_markdown(r.started_at));
}

}  // namespace

std::string summary_markdown(const RunReport& report) {
  std::string text;
  auto out = std::back_inserter(text);
  fmt::format_to(out, "## {} {}: {} against {}\n", sign_of(report.verdict), plain_markdown(report.verdict),
                 plain_markdown(report.scenario), plain_markdown(report.target));
  if (!report.verdict_reasons.empty()) text += '\n';
  for (const auto& reason : report.verdict_reasons) fmt::format_to(out, "- {}\n", plain_markdown(reason));
  write_gates(report, out);
  write_steps(report, out);
  write_rungs(report, out);
  write_components(report, out);
  write_facts(report, out);
  return text;
}

}  // namespace tacos::report
