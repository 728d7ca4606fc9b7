#include "report/reading.h"

#include <algorithm>
#include <string_view>

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
constexpr std::size_t kNamedIntervals = 5;

std::string latency(double millis) {
  return core::format_latency(core::from_seconds(millis / 1e3));
}

std::uint64_t outcome(const RunReport& r, measure::Outcome which) {
  return r.outcomes[static_cast<std::size_t>(which)];
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
    return fmt::format("p99 rose to {}, {:.0f} times its usual {}", latency(i.response_p99_ms),
                       i.response_p99_ms / std::max(usual_ms, 1e-6), latency(usual_ms));
  }
  return {};
}

double highest_rate(const RunReport& r) {
  double most = 0;
  for (const auto& i : r.intervals) most = std::max(most, i.planned);
  return r.interval_sec > 0 ? most / r.interval_sec : most;
}

std::string percent(double share) {
  return share > 0 && share < 0.0001 ? "< 0.01 %" : fmt::format("{:.2f} %", share * 100);
}

double share_of(std::uint64_t part, std::uint64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

// A sale that is over asks other things of a system than one that goes on.
std::string sold_out_note(const RunReport& r) {
  const double most = highest_rate(r) * 0.999;
  double sold_out_at = -1, full_rate_at = -1;
  for (const auto& i : r.intervals) {
    if (sold_out_at < 0 && i.users[static_cast<std::size_t>(measure::UserState::kToldSoldOut)] > 0)
      sold_out_at = i.t_sec;
    if (full_rate_at < 0 && r.interval_sec > 0 && i.planned / r.interval_sec >= most) full_rate_at = i.t_sec;
  }
  if (sold_out_at < 0) return {};
  return fmt::format(
      " It was sold out from {:.0f} s on: what was asked after that was status and join, no longer buying{}.",
      sold_out_at,
      full_rate_at > sold_out_at ? fmt::format(", and the full rate was reached only then, at {:.0f} s", full_rate_at)
                                 : std::string());
}

std::string held(const RunReport& r) {
  std::size_t gates = r.gates.size(), broken = 0;
  for (const auto& gate : r.gates) broken += gate.passed ? 0u : 1u;
  for (const auto& rung : r.rungs) {
    gates += rung.gates.size();
    for (const auto& gate : rung.gates) broken += gate.passed ? 0u : 1u;
  }
  const std::string what =
      fmt::format("{} requests in {:.0f} s, up to {}: {} succeeded, {} failed.{}", format_count(r.rate.scheduled),
                  std::min(r.schedule_sec, r.duration_sec) - r.warmup_sec, rate_text(highest_rate(r)),
                  percent(share_of(outcome(r, measure::Outcome::kOk), r.rate.scheduled)),
                  format_count(measure::errors(r.outcomes)), sold_out_note(r));
  if (r.verdict == "invalid") return "This run cannot say. " + what;
  if (gates == 0) return "Nobody asked: the run has no gates. " + what;
  if (r.verdict == "passed") {
    return gates == 1 ? "Yes: the gate holds. " + what : fmt::format("Yes: all {} gates hold. {}", gates, what);
  }
  if (broken == 0) return "No: most requests failed. " + what;
  return fmt::format("No: {} of {} gates broke. {}", broken, gates, what);
}

// The seconds in which the tail was far from the middle although the run as a whole was well.
std::string hiccups(const RunReport& r) {
  std::string when;
  std::size_t count = 0;
  for (const auto* i : measured_intervals(r)) {
    if (i->response_p99_9_ms <= 10 * std::max(i->response_p50_ms, 1.0)) continue;
    if (++count <= kNamedIntervals) when += fmt::format("{}{:.0f}", when.empty() ? "" : ", ", i->t_sec);
  }
  if (count == 0) return {};
  return fmt::format(
      " Hiccups: at {}{} s one request in a thousand took more than ten times the median (and over 10 ms).", when,
      count > kNamedIntervals ? fmt::format(" and {} more", count - kNamedIntervals) : "");
}

// The first failures after the bend, and the highest rate before it that was answered in full.
std::string around(const RunReport& r, const Bend& bend) {
  std::string text;
  double best = 0;
  for (const auto* i : measured_intervals(r)) {
    const double seconds = r.interval_sec > 0 ? r.interval_sec : 1;
    if (i->t_sec < bend.t_sec) best = std::max(best, static_cast<double>(i->completed) / seconds);
    if (i->t_sec < bend.t_sec || i->errors == 0) continue;
    text += fmt::format(" The first failures came at {:.0f} s, at {}.", i->t_sec, rate_text(i->planned / seconds));
    break;
  }
  if (best > 0) text += fmt::format(" Before the bend, up to {} were answered as usual.", rate_text(best));
  return text;
}

std::string bent(const RunReport& r) {
  const auto intervals = measured_intervals(r);
  if (intervals.size() < kFewest) return "The run is too short to say.";
  if (r.rate.completed == 0) return "It never stood.";
  if (const auto bend = find_bend(r)) {
    return fmt::format("At {:.0f} s, at {}: {}, and it did not come back within {} intervals.{}", bend->t_sec,
                       rate_text(bend->rate), bend->sign, kInARow, around(r, *bend));
  }
  return fmt::format(
      "Nowhere, up to the {} it was asked for: p99 never stayed for {} intervals above three times its "
      "usual.{}",
      rate_text(highest_rate(r)), kInARow, hiccups(r));
}

// Which part gave out, where parts were watched.
std::string bound_by(const RunReport& r) {
  if (r.bottleneck.text.empty()) return {};
  std::string text = " " + r.bottleneck.text + ".";
  if (r.bottleneck.component.empty() && text[1] >= 'a' && text[1] <= 'z')
    text[1] = static_cast<char>(text[1] - 'a' + 'A');
  return text;
}

// Who failed, how; empty when nobody did.
std::string failures(const RunReport& r) {
  std::string text;
  for (std::size_t i = 0; i < measure::kOutcomeCount; ++i) {
    const auto kind = static_cast<measure::Outcome>(i);
    if (kind == measure::Outcome::kOk || r.outcomes[i] == 0) continue;
    std::string name(measure::kOutcomeNames[i]);
    std::replace(name.begin(), name.end(), '_', ' ');
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", percent(share_of(r.outcomes[i], r.rate.scheduled)), name);
  }
  return text;
}

std::string peoples_story(const RunReport::Users& u) {
  std::string text = fmt::format(" Of {} people {} were let in", format_count(u.started), format_count(u.entered));
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
              ? ". Nobody's own position rose, and nobody was provably overtaken"
              : fmt::format(". {} times a position rose, and {} people were overtaken by somebody who came later",
                            format_count(u.position_rises), format_count(u.fairness.overtaken));
  if (u.fairness.compared > 1) {
    text += fmt::format(
        "; {} of the pairs of those who entered did so in the other order than they joined, which asking "
        "every {:.3g} s makes of neighbours in line",
        percent(u.fairness.inverted_share), u.poll_interval_planned_sec);
  }
  return text + ".";
}

std::string felt(const RunReport& r, const measure::Percentiles& all) {
  if (all.max <= 0) return "Nothing: no request was answered.";
  const std::string failed = failures(r);
  std::string text = failed.empty()
                         ? fmt::format(
                               "Half of all requests were answered within {} of when they were due, 99 of 100 within "
                               "{}, the slowest after {}.",
                               latency(all.p50), latency(all.p99), latency(all.max))
                         : fmt::format(
                               "{} of requests succeeded; {}. Of those that were answered or timed out, half were over "
                               "within {} of when they were due, 99 of 100 within {}, the last after {}.",
                               percent(share_of(outcome(r, measure::Outcome::kOk), r.rate.scheduled)), failed,
                               latency(all.p50), latency(all.p99), latency(all.max));
  return r.users.started == 0 ? text : text + peoples_story(r.users);
}

// In which seconds the generator was late, what of the tail is its own, and what else shapes the numbers.
std::string reservations(const RunReport& r, const measure::Percentiles& all) {
  std::string late;
  std::size_t count = 0;
  for (const auto* i : measured_intervals(r)) {
    if (i->dispatch_lag_p99_ms <= r.validity.dispatch_lag_p99_ms) continue;
    if (++count <= kNamedIntervals) late += fmt::format("{}{:.0f}", late.empty() ? "" : ", ", i->t_sec);
  }
  std::string text;
  if (count > 0) {
    text += fmt::format(" Not at {}{} s: there it was later than that.", late,
                        count > kNamedIntervals ? fmt::format(" and {} more", count - kNamedIntervals) : "");
  }
  if (r.dispatch_lag_ms.p99_9 > 1 && r.dispatch_lag_ms.p99_9 > 0.5 * all.p99_9) {
    text += fmt::format(
        " p99.9 and beyond are mostly the generator's own lateness ({} of {}): a machine of its own would "
        "lower them.",
        latency(r.dispatch_lag_ms.p99_9), latency(all.p99_9));
  }
  if (r.connection_wait_ms.p99 > 10) {
    text += fmt::format(
        " One request in a hundred waited {} or more for one of {} connections, which is part of its "
        "response time.",
        latency(r.connection_wait_ms.p99), format_count(r.connections.peak));
  }
  for (const std::string_view here : {"//127.", "//localhost", "//[::1]"}) {
    if (r.target.find(here) != std::string::npos)
      text += " Generator and target shared one machine, without a network.";
  }
  return text;
}

std::string trusted(const RunReport& r, const measure::Percentiles& all) {
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
  text += reservations(r, all);
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
          {kWhereItBent, bent(r) + bound_by(r)},
          {"What did users feel?", felt(r, all)},
          {"Can it be trusted?", trusted(r, all)}};
}

}  // namespace tacos::report
