#include "measure/run_report.h"

#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/units.h"

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
          {"time_to_admission_ms", write(u.time_to_admission_ms)}};
}

json write(const RunReport::Interval& i) {
  return {{"t_sec", number(i.t_sec)},
          {"planned", number(i.planned)},
          {"offered", i.offered},
          {"sent", i.sent},
          {"completed", i.completed},
          {"errors", i.errors},
          {"response_p50_ms", number(i.response_p50_ms)},
          {"response_p99_ms", number(i.response_p99_ms)},
          {"active_users", i.active_users},
          {"send_lag_p99_ms", number(i.send_lag_p99_ms)},
          {"dispatch_lag_p99_ms", number(i.dispatch_lag_p99_ms)}};
}

// Reading. Each reader asks for a member by its key; what is wrong throws a fault with its pointer, caught at the edge.
struct Fault {
  std::string message;
};

struct Reader {
  const json& object;
  std::string pointer;

  const json& member(const char* key) const {
    if (!object.is_object())
      throw Fault{fmt::format("{} is not an object", pointer.empty() ? "the document" : pointer)};
    const auto found = object.find(key);
    if (found == object.end()) throw Fault{fmt::format("{}/{} is missing", pointer, key)};
    return *found;
  }
  Reader at(const char* key) const { return {member(key), fmt::format("{}/{}", pointer, key)}; }
  bool has(const char* key) const { return object.is_object() && object.contains(key); }

  void read(const char* key, double& into) const {
    const json& value = member(key);
    if (value.is_null()) return;
    if (!value.is_number()) throw Fault{fmt::format("{}/{} is not a number", pointer, key)};
    into = value.get<double>();
  }
  template <class Count>
  void count(const char* key, Count& into) const {
    const json& value = member(key);
    if (!value.is_number_unsigned()) throw Fault{fmt::format("{}/{} is not a whole number from 0", pointer, key)};
    into = static_cast<Count>(value.get<std::uint64_t>());
  }
  void read(const char* key, std::string& into) const {
    const json& value = member(key);
    if (!value.is_string()) throw Fault{fmt::format("{}/{} is not a text", pointer, key)};
    into = value.get<std::string>();
  }
  void read(const char* key, bool& into) const {
    const json& value = member(key);
    if (!value.is_boolean()) throw Fault{fmt::format("{}/{} is not true or false", pointer, key)};
    into = value.get<bool>();
  }
  // For keys that were added after the schema's first form: absent is fine.
  template <class T>
  void maybe(const char* key, T& into) const {
    if (has(key)) read(key, into);
  }
  template <class T>
  void maybe_count(const char* key, T& into) const {
    if (has(key)) count(key, into);
  }
};

Percentiles read_percentiles(const Reader& at) {
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

OutcomeCounts read_outcomes(const Reader& at) {
  OutcomeCounts counts{};
  for (std::size_t i = 0; i < kOutcomeCount; ++i) at.maybe_count(std::string(kOutcomeNames[i]).c_str(), counts[i]);
  return counts;
}

RunReport::Step read_step(const Reader& at) {
  RunReport::Step step;
  at.count("count", step.count);
  step.response_time_ms = read_percentiles(at.at("response_time_ms"));
  step.service_time_ms = read_percentiles(at.at("service_time_ms"));
  if (at.has("outcomes")) step.outcomes = read_outcomes(at.at("outcomes"));
  return step;
}

template <class Visit>
void each(const Reader& at, const char* key, Visit visit) {
  const json& list = at.member(key);
  if (!list.is_array()) throw Fault{fmt::format("{}/{} is not a list", at.pointer, key)};
  for (std::size_t i = 0; i < list.size(); ++i) visit(Reader{list[i], fmt::format("{}/{}/{}", at.pointer, key, i)});
}

std::vector<RunReport::Gate> read_gates(const Reader& at) {
  std::vector<RunReport::Gate> gates;
  each(at, "gates", [&](const Reader& g) {
    RunReport::Gate gate;
    g.read("expression", gate.expression);
    g.read("value", gate.value);
    g.read("limit", gate.limit);
    g.read("passed", gate.passed);
    gates.push_back(std::move(gate));
  });
  return gates;
}

RunReport::Rung read_rung(const Reader& at) {
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
  for (const auto& [name, step] : at.member("steps").items()) {
    rung.steps[name] = read_step({step, at.pointer + "/steps/" + name});
  }
  return rung;
}

void read_users(const Reader& at, RunReport::Users& u) {
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
}

void read_counts(const Reader& at, RunReport& r) {
  const Reader rate = at.at("rate");
  rate.read("offered_rps", r.rate.offered_rps);
  rate.read("achieved_rps", r.rate.achieved_rps);
  rate.count("scheduled", r.rate.scheduled);
  rate.count("sent", r.rate.sent);
  rate.count("completed", r.rate.completed);
  r.outcomes = read_outcomes(at.at("outcomes"));
  for (const auto& [code, n] : at.member("status_codes").items()) {
    if (n.is_number_unsigned()) r.status_codes[std::atoi(code.c_str())] = n.get<std::uint64_t>();
  }
  for (const auto& [name, step] : at.member("steps").items()) {
    r.steps.emplace_back(name, read_step({step, "/steps/" + name}));
  }
  r.send_lag_ms = read_percentiles(at.at("send_lag_ms"));
  if (at.has("dispatch_lag_ms")) r.dispatch_lag_ms = read_percentiles(at.at("dispatch_lag_ms"));
  if (at.has("connection_wait_ms")) r.connection_wait_ms = read_percentiles(at.at("connection_wait_ms"));
  const Reader connections = at.at("connections");
  connections.count("opened", r.connections.opened);
  connections.count("peak", r.connections.peak);
  connections.count("reused", r.connections.reused);
  connections.maybe_count("connect_failures", r.connections.connect_failures);
}

void read_self(const Reader& at, RunReport::Self& self) {
  at.read("cpu_sec", self.cpu_sec);
  at.read("cpu_us_per_request", self.cpu_us_per_request);
  at.count("peak_rss_bytes", self.peak_rss_bytes);
  at.count("threads", self.threads);
  at.maybe("busiest_worker_cpu_share", self.busiest_worker_cpu_share);
  at.maybe_count("backlog_high_water", self.backlog_high_water);
}

RunReport::Interval read_interval(const Reader& at) {
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
  return i;
}

RunReport read_report(const Reader& at) {
  std::string schema;
  at.read("schema", schema);
  if (schema != RunReport::kSchema)
    throw Fault{fmt::format("/schema is '{}'; expected '{}'", schema, RunReport::kSchema)};
  RunReport r;
  at.read("tool_version", r.tool_version);
  at.read("command", r.command);
  at.maybe("scenario", r.scenario);
  at.maybe("target", r.target);
  at.maybe("engine", r.engine);
  at.count("seed", r.seed);
  at.read("started_at", r.started_at);
  at.read("duration_sec", r.duration_sec);
  at.maybe("warmup_sec", r.warmup_sec);
  at.maybe("interval_sec", r.interval_sec);
  at.maybe("interrupted", r.interrupted);
  const Reader host = at.at("host");
  host.count("cpus", r.host.cpus);
  host.read("kernel", r.host.kernel);
  host.count("fd_limit", r.host.fd_limit);
  at.read("verdict", r.verdict);
  for (const auto& reason : at.member("verdict_reasons")) r.verdict_reasons.push_back(reason.get<std::string>());
  if (at.has("adapted")) {
    for (const auto& note : at.member("adapted")) r.adapted.push_back(note.get<std::string>());
  }
  read_counts(at, r);
  read_users(at.at("users"), r.users);
  r.gates = read_gates(at);
  if (at.has("rungs")) each(at, "rungs", [&](const Reader& rung) { r.rungs.push_back(read_rung(rung)); });
  read_self(at.at("self"), r.self);
  each(at, "intervals", [&](const Reader& i) { r.intervals.push_back(read_interval(i)); });
  return r;
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
                         {"warmup_sec", number(r.warmup_sec)},
                         {"interval_sec", number(r.interval_sec)},
                         {"interrupted", r.interrupted},
                         {"host", {{"cpus", r.host.cpus}, {"kernel", r.host.kernel}, {"fd_limit", r.host.fd_limit}}},
                         {"verdict", r.verdict},
                         {"verdict_reasons", r.verdict_reasons},
                         {"adapted", r.adapted},
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
                         {"intervals", intervals}};
  return document.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

core::Result<RunReport> report_from_json(std::string_view text) {
  try {
    const json document = json::parse(text);
    return read_report({document, ""});
  } catch (const Fault& fault) {
    return core::fail(fault.message);
  } catch (const json::exception& error) {
    return core::fail(fmt::format("is not a report: {}", error.what()));
  }
}

}  // namespace tacos::measure
