#include "tacos-load/run/report_builder.h"

#include <algorithm>
#include <ctime>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "core/units.h"
#include "report/verdict.h"
#include "tacos-load/journey/queue_journey.h"
#include "tacos-load/journey/single_request_journey.h"
#include "tacos-load/version.h"

namespace tacos::load {
namespace {

using core::Nanos;
using core::to_seconds;
using measure::Percentiles;
using measure::RunReport;

RunReport::Step step_report(const measure::StepSummary& step) {
  return {step.count(), Percentiles::of(step.response), Percentiles::of(step.service), step.outcomes};
}

std::string utc(std::chrono::system_clock::time_point at) {
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count() % 1000;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03d}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(at)), millis);
}

double per_second(std::uint64_t count, Nanos time) {
  return time > Nanos(0) ? static_cast<double>(count) / to_seconds(time) : 0;
}

// The plan of requests in a window; with users as the schedule there is none, and what was offered stands in for it.
std::function<double(Nanos, Nanos)> planned_requests(const RunFacts& facts, const Scenario& scenario,
                                                     const RateProfile& profile) {
  if (scenario.model == LoadModel::kUsers) {
    return [&facts](Nanos from, Nanos to) { return static_cast<double>(facts.record.window(from, to).offered); };
  }
  return [&profile](Nanos from, Nanos to) { return profile.arrivals_by(to) - profile.arrivals_by(from); };
}

RunReport::Users users_report(const JourneyCounts& counts, const Scenario& scenario) {
  RunReport::Users users;
  users.planned = counts.planned;
  users.started = counts.started;
  users.peak_active = counts.peak_active;
  users.admitted = counts.admitted;
  users.entered = counts.entered;
  users.reserved = counts.reserved;
  users.confirmed = counts.confirmed;
  users.sold_out = counts.sold_out;
  users.abandoned = counts.abandoned;
  users.expired = counts.expired;
  users.failed = counts.failed;
  users.position_rises = counts.position_rises;
  users.unreadable_answers = counts.unreadable_answers;
  users.time_to_admission_ms = Percentiles::of(counts.time_to_admission);
  if (const auto* plan = std::get_if<QueueJourneyPlan>(&scenario.journey)) {
    users.poll_interval_planned_sec = to_seconds(plan->poll_interval);
    if (counts.polls > 0) {
      users.poll_interval_effective_sec =
          to_seconds(plan->poll_interval) - to_seconds(counts.polled_early) / static_cast<double>(counts.polls);
    }
  }
  return users;
}

std::vector<RunReport::Interval> interval_series(const RunFacts& facts, const RateProfile& profile) {
  std::vector<RunReport::Interval> series;
  const Nanos interval = facts.record.interval();
  const auto ms = [](const measure::Histogram& h, double p) { return core::to_millis(h.percentile(p)); };
  for (std::size_t i = 0; i < facts.record.intervals().size(); ++i) {
    const Nanos from = interval * static_cast<std::int64_t>(i);
    const auto window = facts.record.window(from, from + interval);
    const auto response = window.response();
    RunReport::Interval out;
    out.t_sec = to_seconds(from);
    out.planned = profile.arrivals_by(from + interval) - profile.arrivals_by(from);
    out.offered = window.offered;
    out.sent = window.sent;
    out.completed = window.completed;
    out.errors = measure::errors(window.outcomes);
    out.active_users = facts.record.intervals()[i].active_users;
    out.response_p50_ms = ms(response, 50);
    out.response_p99_ms = ms(response, 99);
    out.send_lag_p99_ms = ms(window.send_lag, 99);
    out.dispatch_lag_p99_ms = ms(window.dispatch_lag, 99);
    series.push_back(out);
  }
  return series;
}

// Rungs begin and end on the plan's times; the record knows whole intervals, so a rung takes those that begin inside
// it.
std::vector<RunReport::Rung> rung_reports(const RunFacts& facts, const ReportContext& context,
                                          const RateProfile& profile, const report::GateFacts& whole) {
  std::vector<RunReport::Rung> rungs;
  for (std::size_t s = 0; s < profile.stages().size(); ++s) {
    const RateStage& stage = profile.stages()[s];
    if (!stage.rung) continue;
    RunReport::Rung rung;
    const Nanos from = profile.stage_start(s);
    const Nanos to = from + stage.duration;
    const auto window = facts.record.window(from, to);
    rung.name = stage.name;
    rung.from_sec = to_seconds(from);
    rung.to_sec = to_seconds(to);
    rung.planned_rps = whole.planned(from, to) / to_seconds(stage.duration);
    rung.offered_rps = per_second(window.offered, stage.duration);
    rung.achieved_rps = per_second(window.completed, stage.duration);
    rung.outcomes = window.outcomes;
    rung.send_lag_ms = Percentiles::of(window.send_lag);
    for (std::size_t i = 0; i < window.steps.size(); ++i) {
      if (window.steps[i].count() > 0) rung.steps[facts.record.steps()[i]] = step_report(window.steps[i]);
    }
    const report::GateFacts part{whole.record, from, to, whole.planned, whole.users};
    bool passed = true;
    for (const auto& gate : context.gates) {
      rung.gates.push_back(gate.evaluate(part));
      passed &= rung.gates.back().passed;
    }
    const bool late =
        core::to_millis(window.dispatch_lag.percentile(99)) > core::to_millis(context.scenario.dispatch_lag_limit);
    rung.verdict = late ? "invalid" : passed ? "passed" : "failed";
    rungs.push_back(std::move(rung));
  }
  return rungs;
}

void fill_measured(const RunFacts& facts, const measure::WindowSummary& measured, RunReport& r) {
  const Nanos time = measured.to - measured.from;
  r.rate.offered_rps = per_second(measured.offered, time);
  r.rate.achieved_rps = per_second(measured.completed, time);
  r.rate.scheduled = measured.offered;
  r.rate.sent = measured.sent;
  r.rate.completed = measured.completed;
  r.outcomes = measured.outcomes;
  r.status_codes = facts.record.status_codes();
  for (std::size_t s = 0; s < measured.steps.size(); ++s) {
    r.steps.emplace_back(facts.record.steps()[s], step_report(measured.steps[s]));
  }
  r.send_lag_ms = Percentiles::of(measured.send_lag);
  r.dispatch_lag_ms = Percentiles::of(measured.dispatch_lag);
  r.connection_wait_ms = Percentiles::of(measured.connection_wait);
}

void fill_context(const RunFacts& facts, const ReportContext& context, RunReport& r) {
  r.tool_version = kVersion;
  r.command = context.command;
  r.scenario = context.scenario.name;
  r.target = context.scenario.target;
  r.engine = context.resources.engine == Engine::kCurl ? "curl" : "asio";
  r.seed = context.scenario.seed;
  r.started_at = utc(facts.started_at);
  r.duration_sec = to_seconds(facts.duration);
  r.interval_sec = to_seconds(facts.record.interval());
  r.interrupted = facts.interrupted;
  r.host = {context.machine.cpus, context.machine.kernel, context.machine.fd_limit};
  r.adapted = context.resources.adapted;
  r.connections = {facts.transport.opened, facts.transport.peak, facts.transport.reused,
                   facts.transport.connect_failures};
  r.users = users_report(facts.users, context.scenario);
  r.self.cpu_sec = facts.self.cpu_sec;
  r.self.peak_rss_bytes = facts.self.peak_rss_bytes;
  r.self.threads = context.resources.workers;
  r.self.busiest_worker_cpu_share = facts.self.busiest_worker_cpu_share;
  r.self.backlog_high_water = facts.backlog_high_water;
  const std::uint64_t sent = facts.record.all().sent;
  r.self.cpu_us_per_request = sent > 0 ? facts.self.cpu_sec * 1e6 / static_cast<double>(sent) : 0;
}

}  // namespace

std::vector<std::string> step_names(const Scenario& scenario) {
  if (std::holds_alternative<SingleRequestPlan>(scenario.journey)) {
    const SingleRequestJourney journey{SingleRequestPlan{}};
    return {journey.steps().begin(), journey.steps().end()};
  }
  const QueueJourney journey{QueueJourneyPlan{}, UserShare{}};
  return {journey.steps().begin(), journey.steps().end()};
}

core::Result<std::vector<report::Gate>> parse_gates(const Scenario& scenario) {
  std::vector<report::Gate> gates;
  const auto steps = step_names(scenario);
  for (const auto& expression : scenario.gates) {
    auto gate = report::Gate::parse(expression, steps);
    if (!gate) return gate.error();
    gates.push_back(std::move(*gate));
  }
  return gates;
}

MeasuredTime measured_time(const RateProfile& profile) {
  MeasuredTime time;
  for (std::size_t s = 0; s < profile.stages().size() && profile.stages()[s].warmup; ++s) {
    time.from = profile.stage_start(s) + profile.stages()[s].duration;
  }
  time.to = profile.duration();
  return time;
}

RunReport build_report(const RunFacts& facts, const ReportContext& context) {
  const RateProfile profile(context.scenario.stages);
  MeasuredTime time = measured_time(profile);
  if (facts.interrupted) time.to = std::clamp(facts.duration, time.from + Nanos(1), time.to);
  RunReport r;
  fill_context(facts, context, r);
  r.warmup_sec = to_seconds(time.from);
  auto measured = facts.record.window(time.from, facts.interrupted ? Nanos::max() : time.to);
  measured.to = time.to;
  fill_measured(facts, measured, r);
  r.intervals = interval_series(facts, profile);
  const report::GateFacts whole{facts.record, time.from, time.to, planned_requests(facts, context.scenario, profile),
                                r.users};
  r.rungs = rung_reports(facts, context, profile, whole);
  // Where there are rungs, each answers for itself; asking the gates of the climb between them as well would say less.
  if (r.rungs.empty()) {
    for (const auto& gate : context.gates) r.gates.push_back(gate.evaluate(whole));
  }
  report::ValidityLimits limits;
  limits.dispatch_lag_p99 = context.scenario.dispatch_lag_limit;
  const report::Verdict verdict = report::judge(r, limits);
  r.verdict = verdict.verdict;
  r.verdict_reasons = verdict.reasons;
  return r;
}

}  // namespace tacos::load
