#include "tacos-plan/plan/admission_plan.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "tacos-plan/document/number_text.h"
#include "tacos-plan/models/checkout.h"
#include "tacos-plan/models/fluid_queue.h"

namespace tacos::plan {
namespace {

using Q = Quantity;

constexpr const char* kFluid = "deterministic fluid queue: Newell, Applications of Queueing Theory, 2nd ed., ch. 2";

// Tickets that one admission sells on average.
double tickets_per_admission(const PlanInputs& in) {
  return in[Q::kTicketsPerBuyer] * in[Q::kConversion] * (1 - in[Q::kNoShow]);
}

double admissions_to_sell_out(const PlanInputs& in) {
  return in[Q::kSeats] / tickets_per_admission(in);
}

FluidQueue line_of(const PlanInputs& in, double rate) {
  FluidQueue line;
  line.users = in[Q::kUsers];
  line.arrival_seconds = in[Q::kArrivalTime];
  line.door.per_second = rate;
  return line;
}

// From the last winner's turn until the last seat is paid: they notice, choose and pay, and seats whose hold lapses are
// offered again.
double seconds_to_last_payment(const PlanInputs& in) {
  const double paying = in[Q::kCheckoutTime] * in[Q::kPayingShare];
  const double buyers = std::min(in[Q::kSeats] / in[Q::kTicketsPerBuyer], in[Q::kUsers]);
  return mean_feedback_seconds(in) + in[Q::kCheckoutTime] - paying +
         last_checkout_seconds(buyers, paying, in[Q::kHoldTtl]);
}

// Only then is nothing left, and the line learns it as it asks.
double seconds_from_last_turn_to_news(const PlanInputs& in) {
  return seconds_to_last_payment(in) + longest_feedback_seconds(in);
}

void derive_rules(const PlanInputs& in, AdmissionPlan& plan, Derivations& derive) {
  const double share = in[Q::kTargetPercentile] / 100;
  const double users = in[Q::kUsers], wait = in[Q::kTargetWait], ramp = in[Q::kArrivalTime];
  const double admissions = std::min(admissions_to_sell_out(in), users);
  plan.by_seats = derive.add(
      "admission.by_seats_per_sec", admissions / in[Q::kSaleTime], "1/s",
      fmt::format("{} seats ÷ ({:g} tickets × {:g}) ÷ {}", count_text(in[Q::kSeats]), in[Q::kTicketsPerBuyer],
                  in[Q::kConversion] * (1 - in[Q::kNoShow]), seconds_text(in[Q::kSaleTime])),
      "the sale is over within sale_sec");
  plan.by_wait = derive.add("admission.by_wait_per_sec", share * users / (wait + share * ramp), "1/s",
                            ramp > 0 ? fmt::format("{:g} × {} ÷ ({} + {:g} × {})", share, count_text(users),
                                                   seconds_text(wait), share, seconds_text(ramp))
                                     : fmt::format("{}{} ÷ {}", share < 1 ? fmt::format("{:g} × ", share) : "",
                                                   count_text(users), seconds_text(wait)),
                            kFluid);
  const double after = seconds_from_last_turn_to_news(in);
  // No rate helps where paying alone takes longer than the promise. Where there is a seat for everybody, all are let
  // in.
  const double sold_within = admissions < users ? wait - after : wait;
  plan.by_answer = derive.add(
      "admission.by_answer_per_sec", sold_within > 0 ? std::min(admissions / sold_within, plan.by_wait) : 0, "1/s",
      admissions == users ? std::string("there is a seat for everyone: as by wait")
      : sold_within > 0
          ? fmt::format("{} admissions ÷ ({} − {} until the last has paid and the line has asked)",
                        count_text(admissions), seconds_text(wait), seconds_text(after))
          : fmt::format("none: {} pass until the last has paid and the line has asked, and {} are promised",
                        seconds_text(after), seconds_text(wait)),
      "everyone has an answer when the last seat is paid and the line is told");
}

void derive_backend(const PlanInputs& in, AdmissionPlan& plan, Derivations& derive) {
  struct Backend {
    std::string_view name;
    double capacity;
    double calls;  // per user let in
  };
  const double entering = 1 - in[Q::kNoShow];
  const std::array<Backend, 3> backends{{{"reservation API", in[Q::kReservationCapacity], entering},
                                         {"inventory API", in[Q::kInventoryCapacity], entering},
                                         {"payment API", in[Q::kPaymentCapacity], entering * in[Q::kConversion]}}};
  const auto tightest = std::min_element(backends.begin(), backends.end(), [](const Backend& a, const Backend& b) {
    return a.capacity / a.calls < b.capacity / b.calls;
  });
  plan.tightest_backend = tightest->name;
  plan.by_backend = derive.add(
      "admission.by_backend_per_sec", tightest->capacity * in[Q::kBackendUtilisation] / tightest->calls, "1/s",
      fmt::format("{} of the {} × {} ÷ {:g} calls a user", rate_text(tightest->capacity), tightest->name,
                  share_text(in[Q::kBackendUtilisation]), tightest->calls),
      "capacity × utilisation; M/M/1 waits ρ ÷ (1 − ρ) service times (Kleinrock, Queueing Systems I, 3.2)");
}

void choose(const PlanInputs& in, AdmissionPlan& plan, Derivations& derive) {
  const double wanted = std::max(plan.by_seats, plan.by_wait);
  constexpr double kHair = 1 + 1e-9;
  if (in[Q::kAdmissionRate] > 0) {
    plan.rate = in[Q::kAdmissionRate];
    plan.chosen_by = "given";
    plan.conflict = plan.rate > plan.by_backend * kHair || plan.rate * kHair < wanted;
  } else if (wanted > plan.by_backend * kHair) {
    plan.rate = plan.by_backend;
    plan.chosen_by = "backend";
    plan.conflict = true;
  } else {
    plan.rate = wanted;
    plan.chosen_by = plan.by_wait >= plan.by_seats ? "wait" : "seats";
  }
  derive.add("admission.rate_per_sec", plan.rate, "1/s",
             plan.chosen_by == "given"
                 ? std::string("given")
                 : fmt::format("min(max({} by seats, {} by wait), {} by backend)", rate_text(plan.by_seats),
                               rate_text(plan.by_wait), rate_text(plan.by_backend)),
             "the least that keeps the promises, as far as what stands behind carries it");
}

constexpr int kAnswered = 4000;  // users, evenly through the line, whose waits are put in order

// Waits to either answer. Unlike the waits of a line where all are let in they do not grow with one's place in it: who
// comes late in a long arrival is told sooner, or at the door.
core::Result<void> reckon_answers(const FluidQueue& line, const SoldOut& stop, SellingPlan& plan) {
  const auto summary = fluid_sold_out(line, stop);
  if (!summary) return summary.error();
  plan.answer_mean_wait = summary->person_seconds / line.users;
  plan.answer_longest_wait = std::max(summary->longest_wait_admitted_seconds, summary->longest_wait_sold_out_seconds);
  std::vector<double> waits;
  for (int i = 0; i < kAnswered; ++i) {
    const auto wait = fluid_sold_out_wait_of(line, stop, line.users * (i + 0.5) / kAnswered);
    if (!wait) return wait.error();
    waits.push_back(*wait);
  }
  std::sort(waits.begin(), waits.end());
  const auto within = [&](double share) { return waits[static_cast<std::size_t>(share * kAnswered)]; };
  plan.answer_p50_wait = within(0.5);
  plan.answer_p90_wait = within(0.9);
  plan.answer_p95_wait = within(0.95);
  plan.answer_p99_wait = within(0.99);
  return {};
}

// Until the last seat is paid, whoever comes joins a line that nobody is called in from.
void reckon_peak(const PlanInputs& in, const AdmissionPlan& admission, SellingPlan& plan, Derivations& derive) {
  const double users = in[Q::kUsers], ramp = in[Q::kArrivalTime];
  const bool stands = plan.in_vain > 0 && in.at_sell_out == AtSellOut::kStop && ramp > 0;
  const double standing = stands ? std::min(users, users / ramp * plan.last_paid_sec) - plan.admissions : 0;
  plan.peak_line =
      derive.add("selling.peak_line", std::max(admission.longest_queue, standing), "users",
                 stands ? fmt::format("max({} if all are let in, {} who stand there when the last seat is paid)",
                                      count_text(admission.longest_queue), count_text(standing))
                        : fmt::format("the longest line, {}", count_text(admission.longest_queue)),
                 "nobody is called in once the seats are taken; arrivals go on");
}

}  // namespace

double mean_feedback_seconds(const PlanInputs& in) {
  return (in.poll == PollPolicy::kFixed ? in[Q::kPollInterval] : in[Q::kPollShortest]) / 2;
}

double longest_feedback_seconds(const PlanInputs& in) {
  const double interval = in.poll == PollPolicy::kFixed ? in[Q::kPollInterval] : in[Q::kPollLongest];
  return interval * (1 + in[Q::kPollJitter]);
}

core::Result<AdmissionPlan> plan_admission(const PlanInputs& in, Derivations& derive) {
  AdmissionPlan plan;
  derive_rules(in, plan, derive);
  derive_backend(in, plan, derive);
  choose(in, plan, derive);
  const FluidQueue line = line_of(in, plan.rate);
  const auto summary = fluid_summary(line);
  if (!summary) return summary.error();
  const bool burst = in[Q::kArrivalTime] == 0;
  const std::string numbers = fmt::format("N = {}, a = {}{}", count_text(in[Q::kUsers]), rate_text(plan.rate),
                                          burst ? "" : fmt::format(", T = {}", seconds_text(in[Q::kArrivalTime])));
  plan.longest_wait = derive.add("admission.max_wait_sec", summary->longest_wait_seconds, "s",
                                 (burst ? "N ÷ a: " : "N ÷ a − T: ") + numbers, kFluid);
  plan.mean_wait = derive.add("admission.mean_wait_sec", summary->mean_wait_seconds, "s",
                              (burst ? "N ÷ 2a: " : "(N ÷ a − T) ÷ 2: ") + numbers, kFluid);
  plan.longest_queue = derive.add("admission.longest_queue", summary->longest_queue, "users",
                                  (burst ? "N: " : "N − aT: ") + numbers, kFluid);
  plan.drained_at = summary->drained_at_seconds;
  for (const auto& [share, into] :
       {std::pair(0.5, &plan.p50_wait), std::pair(0.9, &plan.p90_wait), std::pair(0.95, &plan.p95_wait),
        std::pair(0.99, &plan.p99_wait), std::pair(in[Q::kTargetPercentile] / 100, &plan.promised_wait)}) {
    const auto wait = fluid_wait_percentile(line, share);
    if (!wait) return wait.error();
    *into = *wait;
  }
  return plan;
}

core::Result<SellingPlan> plan_selling(const PlanInputs& in, const AdmissionPlan& admission, Derivations& derive) {
  SellingPlan plan;
  const double users = in[Q::kUsers], rate = admission.rate, ramp = in[Q::kArrivalTime];
  const double needed = admissions_to_sell_out(in);
  plan.sells_out = needed <= users;
  plan.admissions = derive.add("selling.admissions", std::min(needed, users), "users",
                               fmt::format("min({} seats ÷ {:g} tickets an admission, {} users)",
                                           count_text(in[Q::kSeats]), tickets_per_admission(in), count_text(users)),
                               "each admission sells its share of a ticket");
  // Nobody can be let in before they come.
  const double came = ramp > 0 ? plan.admissions * ramp / users : 0;
  plan.sellout_sec = derive.add("admission.sellout_sec", std::max(plan.admissions / rate, came), "s",
                                fmt::format("{} admissions ÷ {}", count_text(plan.admissions), rate_text(rate)),
                                "the last winner is admitted at seats ÷ (rate × conversion × tickets)");
  const double paid_after = seconds_to_last_payment(in);
  plan.last_paid_sec =
      derive.add("selling.last_paid_sec", plan.sellout_sec + paid_after, "s",
                 fmt::format("{} + {} until the slowest has paid, holds of {} that lapse being sold again",
                             seconds_text(plan.sellout_sec), seconds_text(paid_after), seconds_text(in[Q::kHoldTtl])),
                 "the maximum of n exponentials is m (ln n + γ): Rényi, On the theory of order statistics, 1953");
  plan.in_vain = derive.add("selling.in_vain", users - plan.admissions, "users",
                            fmt::format("{} − {}", count_text(users), count_text(plan.admissions)),
                            "there is no seat for them at any rate");
  const double slope = std::max(0.0, 1 / rate - ramp / users);
  plan.hours_in_vain =
      derive.add("selling.hours_in_vain", slope * (users * users - plan.admissions * plan.admissions) / 2 / 3600, "h",
                 "∫ w(k) dk over those behind the last winner, w(k) = k ÷ a − kT ÷ N", kFluid);
  plan.told_sec =
      derive.add("selling.told_sec", plan.in_vain > 0 ? plan.last_paid_sec + longest_feedback_seconds(in) : 0, "s",
                 fmt::format("{} + {} until the last one asks", seconds_text(plan.last_paid_sec),
                             seconds_text(longest_feedback_seconds(in))),
                 "a seat that is held may come back, so nobody is told before the last is paid");
  const SoldOut stop{plan.sellout_sec, seconds_from_last_turn_to_news(in), paid_after};
  if (auto reckoned = reckon_answers(line_of(in, rate), stop, plan); !reckoned) return reckoned.error();
  reckon_peak(in, admission, plan, derive);
  return plan;
}

}  // namespace tacos::plan
