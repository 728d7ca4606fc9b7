#include "measure/run_report.h"

#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/units.h"
#include "measure/component_json.h"

namespace tacos::measure {

using json = nlohmann::ordered_json;

namespace {

// Nanosecond noise in the digits helps nobody: six significant decimals of a millisecond are nanoseconds.
double rounded(double value, double unit = 1e-6) {
  return std::round(value / unit) * unit;
}

json number(double value) {
  return std::isfinite(value) ? json(std::stod(fmt::format("{:.9g}", value))) : json(nullptr);
}

json write(const Percentiles& p) {
  return {{"mean", number(rounded(p.mean))},
          {"p50", number(p.p50)},
          {"p90", number(p.p90)},
          {"p95", number(p.p95)},
          {"p99", number(p.p99)},
          {"p99_9", number(p.p99_9)},
          {"p99_99", number(p.p99_99)},
          {"max", number(p.max)}};
}

json write(const OutcomeCounts& counts) {
  json object = json::object();
  for (std::size_t i = 0; i < kOutcomeCount; ++i) object[std::string(kOutcomeNames[i])] = counts[i];
  return object;
}

json write(const RunReport::Step& step) {
  return {{"count", step.count},
          {"response_time_ms", write(step.response_time_ms)},
          {"service_time_ms", write(step.service_time_ms)},
          {"outcomes", write(step.outcomes)}};
}

json write(const std::vector<RunReport::Gate>& gates) {
  json list = json::array();
  for (const auto& g : gates) {
    list.push_back({{"expression", g.expression}, {"value", g.value}, {"limit", g.limit}, {"passed", g.passed}});
  }
  return list;
}

json write(const RunReport::Rung& rung) {
  json steps = json::object();
  for (const auto& [name, step] : rung.steps) steps[name] = write(step);
  return {{"name", rung.name},
          {"from_sec", number(rung.from_sec)},
          {"to_sec", number(rung.to_sec)},
          {"planned_rps", number(rung.planned_rps)},
          {"offered_rps", number(rung.offered_rps)},
          {"achieved_rps", number(rung.achieved_rps)},
          {"verdict", rung.verdict},
          {"gates", write(rung.gates)},
          {"outcomes", write(rung.outcomes)},
          {"send_lag_ms", write(rung.send_lag_ms)},
          {"components", component_uses_json(rung.components)},
          {"steps", steps}};
}

json write(const RunReport::Users& u) {
  return {{"planned", u.planned},
          {"started", u.started},
          {"peak_active", u.peak_active},
          {"admitted", u.admitted},
          {"entered", u.entered},
          {"reserved", u.reserved},
          {"confirmed", u.confirmed},
          {"sold_out", u.sold_out},
          {"abandoned", u.abandoned},
          {"expired", u.expired},
          {"failed", u.failed},
          {"position_rises", u.position_rises},
          {"unreadable_answers", u.unreadable_answers},
          {"poll_interval_planned_sec", number(u.poll_interval_planned_sec)},
          {"poll_interval_effective_sec", number(u.poll_interval_effective_sec)},
          {"time_to_admission_ms", write(u.time_to_admission_ms)},
          {"time_to_sold_out_ms", write(u.time_to_sold_out_ms)},
          {"fairness",
           {{"compared", u.fairness.compared},
            {"inversions", u.fairness.inversions},
            {"inverted_share", number(u.fairness.inverted_share)},
            {"overtaken", u.fairness.overtaken},
            {"worst_overtake_ms", number(u.fairness.worst_overtake_ms)}}}};
}

// Only what happened: intervals are many.
json write_nonzero(const OutcomeCounts& counts) {
  json object = json::object();
  for (std::size_t i = 0; i < kOutcomeCount; ++i) {
    if (counts[i] > 0) object[std::string(kOutcomeNames[i])] = counts[i];
  }
  return object;
}

json write_people(const RunReport::Interval& i) {
  json users = json::object();
  for (std::size_t s = 0; s < kUserStateCount; ++s) users[std::string(kUserStateNames[s])] = i.users[s];
  return users;
}

json write(const RunReport::Interval& i) {
  json steps = json::object();
  for (const auto& step : i.steps) {
    steps[step.name] = {{"count", step.count},
                        {"outcomes", write_nonzero(step.outcomes)},
                        {"response_p50_ms", number(step.response_p50_ms)},
                        {"response_p99_ms", number(step.response_p99_ms)}};
  }
  json object = {{"t_sec", number(i.t_sec)},
                 {"planned", number(i.planned)},
                 {"offered", i.offered},
                 {"sent", i.sent},
                 {"completed", i.completed},
                 {"errors", i.errors},
                 {"response_p50_ms", number(i.response_p50_ms)},
                 {"response_p90_ms", number(i.response_p90_ms)},
                 {"response_p99_ms", number(i.response_p99_ms)},
                 {"response_p99_9_ms", number(i.response_p99_9_ms)},
                 {"service_p50_ms", number(i.service_p50_ms)},
                 {"service_p99_ms", number(i.service_p99_ms)},
                 {"active_users", i.active_users},
                 {"send_lag_p99_ms", number(i.send_lag_p99_ms)},
                 {"dispatch_lag_p99_ms", number(i.dispatch_lag_p99_ms)},
                 {"outcomes", write_nonzero(i.outcomes)},
                 {"steps", steps},
                 {"users", write_people(i)}};
  if (i.positions > 0) {
    object["position"] = {{"count", i.positions},
                          {"p10", number(i.position_p10)},
                          {"p50", number(i.position_p50)},
                          {"p90", number(i.position_p90)}};
  }
  if (i.admitted > 0) {
    object["admitted"] = i.admitted;
    object["time_to_admission_p50_ms"] = number(i.time_to_admission_p50_ms);
  }
  return object;
}

}  // namespace

Percentiles Percentiles::of(const Histogram& histogram) {
  const auto at = [&](double p) { return core::to_millis(histogram.percentile(p)); };
  return {histogram.mean_ns() / 1e6,       at(50), at(90), at(95), at(99), at(99.9), at(99.99),
          core::to_millis(histogram.max())};
}

std::string to_json(const RunReport& r) {
  json steps = json::object();
  for (const auto& [name, step] : r.steps) steps[name] = write(step);
  json codes = json::object();
  for (const auto& [code, n] : r.status_codes) codes[std::to_string(code)] = n;
  json rungs = json::array();
  for (const auto& rung : r.rungs) rungs.push_back(write(rung));
  json intervals = json::array();
  for (const auto& interval : r.intervals) intervals.push_back(write(interval));
  const json document = {{"schema", RunReport::kSchema},
                         {"tool_version", r.tool_version},
                         {"command", r.command},
                         {"scenario", r.scenario},
                         {"target", r.target},
                         {"engine", r.engine},
                         {"seed", r.seed},
                         {"started_at", r.started_at},
                         {"duration_sec", number(r.duration_sec)},
                         {"schedule_sec", number(r.schedule_sec)},
                         {"warmup_sec", number(r.warmup_sec)},
                         {"interval_sec", number(r.interval_sec)},
                         {"interrupted", r.interrupted},
                         {"aborted", r.aborted},
                         {"merged_from", r.merged_from},
                         {"host", {{"cpus", r.host.cpus}, {"kernel", r.host.kernel}, {"fd_limit", r.host.fd_limit}}},
                         {"verdict", r.verdict},
                         {"verdict_reasons", r.verdict_reasons},
                         {"adapted", r.adapted},
                         {"validity",
                          {{"dispatch_lag_p99_ms", number(r.validity.dispatch_lag_p99_ms)},
                           {"least_dispatched", number(r.validity.least_dispatched)}}},
                         {"rate",
                          {{"offered_rps", number(r.rate.offered_rps)},
                           {"achieved_rps", number(r.rate.achieved_rps)},
                           {"scheduled", r.rate.scheduled},
                           {"sent", r.rate.sent},
                           {"completed", r.rate.completed}}},
                         {"outcomes", write(r.outcomes)},
                         {"status_codes", codes},
                         {"steps", steps},
                         {"send_lag_ms", write(r.send_lag_ms)},
                         {"dispatch_lag_ms", write(r.dispatch_lag_ms)},
                         {"connection_wait_ms", write(r.connection_wait_ms)},
                         {"connections",
                          {{"opened", r.connections.opened},
                           {"peak", r.connections.peak},
                           {"reused", r.connections.reused},
                           {"connect_failures", r.connections.connect_failures}}},
                         {"users", write(r.users)},
                         {"gates", write(r.gates)},
                         {"rungs", rungs},
                         {"self",
                          {{"cpu_sec", number(r.self.cpu_sec)},
                           {"cpu_us_per_request", number(r.self.cpu_us_per_request)},
                           {"peak_rss_bytes", r.self.peak_rss_bytes},
                           {"threads", r.self.threads},
                           {"busiest_worker_cpu_share", number(r.self.busiest_worker_cpu_share)},
                           {"backlog_high_water", r.self.backlog_high_water}}},
                         {"components", components_json(r.components)},
                         {"component_intervals", component_intervals_json(r.component_intervals)},
                         {"bottleneck", bottleneck_json(r.bottleneck)},
                         {"intervals", intervals}};
  return document.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace tacos::measure
