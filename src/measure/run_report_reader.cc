#include <charconv>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "measure/component_json.h"
#include "measure/json_reader.h"
#include "measure/run_report.h"

namespace tacos::measure {

using json = nlohmann::ordered_json;

namespace {

Percentiles read_percentiles(const JsonReader& at) {
  Percentiles p;
  at.read("mean", p.mean);
  at.read("p50", p.p50);
  at.read("p90", p.p90);
  at.read("p95", p.p95);
  at.read("p99", p.p99);
  at.read("p99_9", p.p99_9);
  at.read("p99_99", p.p99_99);
  at.read("max", p.max);
  return p;
}

OutcomeCounts read_outcomes(const JsonReader& at) {
  OutcomeCounts counts{};
  for (std::size_t i = 0; i < kOutcomeCount; ++i) at.maybe_count(std::string(kOutcomeNames[i]).c_str(), counts[i]);
  return counts;
}

RunReport::Step read_step(const JsonReader& at) {
  RunReport::Step step;
  at.count("count", step.count);
  step.response_time_ms = read_percentiles(at.at("response_time_ms"));
  step.service_time_ms = read_percentiles(at.at("service_time_ms"));
  if (at.has("outcomes")) step.outcomes = read_outcomes(at.at("outcomes"));
  return step;
}

std::vector<RunReport::Gate> read_gates(const JsonReader& at) {
  std::vector<RunReport::Gate> gates;
  at.each("gates", [&](const JsonReader& g) {
    RunReport::Gate gate;
    g.read("expression", gate.expression);
    g.read("value", gate.value);
    g.read("limit", gate.limit);
    g.read("passed", gate.passed);
    gates.push_back(std::move(gate));
  });
  return gates;
}

RunReport::Rung read_rung(const JsonReader& at) {
  RunReport::Rung rung;
  at.read("name", rung.name);
  at.read("from_sec", rung.from_sec);
  at.read("to_sec", rung.to_sec);
  at.read("planned_rps", rung.planned_rps);
  at.read("offered_rps", rung.offered_rps);
  at.read("achieved_rps", rung.achieved_rps);
  at.read("verdict", rung.verdict);
  rung.gates = read_gates(at);
  rung.outcomes = read_outcomes(at.at("outcomes"));
  rung.send_lag_ms = read_percentiles(at.at("send_lag_ms"));
  rung.components = read_component_uses(at, "components");
  at.each_member("steps", [&](const std::string& name, const JsonReader& step) {
    rung.steps.emplace_back(name, read_step(step));
  });
  return rung;
}

void read_users(const JsonReader& at, RunReport::Users& u) {
  at.count("planned", u.planned);
  at.count("started", u.started);
  at.count("peak_active", u.peak_active);
  at.count("admitted", u.admitted);
  at.count("entered", u.entered);
  at.count("sold_out", u.sold_out);
  at.count("abandoned", u.abandoned);
  at.maybe_count("reserved", u.reserved);
  at.maybe_count("confirmed", u.confirmed);
  at.maybe_count("expired", u.expired);
  at.maybe_count("failed", u.failed);
  at.maybe_count("position_rises", u.position_rises);
  at.maybe_count("unreadable_answers", u.unreadable_answers);
  at.maybe("poll_interval_planned_sec", u.poll_interval_planned_sec);
  at.maybe("poll_interval_effective_sec", u.poll_interval_effective_sec);
  if (at.has("time_to_admission_ms")) u.time_to_admission_ms = read_percentiles(at.at("time_to_admission_ms"));
  if (at.has("time_to_sold_out_ms")) u.time_to_sold_out_ms = read_percentiles(at.at("time_to_sold_out_ms"));
  if (!at.has("fairness")) return;
  const JsonReader fairness = at.at("fairness");
  fairness.count("compared", u.fairness.compared);
  fairness.count("inversions", u.fairness.inversions);
  fairness.read("inverted_share", u.fairness.inverted_share);
  fairness.count("overtaken", u.fairness.overtaken);
  fairness.read("worst_overtake_ms", u.fairness.worst_overtake_ms);
  u.overtaken = u.fairness.overtaken;
}

void read_counts(const JsonReader& at, RunReport& r) {
  const JsonReader rate = at.at("rate");
  rate.read("offered_rps", r.rate.offered_rps);
  rate.read("achieved_rps", r.rate.achieved_rps);
  rate.count("scheduled", r.rate.scheduled);
  rate.count("sent", r.rate.sent);
  rate.count("completed", r.rate.completed);
  r.outcomes = read_outcomes(at.at("outcomes"));
  at.each_member("status_codes", [&](const std::string& code, const JsonReader& n) {
    int status = 0;
    const auto [end, error] = std::from_chars(code.data(), code.data() + code.size(), status);
    if (error != std::errc() || end != code.data() + code.size() || !n.object.is_number_unsigned()) {
      throw JsonFault{n.pointer + " is not a status code with a whole number from 0"};
    }
    r.status_codes[status] = n.object.get<std::uint64_t>();
  });
  at.each_member("steps",
                 [&](const std::string& name, const JsonReader& step) { r.steps.emplace_back(name, read_step(step)); });
  r.send_lag_ms = read_percentiles(at.at("send_lag_ms"));
  if (at.has("dispatch_lag_ms")) r.dispatch_lag_ms = read_percentiles(at.at("dispatch_lag_ms"));
  if (at.has("connection_wait_ms")) r.connection_wait_ms = read_percentiles(at.at("connection_wait_ms"));
  const JsonReader connections = at.at("connections");
  connections.count("opened", r.connections.opened);
  connections.count("peak", r.connections.peak);
  connections.count("reused", r.connections.reused);
  connections.maybe_count("connect_failures", r.connections.connect_failures);
}

void read_self(const JsonReader& at, RunReport::Self& self) {
  at.read("cpu_sec", self.cpu_sec);
  at.read("cpu_us_per_request", self.cpu_us_per_request);
  at.count("peak_rss_bytes", self.peak_rss_bytes);
  at.count("threads", self.threads);
  at.maybe("busiest_worker_cpu_share", self.busiest_worker_cpu_share);
  at.maybe_count("backlog_high_water", self.backlog_high_water);
}

// What intervals say of users and steps came after the schema's first form.
void read_people(const JsonReader& at, RunReport::Interval& i) {
  if (at.has("users")) {
    const JsonReader users = at.at("users");
    for (std::size_t s = 0; s < kUserStateCount; ++s) {
      users.maybe_count(std::string(kUserStateNames[s]).c_str(), i.users[s]);
    }
  }
  if (at.has("position")) {
    const JsonReader position = at.at("position");
    position.count("count", i.positions);
    position.read("p10", i.position_p10);
    position.read("p50", i.position_p50);
    position.read("p90", i.position_p90);
  }
  at.maybe_count("admitted", i.admitted);
  at.maybe("time_to_admission_p50_ms", i.time_to_admission_p50_ms);
}

RunReport::Interval read_interval(const JsonReader& at) {
  RunReport::Interval i;
  at.read("t_sec", i.t_sec);
  at.maybe("planned", i.planned);
  at.count("offered", i.offered);
  at.count("sent", i.sent);
  at.count("completed", i.completed);
  at.count("errors", i.errors);
  at.read("response_p50_ms", i.response_p50_ms);
  at.read("response_p99_ms", i.response_p99_ms);
  at.count("active_users", i.active_users);
  at.read("send_lag_p99_ms", i.send_lag_p99_ms);
  at.maybe("dispatch_lag_p99_ms", i.dispatch_lag_p99_ms);
  at.maybe("response_p90_ms", i.response_p90_ms);
  at.maybe("response_p99_9_ms", i.response_p99_9_ms);
  at.maybe("service_p50_ms", i.service_p50_ms);
  at.maybe("service_p99_ms", i.service_p99_ms);
  if (at.has("outcomes")) i.outcomes = read_outcomes(at.at("outcomes"));
  if (at.has("steps")) {
    at.each_member("steps", [&](const std::string& name, const JsonReader& from) {
      RunReport::IntervalStep step;
      step.name = name;
      from.count("count", step.count);
      step.outcomes = read_outcomes(from.at("outcomes"));
      from.read("response_p50_ms", step.response_p50_ms);
      from.read("response_p99_ms", step.response_p99_ms);
      i.steps.push_back(std::move(step));
    });
  }
  read_people(at, i);
  return i;
}

RunReport read_report(const JsonReader& at) {
  std::string schema;
  at.read("schema", schema);
  if (schema != RunReport::kSchema)
    throw JsonFault{fmt::format("/schema is '{}'; expected '{}'", schema, RunReport::kSchema)};
  RunReport r;
  at.read("tool_version", r.tool_version);
  at.read("command", r.command);
  at.maybe("scenario", r.scenario);
  at.maybe("target", r.target);
  at.maybe("engine", r.engine);
  at.count("seed", r.seed);
  at.read("started_at", r.started_at);
  at.read("duration_sec", r.duration_sec);
  at.maybe("schedule_sec", r.schedule_sec);
  at.maybe("warmup_sec", r.warmup_sec);
  at.maybe("interval_sec", r.interval_sec);
  at.maybe("interrupted", r.interrupted);
  at.maybe("aborted", r.aborted);
  if (at.has("merged_from")) at.texts("merged_from", r.merged_from);
  const JsonReader host = at.at("host");
  host.count("cpus", r.host.cpus);
  host.read("kernel", r.host.kernel);
  host.count("fd_limit", r.host.fd_limit);
  at.read("verdict", r.verdict);
  at.texts("verdict_reasons", r.verdict_reasons);
  if (at.has("adapted")) at.texts("adapted", r.adapted);
  if (at.has("validity")) {
    at.at("validity").maybe("dispatch_lag_p99_ms", r.validity.dispatch_lag_p99_ms);
    at.at("validity").maybe("least_dispatched", r.validity.least_dispatched);
  }
  read_counts(at, r);
  read_users(at.at("users"), r.users);
  r.gates = read_gates(at);
  if (at.has("rungs")) at.each("rungs", [&](const JsonReader& rung) { r.rungs.push_back(read_rung(rung)); });
  read_self(at.at("self"), r.self);
  read_components(at, r);
  at.each("intervals", [&](const JsonReader& i) { r.intervals.push_back(read_interval(i)); });
  return r;
}

}  // namespace

core::Result<RunReport> report_from_json(std::string_view text) {
  try {
    const json document = json::parse(text);
    return read_report({document, ""});
  } catch (const JsonFault& fault) {
    return core::fail(fault.message);
  } catch (const json::exception& error) {
    return core::fail(fmt::format("is not a report: {}", error.what()));
  }
}

}  // namespace tacos::measure
