#include "tacos-load/run/report_builder.h"

#include <algorithm>
#include <ctime>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "core/units.h"
#include "report/assemble.h"
#include "tacos-load/journey/queue_journey.h"
#include "tacos-load/journey/single_request_journey.h"
#include "tacos-load/observe/component_series.h"
#include "tacos-load/version.h"

namespace tacos::load {
namespace {

using core::Nanos;
using core::to_seconds;
using measure::RunReport;

std::string utc(std::chrono::system_clock::time_point at) {
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count() % 1000;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03d}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(at)), millis);
}

RunReport::Users users_report(const RunFacts& facts, const Scenario& scenario) {
  const JourneyCounts& counts = facts.users;
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
  users.fairness = facts.fairness;
  if (const auto* plan = std::get_if<QueueJourneyPlan>(&scenario.journey)) {
    users.poll_interval_planned_sec = to_seconds(plan->poll_interval);
    if (counts.polls > 0) {
      users.poll_interval_effective_sec =
          to_seconds(plan->poll_interval) - to_seconds(counts.polled_early) / static_cast<double>(counts.polls);
    }
  }
  return users;
}

void fill_context(const RunFacts& facts, const ReportContext& context, RunReport& r) {
  r.tool_version = kVersion;
  r.command = context.command;
  r.scenario = context.scenario.name;
  r.target = targets_text(context.scenario);
  r.engine = context.resources.engine == Engine::kCurl ? "curl" : "asio";
  r.seed = context.scenario.seed;
  r.started_at = utc(facts.started_at);
  r.duration_sec = to_seconds(facts.duration);
  r.schedule_sec = to_seconds(RateProfile(context.scenario.stages).duration());
  r.interrupted = facts.interrupted;
  r.aborted = facts.aborted;
  r.host = {context.machine.cpus, context.machine.kernel, context.machine.fd_limit};
  r.adapted = context.resources.adapted;
  r.connections = {facts.transport.opened, facts.transport.peak, facts.transport.reused,
                   facts.transport.connect_failures};
  r.users = users_report(facts, context.scenario);
  r.self.cpu_sec = facts.self.cpu_sec;
  r.self.peak_rss_bytes = facts.self.peak_rss_bytes;
  r.self.threads = context.resources.workers;
  r.self.busiest_worker_cpu_share = facts.self.busiest_worker_cpu_share;
  r.self.backlog_high_water = facts.backlog_high_water;
  const std::uint64_t sent = facts.record.all().sent;
  r.self.cpu_us_per_request = sent > 0 ? facts.self.cpu_sec * 1e6 / static_cast<double>(sent) : 0;
}

// The warm-up stages at the front are not measured.
Nanos measured_from(const RateProfile& profile) {
  Nanos from{0};
  for (std::size_t s = 0; s < profile.stages().size() && profile.stages()[s].warmup; ++s) {
    from = profile.stage_start(s) + profile.stages()[s].duration;
  }
  return from;
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

report::Assembly assembly_of(const Scenario& scenario, const std::vector<report::Gate>& gates) {
  const RateProfile profile(scenario.stages);
  report::Assembly assembly;
  assembly.from = measured_from(profile);
  for (std::size_t s = 0; s < profile.stages().size(); ++s) {
    const RateStage& stage = profile.stages()[s];
    const Nanos from = profile.stage_start(s);
    if (stage.rung) assembly.rungs.push_back({stage.name, from, from + stage.duration});
  }
  assembly.gates = gates;
  return assembly;
}

RunReport build_report(const RunFacts& facts, const ReportContext& context) {
  RunReport r;
  fill_context(facts, context, r);
  auto series = component_series(facts.observed, facts.record.interval(), facts.record.intervals().size());
  if (!facts.observed.empty()) {
    r.components = std::move(series.components);
    r.component_intervals = std::move(series.intervals);
  }
  r.validity.dispatch_lag_p99_ms = core::to_millis(context.scenario.dispatch_lag_limit);
  report::assemble(facts.record, assembly_of(context.scenario, context.gates), r);
  return r;
}

}  // namespace tacos::load
