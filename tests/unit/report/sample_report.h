#pragma once

#include "measure/run_report.h"

namespace tacos::report {

// A small ladder's report with something to say in every part of it: one rung that holds and one that does not.
inline measure::RunReport sample_report() {
  using measure::Outcome;
  measure::RunReport r;
  r.tool_version = "0.1.0";
  r.command = "tacos-load run scenarios/ladder.json";
  r.scenario = "ladder";
  r.target = "http://127.0.0.1:8080";
  r.engine = "asio";
  r.seed = 7;
  r.started_at = "2026-11-21T08:00:00.500Z";
  r.duration_sec = 30;
  r.host = {2, "Linux 6.1", 20000};
  r.verdict = "failed";
  r.verdict_reasons = {"at 2k: p99(status) < 5ms does not hold: it was 7.00 ms"};
  r.adapted = {"20,000 descriptors: users share 1,000 connections"};
  r.rate = {1500, 1499, 30'000, 29'990, 29'980};
  r.outcomes[static_cast<std::size_t>(Outcome::kOk)] = 29'980;
  r.outcomes[static_cast<std::size_t>(Outcome::kTimeout)] = 20;
  r.status_codes = {{200, 29'980}};
  measure::RunReport::Step step;
  step.count = 20'000;
  step.response_time_ms = {1.5, 1, 2, 3, 4, 55.5, 600, 7000};
  step.service_time_ms = {0.5, 0.4, 0.5, 0.6, 0.9, 1, 2, 3};
  step.outcomes[static_cast<std::size_t>(Outcome::kOk)] = 20'000;
  r.steps = {{"join", {}}, {"status", step}};
  r.users.planned = 300'000;
  r.users.started = 12'345;
  r.users.confirmed = 10'000;
  measure::RunReport::Rung rung;
  rung.name = "1k";
  rung.to_sec = 10;
  rung.planned_rps = rung.achieved_rps = 1000;
  rung.verdict = "passed";
  rung.steps["status"] = step;
  rung.gates = {{"p99(status) < 5ms", "4.00 ms", "< 5.00 ms", true}};
  r.rungs = {rung, rung};
  r.rungs[1].name = "2k";
  r.rungs[1].verdict = "failed";
  r.rungs[1].gates = {{"p99(status) < 5ms", "7.00 ms", "< 5.00 ms", false}};
  r.self = {12.5, 21.5, 64u << 20, 2, 0.7, 12};
  r.intervals = {{0, 1000, 1000, 1000, 999, 1, 12, 1.25, 4.5, 0.05, 0.04}};
  return r;
}

}  // namespace tacos::report
