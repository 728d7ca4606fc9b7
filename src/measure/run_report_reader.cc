#include <charconv>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "measure/run_report.h"

namespace tacos::measure {

using json = nlohmann::ordered_json;

namespace {

// Each reader asks for a member by its key; what is wrong throws a fault with its pointer, caught at the edge.
struct Fault {
  std::string message;
};

// RFC 6901: a key that holds '/' or '~' is written with ~1 and ~0.
std::string pointer_part(std::string_view key) {
  std::string part;
  for (const char c : key) part += c == '~' ? std::string("~0") : c == '/' ? std::string("~1") : std::string(1, c);
  return part;
}

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
  // The members of an object whose keys are data, such as steps.
  template <class Visit>
  void each_member(const char* key, Visit visit) const {
    const json& object_of = member(key);
    if (!object_of.is_object()) throw Fault{fmt::format("{}/{} is not an object", pointer, key)};
    for (const auto& [name, value] : object_of.items()) {
      visit(name, Reader{value, fmt::format("{}/{}/{}", pointer, key, pointer_part(name))});
    }
  }
  void texts(const char* key, std::vector<std::string>& into) const {
    const json& list = member(key);
    if (!list.is_array()) throw Fault{fmt::format("{}/{} is not a list", pointer, key)};
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (!list[i].is_string()) throw Fault{fmt::format("{}/{}/{} is not a text", pointer, key, i)};
      into.push_back(list[i].get<std::string>());
    }
  }
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
    const auto most = std::numeric_limits<Count>::max();
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > most) {
      throw Fault{fmt::format("{}/{} is not a whole number from 0 to {}", pointer, key, most)};
    }
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
  at.each_member("steps",
                 [&](const std::string& name, const Reader& step) { rung.steps.emplace_back(name, read_step(step)); });
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
  if (at.has("time_to_sold_out_ms")) u.time_to_sold_out_ms = read_percentiles(at.at("time_to_sold_out_ms"));
  if (!at.has("fairness")) return;
  const Reader fairness = at.at("fairness");
  fairness.count("compared", u.fairness.compared);
  fairness.count("inversions", u.fairness.inversions);
  fairness.read("inverted_share", u.fairness.inverted_share);
  fairness.count("overtaken", u.fairness.overtaken);
  fairness.read("worst_overtake_ms", u.fairness.worst_overtake_ms);
  u.overtaken = u.fairness.overtaken;
}

void read_counts(const Reader& at, RunReport& r) {
  const Reader rate = at.at("rate");
  rate.read("offered_rps", r.rate.offered_rps);
  rate.read("achieved_rps", r.rate.achieved_rps);
  rate.count("scheduled", r.rate.scheduled);
  rate.count("sent", r.rate.sent);
  rate.count("completed", r.rate.completed);
  r.outcomes = read_outcomes(at.at("outcomes"));
  at.each_member("status_codes", [&](const std::string& code, const Reader& n) {
    int status = 0;
    const auto [end, error] = std::from_chars(code.data(), code.data() + code.size(), status);
    if (error != std::errc() || end != code.data() + code.size() || !n.object.is_number_unsigned()) {
      throw Fault{n.pointer + " is not a status code with a whole number from 0"};
    }
    r.status_codes[status] = n.object.get<std::uint64_t>();
  });
  at.each_member("steps",
                 [&](const std::string& name, const Reader& step) { r.steps.emplace_back(name, read_step(step)); });
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

// What intervals say of users and steps came after the schema's first form.
void read_people(const Reader& at, RunReport::Interval& i) {
  if (at.has("users")) {
    const Reader users = at.at("users");
    for (std::size_t s = 0; s < kUserStateCount; ++s) {
      users.maybe_count(std::string(kUserStateNames[s]).c_str(), i.users[s]);
    }
  }
  if (at.has("position")) {
    const Reader position = at.at("position");
    position.count("count", i.positions);
    position.read("p10", i.position_p10);
    position.read("p50", i.position_p50);
    position.read("p90", i.position_p90);
  }
  at.maybe_count("admitted", i.admitted);
  at.maybe("time_to_admission_p50_ms", i.time_to_admission_p50_ms);
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
  at.maybe("response_p90_ms", i.response_p90_ms);
  at.maybe("response_p99_9_ms", i.response_p99_9_ms);
  at.maybe("service_p50_ms", i.service_p50_ms);
  at.maybe("service_p99_ms", i.service_p99_ms);
  if (at.has("outcomes")) i.outcomes = read_outcomes(at.at("outcomes"));
  if (at.has("steps")) {
    at.each_member("steps", [&](const std::string& name, const Reader& from) {
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
  at.maybe("schedule_sec", r.schedule_sec);
  at.maybe("warmup_sec", r.warmup_sec);
  at.maybe("interval_sec", r.interval_sec);
  at.maybe("interrupted", r.interrupted);
  at.maybe("aborted", r.aborted);
  if (at.has("merged_from")) at.texts("merged_from", r.merged_from);
  const Reader host = at.at("host");
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
  if (at.has("rungs")) each(at, "rungs", [&](const Reader& rung) { r.rungs.push_back(read_rung(rung)); });
  read_self(at.at("self"), r.self);
  each(at, "intervals", [&](const Reader& i) { r.intervals.push_back(read_interval(i)); });
  return r;
}

}  // namespace

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
