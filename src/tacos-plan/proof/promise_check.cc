#include "tacos-plan/proof/promise_check.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

#include "tacos-plan/document/number_text.h"
#include "tacos-plan/plan/admission_plan.h"
#include "tacos-plan/proof/component_check.h"

namespace tacos::plan {
namespace {

using Q = Quantity;
using measure::RunReport;
using enum PromiseCheck::Verdict;

constexpr double kEnoughOfThePlan = 0.95;  // a run that reached this much of a planned load has tested it
constexpr double kSelloutTolerance = 1.1;  // beyond the lag of polling: seconds are whole in a report
constexpr std::uint64_t kEnoughForP99 = 1000;

class Checks {
 public:
  void add(std::string component, std::string promised, std::string measured, bool kept, std::string why = {}) {
    all_.push_back({std::move(component), std::move(promised), std::move(measured), kept ? kKept : kBroken,
                    kept ? std::string() : std::move(why)});
  }
  void not_tested(std::string component, std::string promised, std::string measured, std::string why) {
    all_.push_back({std::move(component), std::move(promised), std::move(measured), kNotTested, std::move(why)});
  }
  void take_over(PromiseCheck check) { all_.push_back(std::move(check)); }
  std::vector<PromiseCheck> take() { return std::move(all_); }

 private:
  std::vector<PromiseCheck> all_;
};

const RunReport::Step* step_named(const RunReport& run, std::string_view name) {
  for (const auto& [step, facts] : run.steps) {
    if (step == name && facts.count > 0) return &facts;
  }
  return nullptr;
}

// The best second's requests of a step ("" for all), per second.
double peak_rate(const RunReport& run, std::string_view step) {
  double peak = 0;
  for (const auto& interval : run.intervals) {
    if (step.empty()) peak = std::max(peak, static_cast<double>(interval.offered));
    for (const auto& of : interval.steps) {
      if (of.name == step) peak = std::max(peak, static_cast<double>(of.count));
    }
  }
  return peak / std::max(run.interval_sec, 1e-9);
}

void check_latency(const Plan& plan, const RunReport& run, Checks& to) {
  const double promise = plan.inputs[Q::kStatusPromise];
  const std::string promised = "p99 under " + seconds_text(promise);
  const RunReport::Step* status = step_named(run, "status");
  if (status == nullptr) status = step_named(run, "request");
  if (status == nullptr || status->count < kEnoughForP99) {
    to.not_tested("status latency", promised, status == nullptr ? "–" : count_text(static_cast<double>(status->count)),
                  fmt::format("a p99 takes at least {} status requests", kEnoughForP99));
    return;
  }
  const double p99 = status->response_time_ms.p99 / 1000;
  to.add("status latency", promised,
         fmt::format("p99 {} of {} requests", seconds_text(p99), count_text(static_cast<double>(status->count))),
         p99 < promise, fmt::format("{:.1f} times the promise", p99 / promise));
}

void check_errors(const Plan& plan, const RunReport& run, Checks& to) {
  std::uint64_t all = 0;
  for (const auto count : run.outcomes) all += count;
  const double share = all == 0 ? 0 : static_cast<double>(measure::errors(run.outcomes)) / static_cast<double>(all);
  const double promise = plan.inputs[Q::kErrorPromise];
  const std::string promised = "at most " + share_text(promise) + " fail";
  if (all == 0) {
    to.not_tested("errors", promised, "–", "the run sent nothing");
    return;
  }
  to.add("errors", promised, fmt::format("{} of {}", share_text(share), count_text(static_cast<double>(all))),
         share <= promise, "too many requests failed");
}

void check_load(const Plan& plan, const RunReport& run, Checks& to) {
  const double planned = plan.polling.status_rps;
  const double reached = std::max(peak_rate(run, "status"), peak_rate(run, "request"));
  const std::string promised = rate_text(planned) + " status requests";
  const std::string measured = fmt::format("{} at the peak", rate_text(reached));
  if (reached >= kEnoughOfThePlan * planned) {
    const double achieved = run.rate.offered_rps > 0 ? run.rate.achieved_rps / run.rate.offered_rps : 0;
    to.add("polling load", promised, fmt::format("{}, {} answered", measured, share_text(achieved)), achieved >= 0.99,
           "not all of what was offered was answered");
  } else {
    to.not_tested("polling load", promised, measured,
                  fmt::format("the run reached {} of the plan's peak; tacos-plan scenario writes one that reaches it",
                              share_text(reached / planned)));
  }
}

void check_crowd(const Plan& plan, const RunReport& run, Checks& to) {
  const auto came = static_cast<double>(run.users.started);
  const std::string promised = count_text(plan.inputs[Q::kUsers]) + " in the room";
  const std::string measured =
      fmt::format("{} came, {} at once", count_text(came), count_text(static_cast<double>(run.users.peak_active)));
  if (came >= kEnoughOfThePlan * plan.inputs[Q::kUsers]) {
    to.add("crowd", promised, measured, true);
  } else {
    to.not_tested("crowd", promised, measured, "fewer people than the plan is for");
  }
}

void check_admission(const Plan& plan, const RunReport& run, Checks& to) {
  const auto& in = plan.inputs;
  const double lag = longest_feedback_seconds(in);
  const double over =
      admissions_over_bound(run.intervals, plan.admission.rate, in[Q::kAdmissionBurst], lag, run.interval_sec);
  to.add("admission bound",
         fmt::format("never more than {} × time + {:g}", rate_text(plan.admission.rate), in[Q::kAdmissionBurst]),
         fmt::format("{} let in", count_text(static_cast<double>(run.users.admitted))), over <= 0,
         fmt::format("{} more than that in some window, the {} of polling allowed for", count_text(std::ceil(over)),
                     seconds_text(lag)));
}

struct Span {
  double first = -1, last = -1;  // seconds of the first and the last that were called in
};

Span admission_span(const RunReport& run) {
  Span span;
  for (const auto& interval : run.intervals) {
    if (interval.admitted == 0) continue;
    if (span.first < 0) span.first = interval.t_sec;
    span.last = interval.t_sec + run.interval_sec;
  }
  return span;
}

void check_selling(const Plan& plan, const RunReport& run, Checks& to) {
  const auto& in = plan.inputs;
  const double lag = longest_feedback_seconds(in);
  const Span span = admission_span(run);
  const double measured = span.last - span.first;
  const auto admitted = static_cast<double>(run.users.admitted);
  const double promise = plan.selling.sellout_sec + lag;
  const std::string promised =
      fmt::format("{} let in within {}, and know it within {}", count_text(plan.selling.admissions),
                  seconds_text(plan.selling.sellout_sec), seconds_text(promise));
  const std::string text = fmt::format("{} knew within {}", count_text(admitted), seconds_text(measured));
  if (span.first < 0 || admitted < kEnoughOfThePlan * plan.selling.admissions) {
    to.not_tested("time to sell out", promised, text, "the run ended before that many were let in");
  } else {
    to.add("time to sell out", promised, text, measured <= promise * kSelloutTolerance + 2 * run.interval_sec,
           "slower than the plan");
  }
  const double tickets = std::round(in[Q::kTicketsPerBuyer]) * static_cast<double>(run.users.confirmed);
  to.add("seats", fmt::format("at most {} sold", count_text(in[Q::kSeats])), count_text(tickets) + " sold",
         tickets <= in[Q::kSeats], "more were sold than there are");
}

void check_waits(const Plan& plan, const RunReport& run, Checks& to) {
  const auto& in = plan.inputs;
  // The run counts from the join; the promise from the opening, which the first to join wait for as well.
  const double gather = in[Q::kArrivalTime] > 0 ? 0 : in[Q::kGatherTime];
  const double allowed = gather + in[Q::kTargetWait];
  const std::string promised =
      fmt::format("everyone within {}{}", seconds_text(in[Q::kTargetWait]),
                  gather > 0 ? fmt::format(" of the opening, {} after joining", seconds_text(allowed)) : "");
  if (run.users.admitted == 0) {
    to.not_tested("wait", promised, "nobody was let in", "the sale did not open during the run");
    return;
  }
  const double longest = run.users.time_to_admission_ms.max / 1000;
  to.add(
      "wait", promised,
      fmt::format("longest {}, p99 {}", seconds_text(longest), seconds_text(run.users.time_to_admission_ms.p99 / 1000)),
      longest <= allowed, "somebody waited longer");
}

void check_order(const RunReport& run, Checks& to) {
  to.add("order", "a position never rises", fmt::format("{} rises", run.users.position_rises),
         run.users.position_rises == 0, "users were moved back in line");
  to.add("fairness", "nobody is overtaken", fmt::format("{} provably overtaken", run.users.fairness.overtaken),
         run.users.fairness.overtaken == 0, "later arrivals were called in first");
}

void check_sold_out(const Plan& plan, const RunReport& run, Checks& to) {
  if (plan.selling.in_vain <= 0 || plan.inputs.at_sell_out != AtSellOut::kStop) return;
  const Span span = admission_span(run);
  const auto told = static_cast<double>(run.users.sold_out);
  const double after = plan.selling.told_sec - plan.selling.sellout_sec;
  const std::string promised = fmt::format("the line knows {} after the last turn", seconds_text(after));
  if (told == 0) {
    to.not_tested("sold out", promised, "nobody was told", "the run ended before the last seat was paid");
    return;
  }
  // The second by whose end 95 % of all who ever knew did.
  const auto state = static_cast<std::size_t>(measure::UserState::kToldSoldOut);
  double most = 0, when = -1;
  for (const auto& interval : run.intervals) most = std::max(most, static_cast<double>(interval.users[state]));
  for (const auto& interval : run.intervals) {
    if (when < 0 && most > 0 && static_cast<double>(interval.users[state]) >= 0.95 * most) when = interval.t_sec;
  }
  if (when < 0) {
    to.add("sold out", promised, count_text(told) + " told", true);
    return;
  }
  const double took = when + run.interval_sec - span.last;
  to.add("sold out", promised,
         fmt::format("95 % of {} knew after {}", count_text(told), seconds_text(std::max(0.0, took))),
         took <= after + 2 * run.interval_sec, "people were left waiting for nothing");
}

// What the load generator knows of the parts only when it was told to watch them.
void list_components(const Plan& plan, const RunReport& run, Checks& to) {
  const double reached = std::max(peak_rate(run, "status"), peak_rate(run, "request"));
  for (auto& check : check_components(plan, run, reached >= kEnoughOfThePlan * plan.polling.status_rps)) {
    to.take_over(std::move(check));
  }
  for (const auto& headroom : plan.headroom) {
    to.not_tested(headroom.component,
                  fmt::format("{} used, {} allowed", share_text(headroom.utilisation), share_text(headroom.limit)), "–",
                  run.components.empty() ? "the report holds no figures of the server's parts (tacos-load --observe)"
                                         : "what one machine's parts used says nothing of it");
  }
}

}  // namespace

std::string_view name_of(PromiseCheck::Verdict verdict) {
  switch (verdict) {
    case kKept:
      return "kept";
    case kBroken:
      return "broken";
    case kNotTested:
      return "not tested";
  }
  return "";
}

std::size_t PlanVerification::count(PromiseCheck::Verdict verdict) const {
  return static_cast<std::size_t>(
      std::count_if(checks.begin(), checks.end(), [&](const auto& check) { return check.verdict == verdict; }));
}

double admissions_over_bound(const std::vector<RunReport::Interval>& intervals, double rate, double burst,
                             double lag_sec, double interval_sec) {
  // With S(i) = admitted before interval i and L(i) = rate × its start, the excess of the window [i, j) is
  // S(j) − S(i) − (L(j) − L(i)) − rate × lag − burst: the largest rise of S − L, found in one pass.
  double sum = 0, least = 0, excess = 0;
  bool first = true;
  for (const auto& interval : intervals) {
    const double before = sum - rate * interval.t_sec;
    least = first ? before : std::min(least, before);
    first = false;
    sum += static_cast<double>(interval.admitted);
    excess = std::max(excess, sum - rate * (interval.t_sec + interval_sec) - least);
  }
  return excess - rate * lag_sec - burst;
}

PlanVerification verify_plan(const Plan& plan, const RunReport& run) {
  PlanVerification verification;
  verification.run_verdict = run.verdict;
  verification.run_invalid = run.verdict == "invalid" || run.interrupted;
  Checks checks;
  check_latency(plan, run, checks);
  check_errors(plan, run, checks);
  check_load(plan, run, checks);
  if (run.users.started > 0) {
    check_crowd(plan, run, checks);
    check_admission(plan, run, checks);
    check_selling(plan, run, checks);
    check_waits(plan, run, checks);
    check_sold_out(plan, run, checks);
    check_order(run, checks);
  }
  list_components(plan, run, checks);
  verification.checks = checks.take();
  return verification;
}

}  // namespace tacos::plan
