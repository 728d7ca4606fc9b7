#pragma once

#include <algorithm>

#include "measure/run_report.h"
#include "unit/tacos-plan/plan/planned.h"

namespace tacos::plan {

// A sale of 1,000 users and 100 seats, 50 let in a second: the last seat's turn after 2 s, the line told soon after.
inline PlanInputs small_sale() {
  return inputs_with({{Quantity::kUsers, 1000},
                      {Quantity::kSeats, 100},
                      {Quantity::kAdmissionRate, 50},
                      {Quantity::kAdmissionBurst, 0},
                      {Quantity::kGatherTime, 5},
                      {Quantity::kPollInterval, 1},
                      {Quantity::kPollJitter, 0},
                      {Quantity::kCheckoutTime, 1}});
}

inline std::uint64_t& of_state(measure::RunReport::Interval& interval, measure::UserState state) {
  return interval.users[static_cast<std::size_t>(state)];
}

// A run of the plan's small sale that keeps everything: joins for 5 s, then 50 a second let in, then the line is told.
inline measure::RunReport run_that_keeps(const Plan& plan) {
  using measure::Outcome;
  using measure::UserState;
  constexpr std::size_t kSeconds = 12, kOpens = 5;
  measure::RunReport run;
  run.verdict = "passed";
  run.started_at = "2026-11-21T08:00:00.000Z";
  run.duration_sec = kSeconds;
  const auto users = static_cast<std::uint64_t>(plan.inputs[Quantity::kUsers]);
  const auto let_in = static_cast<std::uint64_t>(plan.selling.admissions);
  const auto per_second = static_cast<std::uint64_t>(plan.polling.status_rps);
  std::uint64_t admitted = 0, all = 0;
  for (std::size_t i = 0; i < kSeconds; ++i) {
    auto& interval = run.intervals.emplace_back();
    interval.t_sec = static_cast<double>(i);
    interval.offered = interval.sent = interval.completed = per_second;
    if (i < kOpens) interval.steps.push_back({"join", users / kOpens, {}, 1, 2});
    interval.steps.push_back({"status", per_second, {}, 1, 2});
    if (i >= kOpens) interval.admitted = std::min<std::uint64_t>(50, let_in - admitted);
    admitted += interval.admitted;
    if (i > kOpens + 4) of_state(interval, UserState::kToldSoldOut) = users - let_in;
    all += per_second;
  }
  run.rate = {static_cast<double>(per_second), static_cast<double>(per_second), all, all, all};
  run.outcomes[static_cast<std::size_t>(Outcome::kOk)] = all;
  measure::RunReport::Step status;
  status.count = all;
  status.response_time_ms = {1, 1, 2, 3, 4, 5, 6, 7};
  status.service_time_ms = {1, 1, 2, 3, 4, 5, 6, 7};
  run.steps = {{"status", status}};
  run.users.planned = run.users.started = run.users.peak_active = users;
  run.users.admitted = run.users.entered = run.users.reserved = run.users.confirmed = let_in;
  run.users.sold_out = users - let_in;
  run.users.poll_interval_effective_sec = 1;
  run.users.time_to_admission_ms = {4000, 4000, 6000, 6500, 6900, 6950, 6990, 7000};
  return run;
}

}  // namespace tacos::plan
