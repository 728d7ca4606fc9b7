#include "tacos-plan/plan/polling_plan.h"

#include <algorithm>

#include <fmt/format.h>

#include "tacos-plan/document/number_text.h"
#include "tacos-plan/models/fluid_queue.h"
#include "tacos-plan/models/polling.h"
#include "tacos-plan/plan/admission_plan.h"

namespace tacos::plan {
namespace {

using Q = Quantity;

constexpr int kSteps = 400;  // of the integral over the line; the curve is smooth

// Polls of everybody when the line is told once the last seat is paid. Until the seats are taken each asks
// P(wait) − P(wait left) times. From then on nobody moves, so the wait that they are told, and with it the interval,
// stays as it is until the news; the poll that brings it comes half an interval late on average.
core::Result<double> polls_until_told(const PlanInputs& in, const AdmissionPlan& admission,
                                      const SellingPlan& selling) {
  const PollRule rule = poll_rule(in);
  const double users = in[Q::kUsers], ramp = in[Q::kArrivalTime];
  double total = 0;
  for (int i = 0; i < kSteps; ++i) {
    const double k = users * (i + 0.5) / kSteps;
    const double arrives = k * ramp / users;
    const double wait = std::max(0.0, k / admission.rate - arrives);
    if (k > selling.admissions && arrives >= selling.last_paid_sec) continue;
    const auto all = polls_of_user(rule, wait);
    if (!all) return all.error();
    double polls = *all;
    if (k > selling.admissions) {
      const double stands_from = std::max(selling.sellout_sec, arrives);
      const double left = std::max(0.0, arrives + wait - stands_from);
      const auto spared = polls_of_user(rule, left);
      if (!spared) return spared.error();
      const double interval = poll_interval_seconds(rule, left, 1);
      polls += (selling.last_paid_sec - stands_from + interval / 2) / interval - *spared;
    }
    total += polls * users / kSteps;
  }
  return total;
}

core::Result<void> count_polls(const PlanInputs& in, const AdmissionPlan& admission, const SellingPlan& selling,
                               const PollLoad& load, PollingPlan& plan) {
  const double users = in[Q::kUsers];
  plan.polls_without_stop = load.total;
  auto told = core::Result<double>(load.total);
  if (in.poll == PollPolicy::kFixed) {
    const auto all = fixed_polls_total(users, admission.mean_wait, in[Q::kPollInterval]);
    if (!all) return all.error();
    plan.polls_without_stop = *all;
    told = fixed_polls_total(users, selling.answer_mean_wait, in[Q::kPollInterval]);
  } else if (selling.in_vain > 0) {
    told = polls_until_told(in, admission, selling);
  }
  if (!told) return told.error();
  plan.polls_if_told = *told;
  const bool stops = in.at_sell_out == AtSellOut::kStop;
  plan.polls_per_event = stops ? plan.polls_if_told : plan.polls_without_stop;
  return {};
}

}  // namespace

PollRule poll_rule(const PlanInputs& in) {
  PollRule rule;
  rule.share = in[Q::kPollShare];
  rule.shortest_seconds = in[Q::kPollShortest];
  rule.longest_seconds = in[Q::kPollLongest];
  rule.heartbeat_seconds = in[Q::kHeartbeatTtl];
  rule.jitter = in[Q::kPollJitter];
  return rule;
}

core::Result<PollingPlan> plan_polling(const PlanInputs& in, const AdmissionPlan& admission, const SellingPlan& selling,
                                       Derivations& derive) {
  PollingPlan plan;
  const double line = selling.peak_line;
  plan.in_line = line;
  const auto fixed = fixed_polls_per_second(line, in[Q::kPollInterval]);
  if (!fixed) return fixed.error();
  const auto load = poll_load({line, admission.rate}, poll_rule(in), in[Q::kPollInterval]);
  if (!load) return load.error();
  plan.fixed_rps = *fixed;
  plan.by_position_rps = load->peak_per_second;
  const bool by_position = in.poll == PollPolicy::kByPosition;
  plan.status_rps = derive.add(
      "polling.status_rps", by_position ? plan.by_position_rps : plan.fixed_rps, "1/s",
      by_position
          ? fmt::format("{} in line, each asking after clamp({:g} × wait left, {}, {})", count_text(line),
                        in[Q::kPollShare], seconds_text(in[Q::kPollShortest]), seconds_text(in[Q::kPollLongest]))
          : fmt::format("{} in line ÷ {}", count_text(line), seconds_text(in[Q::kPollInterval])),
      by_position ? "renewal density of the interval rule" : "n users who each ask every i seconds ask n ÷ i a second");
  const double joins_in = in[Q::kArrivalTime] > 0 ? in[Q::kArrivalTime] : in[Q::kGatherTime];
  plan.joins_rps = derive.add("polling.joins_rps", in[Q::kUsers] / joins_in, "1/s",
                              fmt::format("{} users ÷ {}", count_text(in[Q::kUsers]), seconds_text(joins_in)),
                              "an even stream of arrivals");
  if (auto counted = count_polls(in, admission, selling, *load, plan); !counted) return counted.error();
  derive.add(
      "polling.polls_per_event", plan.polls_per_event, "requests",
      fmt::format(
          "users × mean wait to an answer ÷ interval{}",
          selling.in_vain > 0 && in.at_sell_out == AtSellOut::kStop ? ", the line being told of the last seat" : ""),
      "Little's law: polls in a burst are N × mean wait ÷ interval");
  plan.feedback_mean_sec = mean_feedback_seconds(in);
  plan.response_bytes_per_sec = derive.add(
      "polling.bandwidth_bytes_per_sec", plan.status_rps * in[Q::kStatusResponseBytes], "bytes/s",
      fmt::format("{} × {}", rate_text(plan.status_rps), bytes_text(in[Q::kStatusResponseBytes])), "rate × size");
  plan.request_bytes_per_sec = plan.status_rps * in[Q::kStatusRequestBytes];
  // Those who gather stand there for half of the time on average, at the interval of those far from the front.
  const double asks_every =
      by_position ? longest_poll_seconds(poll_rule(in)) / (1 + in[Q::kPollJitter]) : in[Q::kPollInterval];
  plan.polls_gathering =
      derive.add("polling.polls_gathering",
                 in[Q::kArrivalTime] > 0 ? 0 : in[Q::kUsers] * in[Q::kGatherTime] / 2 / asks_every, "requests",
                 fmt::format("{} users × {} ÷ 2 ÷ {}", count_text(in[Q::kUsers]), seconds_text(in[Q::kGatherTime]),
                             seconds_text(asks_every)),
                 "Little's law; nobody gathers once the sale is open (arrival_sec)");
  plan.egress_bytes_per_event = derive.add(
      "polling.egress_bytes_per_event",
      (plan.polls_gathering + plan.polls_per_event + 2 * in[Q::kUsers]) * in[Q::kStatusResponseBytes], "bytes",
      fmt::format("({} polls + 2 × {} joins and entries) × {}", count_text(plan.polls_gathering + plan.polls_per_event),
                  count_text(in[Q::kUsers]), bytes_text(in[Q::kStatusResponseBytes])),
      "requests × size");
  return plan;
}

}  // namespace tacos::plan
