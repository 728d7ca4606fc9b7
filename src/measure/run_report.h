#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "measure/component.h"
#include "measure/histogram.h"
#include "measure/run_record.h"

namespace tacos::measure {

// The percentiles that a report states, in milliseconds. All 0 when nothing was recorded.
struct Percentiles {
  double mean = 0, p50 = 0, p90 = 0, p95 = 0, p99 = 0, p99_9 = 0, p99_99 = 0, max = 0;

  static Percentiles of(const Histogram& histogram);
};

// report.json, schema tacos.run/1 (docs/schema/run-1.schema.json): the promise to everything that reads a run. Keys may
// be added, none are renamed or dropped. Times in it are relative to started_at.
struct RunReport {
  static constexpr const char* kSchema = "tacos.run/1";

  struct Host {
    std::uint32_t cpus = 0;
    std::string kernel;
    std::uint64_t fd_limit = 0;
  };
  struct Rates {
    double offered_rps = 0;   // scheduled per second of the measured time
    double achieved_rps = 0;  // of those, answered completely
    std::uint64_t scheduled = 0, sent = 0, completed = 0;
  };
  struct Step {
    std::uint64_t count = 0;
    Percentiles response_time_ms;
    Percentiles service_time_ms;
    OutcomeCounts outcomes{};
  };
  struct Gate {
    std::string expression;
    std::string value;  // as people read it, with its unit
    std::string limit;
    bool passed = false;
  };
  // One stage of a ladder, judged by itself.
  struct Rung {
    std::string name;
    double from_sec = 0, to_sec = 0;
    double planned_rps = 0, offered_rps = 0, achieved_rps = 0;
    std::string verdict;
    std::vector<std::pair<std::string, Step>> steps;  // those that had requests, in the order of the journey
    OutcomeCounts outcomes{};
    Percentiles send_lag_ms;
    std::vector<Gate> gates;
    std::vector<std::pair<std::string, ComponentUse>> components{};  // those that were observed in it
  };
  // Did those who came first go first? Joins count in the order they were due, entries in the order the grants came.
  struct Fairness {
    std::uint64_t compared = 0;    // users who entered
    std::uint64_t inversions = 0;  // pairs of them who entered in the other order than they joined
    double inverted_share = 0;     // of all their pairs
    // Overtaking that no polling explains: told to wait although somebody who joined only after this user had a ticket
    // had been called in before.
    std::uint64_t overtaken = 0;   // users it happened to
    double worst_overtake_ms = 0;  // longest wait between the other's call and the last "wait" of the overtaken
  };
  struct Users {
    std::uint64_t planned = 0, started = 0, peak_active = 0, admitted = 0, entered = 0, sold_out = 0, abandoned = 0;
    std::uint64_t reserved = 0, confirmed = 0, expired = 0, failed = 0, position_rises = 0, unreadable_answers = 0;
    double poll_interval_planned_sec = 0, poll_interval_effective_sec = 0;
    Percentiles time_to_admission_ms;
    Percentiles time_to_sold_out_ms;
    std::uint64_t overtaken = 0;  // of fairness; here for gates
    Fairness fairness{};
  };
  struct Self {
    double cpu_sec = 0, cpu_us_per_request = 0;
    std::uint64_t peak_rss_bytes = 0;
    std::uint32_t threads = 0;
    double busiest_worker_cpu_share = 0;
    std::uint64_t backlog_high_water = 0;
  };
  struct Connections {
    std::uint64_t opened = 0, peak = 0, reused = 0, connect_failures = 0;
  };
  struct IntervalStep {
    std::string name;
    std::uint64_t count = 0;
    OutcomeCounts outcomes{};
    double response_p50_ms = 0, response_p99_ms = 0;
  };
  struct Interval {
    double t_sec = 0;
    double planned = 0;  // what the schedule has in it
    std::uint64_t offered = 0, sent = 0, completed = 0, errors = 0, active_users = 0;
    double response_p50_ms = 0, response_p90_ms = 0, response_p99_ms = 0, response_p99_9_ms = 0;
    double service_p50_ms = 0, service_p99_ms = 0, send_lag_p99_ms = 0, dispatch_lag_p99_ms = 0;
    OutcomeCounts outcomes{};
    std::vector<IntervalStep> steps{};  // those that had requests
    UserStates users{};                 // at its end
    std::uint64_t positions = 0;        // answers that named a place in line
    double position_p10 = 0, position_p50 = 0, position_p90 = 0;
    std::uint64_t admitted = 0;  // users told to enter
    double time_to_admission_p50_ms = 0;
  };
  // Beyond these a run is invalid.
  struct Validity {
    double dispatch_lag_p99_ms = 10;
    double least_dispatched = 0.99;  // share of the schedule that the generator itself neither shed nor left unfilled
  };

  std::string tool_version;
  std::string command;
  std::string scenario;
  std::string target;
  std::string engine;
  std::uint64_t seed = 0;
  std::string started_at;  // UTC, ISO 8601
  double duration_sec = 0;
  double schedule_sec = 0;  // how long the plan is
  double warmup_sec = 0;
  double interval_sec = 1;
  bool interrupted = false;
  std::string aborted;                   // the gate that ended the run early; empty when none did
  std::vector<std::string> merged_from;  // the runs this one was put together from; empty for a run
  Host host;
  std::string verdict;
  std::vector<std::string> verdict_reasons;
  std::vector<std::string> adapted;
  Validity validity;
  Rates rate;
  OutcomeCounts outcomes{};
  std::map<int, std::uint64_t> status_codes;
  std::vector<std::pair<std::string, Step>> steps;  // in the order of the journey
  Percentiles send_lag_ms;
  Percentiles dispatch_lag_ms;
  Percentiles connection_wait_ms;
  Connections connections;
  Users users;
  std::vector<Gate> gates;
  std::vector<Rung> rungs;
  Self self;
  std::vector<Interval> intervals;
  std::vector<Component> components;  // parts of the system that were watched; empty when nobody asked
  std::vector<ComponentInterval> component_intervals;
  Bottleneck bottleneck;
};

// The document, indented, ending in a newline.
std::string to_json(const RunReport& report);

// Reads a report back; keys it does not know are passed over. Fails with the JSON pointer of what is missing or wrong.
core::Result<RunReport> report_from_json(std::string_view text);

}  // namespace tacos::measure
