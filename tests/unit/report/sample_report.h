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
  rung.steps.emplace_back("status", step);
  rung.gates = {{"p99(status) < 5ms", "4.00 ms", "< 5.00 ms", true}};
  r.rungs = {rung, rung};
  r.rungs[1].name = "2k";
  r.rungs[1].verdict = "failed";
  r.rungs[1].gates = {{"p99(status) < 5ms", "7.00 ms", "< 5.00 ms", false}};
  r.self = {12.5, 21.5, 64u << 20, 2, 0.7, 12};
  r.intervals.resize(1);
  auto& interval = r.intervals[0];
  interval.planned = 1000;
  interval.offered = interval.sent = 1000;
  interval.completed = 999;
  interval.errors = 1;
  interval.active_users = 12;
  interval.response_p50_ms = 1.25;
  interval.response_p99_ms = 4.5;
  interval.send_lag_p99_ms = 0.05;
  interval.dispatch_lag_p99_ms = 0.04;
  interval.outcomes[static_cast<std::size_t>(Outcome::kOk)] = 999;
  interval.outcomes[static_cast<std::size_t>(Outcome::kTimeout)] = 1;
  interval.steps = {{"status", 1000, interval.outcomes, 1.25, 4.5}};
  interval.users = {1, 10, 1, 0, 0, 0};
  interval.positions = 10;
  interval.position_p50 = 150'000;
  interval.admitted = 1;
  interval.time_to_admission_p50_ms = 500;
  measure::ComponentUse use;
  use.observed_sec = 10;
  for (auto& flow : use.flows) flow = 0.5;
  for (auto& level : use.levels) level = 1024;
  use.utilisation = 0.5;
  use.calls = {{"evalsha", 12.5}};
  r.components.push_back({"redis", "redis://h:6379", "redis", 1, 10, 1, 1, "1 of 11 samples is missing", use, 0.75, 3});
  r.components.push_back({"api", "http://h/metrics", "prometheus", 0, 10, 0, 0, "", {}, {}, 0});
  r.component_intervals = {{0, {{"redis", use}}}};
  r.rungs[1].components = {{"redis", use}};
  r.bottleneck = {"redis", 0.98, 2000, "redis is the bottleneck"};
  r.users.fairness = {10, 3, 0.0667, 1, 20};
  return r;
}

}  // namespace tacos::report
