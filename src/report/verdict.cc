#include "report/verdict.h"

#include <fmt/format.h>

#include "core/units.h"

namespace tacos::report {
namespace {

using measure::Outcome;

std::uint64_t of(const measure::RunReport& report, Outcome outcome) {
  return report.outcomes[static_cast<std::size_t>(outcome)];
}

void find_invalid(const measure::RunReport& r, std::vector<std::string>& reasons) {
  if (r.interrupted)
    reasons.emplace_back("the run was interrupted: what it measured is in the report, but it proves nothing");
  if (const auto missing = unaccounted(r); missing != 0) {
    reasons.push_back(
        fmt::format("{} scheduled requests have no outcome: please report this as a fault of tacos-load", missing));
  }
  if (r.rate.scheduled == 0) reasons.emplace_back("nothing was scheduled outside the warm-up");
  const double limit_ms = r.validity.dispatch_lag_p99_ms;
  if (r.dispatch_lag_ms.p99 > limit_ms) {
    const bool starved = r.self.busiest_worker_cpu_share < 0.9;
    reasons.push_back(fmt::format(
        "the generator was the bottleneck: one request in a hundred was taken up {:.1f} ms or more after it was due "
        "(limit "
        "{:.1f} ms). Its busiest thread used {:.0f} % of a core: {}",
        r.dispatch_lag_ms.p99, limit_ms, r.self.busiest_worker_cpu_share * 100,
        starved ? "it did not get the processor when it needed it. Give it a core of its own, or another machine"
                : "raise --workers if there are cores free, or lower --rps"));
  }
  const double scheduled = static_cast<double>(r.rate.scheduled);
  const auto dropped = of(r, Outcome::kShed);
  if (static_cast<double>(dropped) > scheduled * (1 - r.validity.least_dispatched)) {
    reasons.push_back(
        fmt::format("{} of {} requests were shed because the backlog was full: the target answered far less "
                    "than was offered. Lower --rps, or see at which rate it bends with scenarios/ladder.json",
                    core::format_count(dropped), core::format_count(r.rate.scheduled)));
  }
  const auto unfilled = of(r, Outcome::kUnfilled);
  if (static_cast<double>(unfilled) > scheduled * (1 - r.validity.least_dispatched)) {
    reasons.push_back(fmt::format(
        "{} of {} requests had no user left to send them: all {} users were done. Raise --users",
        core::format_count(unfilled), core::format_count(r.rate.scheduled), core::format_count(r.users.planned)));
  }
  // A whole climb can look healthy while its top, the part that was asked about, was not.
  for (const auto& rung : r.rungs) {
    if (rung.verdict != "invalid") continue;
    reasons.push_back(
        fmt::format("at {}: the generator was the bottleneck. Lower this rung's rate, raise --workers if there are "
                    "cores free, or use "
                    "another machine",
                    rung.name));
  }
}

constexpr double kLongConnectionWaitMs = 10;

// What no gate needs to ask: a run in which most requests failed has not passed, and one without an answer has measured
// nothing but failure.
void add_failures(const measure::RunReport& r, std::vector<std::string>& reasons) {
  const std::uint64_t scheduled = r.rate.scheduled;
  if (scheduled > 0 && r.rate.completed == 0) {
    reasons.push_back(fmt::format(
        "not one of {} requests was answered. Does the target speak {} there, and does it want a client certificate?",
        core::format_count(scheduled), r.target.starts_with("https") ? "HTTPS" : "HTTP (rather than HTTPS)"));
    return;
  }
  if (measure::errors(r.outcomes) * 2 > scheduled) {
    reasons.push_back(fmt::format("{} of {} requests failed, which no gate has to say",
                                  core::format_count(measure::errors(r.outcomes)), core::format_count(scheduled)));
  }
}

}  // namespace

std::int64_t unaccounted(const measure::RunReport& report) {
  return static_cast<std::int64_t>(report.rate.scheduled) - static_cast<std::int64_t>(measure::total(report.outcomes));
}

Verdict judge(const measure::RunReport& report) {
  Verdict result;
  find_invalid(report, result.reasons);
  if (!result.reasons.empty()) {
    result.verdict = "invalid";
    return result;
  }
  if (!report.aborted.empty()) {
    result.reasons.push_back(fmt::format("ended after {:.0f} s of {:.0f} because {} broke", report.duration_sec,
                                         report.schedule_sec, report.aborted));
  }
  add_failures(report, result.reasons);
  for (const auto& gate : report.gates) {
    if (!gate.passed) result.reasons.push_back(fmt::format("{} does not hold: it was {}", gate.expression, gate.value));
  }
  for (const auto& rung : report.rungs) {
    for (const auto& gate : rung.gates) {
      if (!gate.passed) {
        result.reasons.push_back(
            fmt::format("at {}: {} does not hold: it was {}", rung.name, gate.expression, gate.value));
      }
    }
  }
  result.verdict = result.reasons.empty() ? "passed" : "failed";
  if (result.verdict == "failed" && report.connection_wait_ms.p99 > kLongConnectionWaitMs) {
    result.reasons.push_back(
        fmt::format("one request in a hundred waited {:.0f} ms or more for a free connection: all {} were busy. If "
                    "real users would "
                    "not queue for a connection, raise --connections",
                    report.connection_wait_ms.p99, core::format_count(report.connections.peak)));
  }
  return result;
}

int exit_code_of(std::string_view verdict) {
  if (verdict == "passed") return 0;
  return verdict == "failed" ? 1 : 4;
}

}  // namespace tacos::report
