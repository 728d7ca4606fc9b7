#include "report/reading.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/units.h"
#include "report/verdict.h"

namespace tacos::report {
namespace {

using core::format_count;
using measure::RunReport;

constexpr std::size_t kInARow = 3;
constexpr std::size_t kFewest = 8;
constexpr double kTimesUsual = 3;
constexpr double kBeyondUsualMs = 1;
constexpr double kErrorShare = 0.01;
constexpr double kAnsweredShare = 0.99;

std::string latency(double millis) {
  return core::format_latency(core::from_seconds(millis / 1e3));
}

std::string rate_text(double per_second) {
  return format_count(static_cast<std::uint64_t>(per_second + 0.5)) + "/s";
}

std::vector<const RunReport::Interval*> measured_intervals(const RunReport& r) {
  std::vector<const RunReport::Interval*> intervals;
  for (const auto& i : r.intervals) {
    if (i.t_sec >= r.warmup_sec && i.offered > 0) intervals.push_back(&i);
  }
  return intervals;
}

// Why this interval is not as it should be; empty when it is.
std::string sign_of(const RunReport::Interval& i, double usual_ms) {
  const auto offered = static_cast<double>(i.offered);
  if (static_cast<double>(i.errors) > kErrorShare * offered) {
    return fmt::format("{:.1f} % of requests failed", 100 * static_cast<double>(i.errors) / offered);
  }
  if (i.planned > 0 && static_cast<double>(i.completed) < kAnsweredShare * i.planned) {
    return fmt::format("{:.1f} % of the plan was answered", 100 * static_cast<double>(i.completed) / i.planned);
  }
  if (i.response_p99_ms > kTimesUsual * usual_ms && i.response_p99_ms > usual_ms + kBeyondUsualMs) {
    return fmt::format("p99 stood at {}, {:.0f} times its usual {}", latency(i.response_p99_ms),
                       i.response_p99_ms / std::max(usual_ms, 1e-6), latency(usual_ms));
  }
  return {};
}

double highest_rate(const RunReport& r) {
  double most = 0;
  for (const auto& i : r.intervals) most = std::max(most, i.planned);
  return r.interval_sec > 0 ? most / r.interval_sec : most;
}

std::string held(const RunReport& r) {
  std::size_t gates = r.gates.size(), broken = 0;
  for (const auto& gate : r.gates) broken += gate.passed ? 0u : 1u;
  for (const auto& rung : r.rungs) {
    gates += rung.gates.size();
    for (const auto& gate : rung.gates) broken += gate.passed ? 0u : 1u;
  }
  const std::string what = fmt::format(
      "{} requests in {:.0f} s, up to {}; {} errors, {} of what was due was answered", format_count(r.rate.scheduled),
      r.duration_sec - r.warmup_sec, rate_text(highest_rate(r)), format_count(measure::errors(r.outcomes)),
      r.rate.scheduled == 0 ? "none"
                            : fmt::format("{:.2f} %", 100 * static_cast<double>(r.rate.completed) /
                                                          static_cast<double>(r.rate.scheduled)));
  if (r.verdict == "invalid") return "This run cannot say. " + what + ".";
  if (gates == 0) return "Nobody asked: the run has no gates. " + what + ".";
  if (r.verdict == "passed") {
    return gates == 1 ? "Yes: the gate holds. " + what + "." : fmt::format("Yes: all {} gates hold. {}.", gates, what);
  }
  return fmt::format("No: {} of {} gates broke. {}.", broken, gates, what);
}

std::string bent(const RunReport& r) {
  std::size_t hiccups = 0;
  const auto intervals = measured_intervals(r);
  if (intervals.size() < kFewest) return "The run is too short to say.";
  if (r.rate.completed == 0) return "It never stood.";
  if (const auto bend = find_bend(r)) {
    return fmt::format("At {:.0f} s, at {}: from there {}.", bend->t_sec, rate_text(bend->rate), bend->sign);
  }
  for (const auto* i : intervals) hiccups += i->response_p99_9_ms > 10 * std::max(i->response_p50_ms, 1.0) ? 1u : 0u;
  std::string text = fmt::format(
      "Nowhere, up to the {} it was asked for: p99 never stood for {} intervals above three "
      "times its usual.",
      rate_text(highest_rate(r)), kInARow);
  if (hiccups > 0) {
    text += fmt::format(
        " In {} of {} intervals one request in a thousand took more than ten times the median (and over "
        "10 ms).",
        hiccups, intervals.size());
  }
  return text;
}

std::string felt(const RunReport& r, const measure::Percentiles& all) {
  if (all.max <= 0) return "Nothing: no request was answered.";
  std::string text = fmt::format(
      "Half of all requests were answered within {} of when they were due, 99 of 100 within {}, the slowest after {}.",
      latency(all.p50), latency(all.p99), latency(all.max));
  const auto& u = r.users;
  if (u.started == 0) return text;
  text += fmt::format(" Of {} people {} were let in", format_count(u.started), format_count(u.entered));
  if (u.time_to_admission_ms.max > 0) {
    text += fmt::format(", half of them within {} of joining", latency(u.time_to_admission_ms.p50));
  }
  text += fmt::format("; {} bought", format_count(u.confirmed));
  if (u.sold_out > 0) {
    text += fmt::format("; {} were told it was sold out", format_count(u.sold_out));
    if (u.time_to_sold_out_ms.max > 0)
      text += fmt::format(", half of them within {}", latency(u.time_to_sold_out_ms.p50));
  }
  if (u.abandoned > 0) text += fmt::format("; {} lost patience", format_count(u.abandoned));
  text += u.position_rises + u.fairness.overtaken == 0
              ? ". Nobody saw their position rise, and nobody was provably overtaken."
              : fmt::format(". {} times a position rose, and {} people were overtaken by somebody who came later.",
                            format_count(u.position_rises), format_count(u.fairness.overtaken));
  return text;
}

std::string trusted(const RunReport& r) {
  const std::string lag =
      fmt::format("the generator took up 99 of 100 requests within {} of when they were due (limit {})",
                  latency(r.dispatch_lag_ms.p99), latency(r.validity.dispatch_lag_p99_ms));
  if (r.verdict == "invalid") {
    return fmt::format("No: {}", r.verdict_reasons.empty() ? "the run is invalid." : r.verdict_reasons.front());
  }
  if (r.rate.completed == 0) return "There is nothing to trust: no request was answered.";
  std::string text = fmt::format(
      "Yes: {}, every one of the {} scheduled requests is accounted for, and its busiest "
      "thread used {:.0f} % of a core.",
      lag, format_count(r.rate.scheduled), r.self.busiest_worker_cpu_share * 100);
  if (!r.adapted.empty()) text += " What was adapted to the machine stands under Generator health.";
  return text;
}

}  // namespace

std::optional<Bend> find_bend(const RunReport& r) {
  const auto intervals = measured_intervals(r);
  if (intervals.size() < kFewest) return {};
  std::vector<double> first;
  for (std::size_t i = 0; i < intervals.size() / 4 || i < 2; ++i) first.push_back(intervals[i]->response_p99_ms);
  std::nth_element(first.begin(), first.begin() + static_cast<std::ptrdiff_t>(first.size() / 2), first.end());
  const double usual = first[first.size() / 2];
  std::size_t run = 0;
  for (std::size_t i = 0; i < intervals.size(); ++i) {
    run = sign_of(*intervals[i], usual).empty() ? 0 : run + 1;
    if (run < kInARow) continue;
    const auto& at = *intervals[i + 1 - kInARow];
    return Bend{at.t_sec, r.interval_sec > 0 ? at.planned / r.interval_sec : at.planned, sign_of(at, usual)};
  }
  return {};
}

std::vector<Answer> reading_of(const RunReport& r, const measure::Percentiles& all) {
  return {{"Did it hold?", held(r)},
          {"Where did it bend?", bent(r)},
          {"What did users feel?", felt(r, all)},
          {"Can it be trusted?", trusted(r)}};
}

}  // namespace tacos::report
