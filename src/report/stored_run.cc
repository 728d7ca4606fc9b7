#include "report/stored_run.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include <fmt/format.h>

#include "core/units.h"
#include "measure/hdr_log.h"

namespace tacos::report {
namespace {

using core::Nanos;
using measure::RunRecord;
using measure::RunReport;

core::Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) {
    return core::fail(
        fmt::format("can't read '{}': name the directory of a run, such as reports/runs/NAME-TIME", path));
  }
  return text.str();
}

std::string directory_of(const std::string& path) {
  if (std::filesystem::path(path).filename() != "report.json") return path;
  const std::string directory = std::filesystem::path(path).parent_path().string();
  return directory.empty() ? "." : directory;
}

// The counts of every interval; the histograms come from the log.
core::Result<RunRecord> counts_of(const RunReport& report) {
  std::vector<std::string> steps;
  for (const auto& [name, step] : report.steps) steps.push_back(name);
  const Nanos interval = core::from_seconds(report.interval_sec);
  if (interval <= Nanos(0)) return core::fail("/interval_sec is not above 0");
  RunRecord record(steps, interval);
  record.set_schedule_end(core::from_seconds(std::min(report.schedule_sec, report.duration_sec)));
  record.status_codes() = report.status_codes;
  for (const auto& from : report.intervals) {
    RunRecord::Interval to;
    to.offered = from.offered;
    to.sent = from.sent;
    to.completed = from.completed;
    to.planned = from.planned;
    to.users = from.users;
    to.outcomes = from.outcomes;
    to.steps.resize(steps.size());
    if (measure::total(from.outcomes) != from.offered) {
      return core::fail(
          fmt::format("the interval at {} s has no outcomes for all its requests: the report was written by a version "
                      "before 0.2 and can be read, but not rendered again",
                      from.t_sec));
    }
    for (const auto& step : from.steps) {
      const auto at = std::find(steps.begin(), steps.end(), step.name);
      if (at == steps.end()) return core::fail(fmt::format("/intervals name the step '{}', /steps don't", step.name));
      to.steps[static_cast<std::size_t>(at - steps.begin())].outcomes = step.outcomes;
    }
    record.intervals().push_back(std::move(to));
  }
  return record;
}

// What two runs must share to be parts of one.
core::Result<void> check_same_load(const StoredRun& a, const StoredRun& b) {
  const auto differs = [&](const char* what, const std::string& one, const std::string& other) {
    return core::fail(fmt::format("'{}' and '{}' can't be merged: their {} differ: {} and {}", a.directory, b.directory,
                                  what, one, other));
  };
  if (a.record.steps() != b.record.steps()) return differs("steps", a.report.scenario, b.report.scenario);
  if (a.record.interval() != b.record.interval()) {
    return differs("interval lengths", fmt::format("{} s", a.report.interval_sec),
                   fmt::format("{} s", b.report.interval_sec));
  }
  if (a.report.warmup_sec != b.report.warmup_sec) {
    return differs("warm-ups", fmt::format("{} s", a.report.warmup_sec), fmt::format("{} s", b.report.warmup_sec));
  }
  const auto same_window = [](const RunReport::Rung& x, const RunReport::Rung& y) {
    return x.name == y.name && x.from_sec == y.from_sec && x.to_sec == y.to_sec;
  };
  if (!std::equal(a.report.rungs.begin(), a.report.rungs.end(), b.report.rungs.begin(), b.report.rungs.end(),
                  same_window)) {
    return differs("rungs", fmt::format("{} rungs", a.report.rungs.size()),
                   fmt::format("{} rungs", b.report.rungs.size()));
  }
  return {};
}

void add_users(const RunReport::Users& from, RunReport::Users& to) {
  for (const auto member :
       {&RunReport::Users::planned, &RunReport::Users::started, &RunReport::Users::admitted, &RunReport::Users::entered,
        &RunReport::Users::reserved, &RunReport::Users::confirmed, &RunReport::Users::sold_out,
        &RunReport::Users::abandoned, &RunReport::Users::expired, &RunReport::Users::failed,
        &RunReport::Users::position_rises, &RunReport::Users::unreadable_answers}) {
    to.*member += from.*member;
  }
  to.poll_interval_effective_sec = std::min(to.poll_interval_effective_sec, from.poll_interval_effective_sec);
  const auto pairs = [](const RunReport::Fairness& f) {
    const double n = static_cast<double>(f.compared);
    return f.compared > 1 ? n * (n - 1) / 2 : 0;
  };
  const double all_pairs = pairs(from.fairness) + pairs(to.fairness);
  to.fairness.compared += from.fairness.compared;
  to.fairness.inversions += from.fairness.inversions;
  to.fairness.inverted_share = all_pairs > 0 ? static_cast<double>(to.fairness.inversions) / all_pairs : 0;
  to.fairness.overtaken += from.fairness.overtaken;
  to.fairness.worst_overtake_ms = std::max(to.fairness.worst_overtake_ms, from.fairness.worst_overtake_ms);
}

void add_machine(const RunReport& from, RunReport& to) {
  to.connections.opened += from.connections.opened;
  to.connections.peak += from.connections.peak;
  to.connections.reused += from.connections.reused;
  to.connections.connect_failures += from.connections.connect_failures;
  to.self.cpu_sec += from.self.cpu_sec;
  to.self.peak_rss_bytes += from.self.peak_rss_bytes;
  to.self.threads += from.self.threads;
  to.self.busiest_worker_cpu_share = std::max(to.self.busiest_worker_cpu_share, from.self.busiest_worker_cpu_share);
  to.self.backlog_high_water = std::max(to.self.backlog_high_water, from.self.backlog_high_water);
  to.duration_sec = std::max(to.duration_sec, from.duration_sec);
  to.schedule_sec = std::max(to.schedule_sec, from.schedule_sec);
  to.interrupted |= from.interrupted;
  if (to.aborted.empty()) to.aborted = from.aborted;
  to.adapted.insert(to.adapted.end(), from.adapted.begin(), from.adapted.end());
}

// What the parts of the system did is the same whoever watched: summing it up would count it twice.
void take_components(const std::vector<StoredRun>& runs, RunReport& to, std::vector<std::string>& notes) {
  const StoredRun* watched = nullptr;
  std::size_t others = 0;
  for (const auto& run : runs) {
    if (run.report.components.empty()) continue;
    if (watched == nullptr) {
      watched = &run;
    } else {
      ++others;
    }
  }
  if (watched == nullptr) return;
  if (others > 0) {
    notes.push_back(
        fmt::format("the components are as {} observed them; what {} other merged run{} observed is not in here",
                    watched->directory, others, others == 1 ? "" : "s"));
  }
  to.components = watched->report.components;
  to.component_intervals = watched->report.component_intervals;
}

// Gates that another run had and this one has not.
core::Result<void> add_gates(const StoredRun& run, Assembly& to) {
  const auto other = run.assembly();
  if (!other) return other.error();
  for (const auto& gate : other->gates) {
    const auto same = [&](const Gate& have) { return have.expression() == gate.expression(); };
    if (std::none_of(to.gates.begin(), to.gates.end(), same)) to.gates.push_back(gate);
  }
  return {};
}

// What does not forbid a merge, but whoever reads it should know.
void note_differences(const StoredRun& first, const StoredRun& run, std::vector<std::string>& notes) {
  if (&first == &run) return;
  const RunReport &a = first.report, &b = run.report;
  if (a.target != b.target) notes.push_back(fmt::format("merged runs went to {} and {}", a.target, b.target));
  if (a.scenario != b.scenario) notes.push_back(fmt::format("merged runs are of {} and {}", a.scenario, b.scenario));
  if (a.seed == b.seed && a.users.started > 0) {
    notes.push_back(
        fmt::format("merged runs have the same seed {}: their users have the same names, and a waiting room "
                    "takes them for the same people. Give each machine a --seed of its own",
                    a.seed));
  }
  if (a.started_at != b.started_at) {
    notes.push_back(
        fmt::format("merged by the time since each one's own start: {} and {}", a.started_at, b.started_at));
  }
}

// Each generator must have been fast enough by itself: in the merged lag, a slow one can hide behind the others.
void add_invalid(const StoredRun& run, std::vector<std::string>& reasons) {
  if (run.report.verdict != "invalid") return;
  for (const auto& reason : run.report.verdict_reasons) reasons.push_back(run.directory + ": " + reason);
}

}  // namespace

core::Result<Assembly> StoredRun::assembly() const {
  Assembly assembly;
  assembly.from = core::from_seconds(report.warmup_sec);
  for (const auto& rung : report.rungs) {
    assembly.rungs.push_back({rung.name, core::from_seconds(rung.from_sec), core::from_seconds(rung.to_sec)});
  }
  for (const auto& written : report.rungs.empty() ? report.gates : report.rungs.front().gates) {
    auto gate = Gate::parse(written.expression, step_names());
    if (!gate) return core::fail(fmt::format("{}/report.json: {}", directory, gate.error().message));
    assembly.gates.push_back(std::move(*gate));
  }
  return assembly;
}

core::Result<StoredRun> parse_run(const std::string& directory, std::string_view report_json,
                                  std::string_view latency_hlog) {
  StoredRun run;
  run.directory = directory;
  const auto wrong = [&](const char* file, const core::Error& error) {
    return core::fail(fmt::format("{}/{}: {}", directory, file, error.message));
  };
  auto report = measure::report_from_json(report_json);
  if (!report) return wrong("report.json", report.error());
  run.report = std::move(*report);
  auto record = counts_of(run.report);
  if (!record) return wrong("report.json", record.error());
  run.record = std::move(*record);
  if (const auto added = measure::add_hdr_log(latency_hlog, run.record); !added) {
    return wrong("latency.hlog", added.error());
  }
  return run;
}

core::Result<StoredRun> read_run(const std::string& path) {
  StoredRun run;
  run.directory = directory_of(path);
  const auto json = read_file(run.directory + "/report.json");
  if (!json) return json.error();
  const auto log = read_file(run.directory + "/latency.hlog");
  if (!log) return log.error();
  return parse_run(run.directory, *json, *log);
}

core::Result<RunReport> read_report(const std::string& path) {
  const std::string directory = directory_of(path);
  const auto json = read_file(directory + "/report.json");
  if (!json) return json.error();
  auto report = measure::report_from_json(*json);
  if (!report) return core::fail(fmt::format("{}/report.json: {}", directory, report.error().message));
  return report;
}

core::Result<StoredRun> merge_runs(std::vector<StoredRun> runs) {
  if (runs.empty()) return core::fail("there is no run to merge");
  auto assembly = runs.front().assembly();
  if (!assembly) return assembly.error();
  std::vector<std::string> names, reasons, notes;
  for (const auto& run : runs) {
    for (const auto& name : names) {
      if (name == run.directory) return core::fail(fmt::format("'{}' is named twice: a run is merged once", name));
    }
    if (const auto added = add_gates(run, *assembly); !added) return added.error();
    note_differences(runs.front(), run, notes);
    if (const auto same = check_same_load(runs.front(), run); !same) return same.error();
    names.push_back(run.directory);
    add_invalid(run, reasons);
  }
  RunReport watched;
  take_components(runs, watched, notes);
  StoredRun merged = std::move(runs.front());
  merged.report.components = std::move(watched.components);
  merged.report.component_intervals = std::move(watched.component_intervals);
  for (std::size_t i = 1; i < runs.size(); ++i) {
    merged.record.merge(runs[i].record);
    add_users(runs[i].report.users, merged.report.users);
    add_machine(runs[i].report, merged.report);
  }
  RunReport& r = merged.report;
  r.users.peak_active = 0;
  for (const auto& interval : merged.record.intervals()) {
    r.users.peak_active = std::max(r.users.peak_active, measure::active(interval.users));
  }
  const std::uint64_t sent = merged.record.all().sent;
  r.self.cpu_us_per_request = sent > 0 ? r.self.cpu_sec * 1e6 / static_cast<double>(sent) : 0;
  r.merged_from = names;
  r.adapted.insert(r.adapted.end(), notes.begin(), notes.end());
  assemble(merged.record, *assembly, r);
  if (!reasons.empty()) {
    r.verdict = "invalid";
    r.verdict_reasons = reasons;
  }
  return merged;
}

}  // namespace tacos::report
