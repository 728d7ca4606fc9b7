#include "tacos-plan/patterns/gateway_admission.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "tacos-plan/patterns/crowd.h"
#include "tacos-plan/simulation/sale_simulation.h"

namespace tacos::plan {
namespace {

using Q = Quantity;

constexpr double kDaySec = 86'400;
// So much more than the plan's pods carry that nobody waits for them in this simulation.
constexpr double kAmple = 1e8;

SaleParameters sale_of(const Plan& plan) {
  const PlanInputs& in = plan.inputs;
  SaleParameters sale;
  sale.arrivals.users = static_cast<std::uint32_t>(in[Q::kUsers]);
  sale.arrivals.shape = in[Q::kArrivalTime] > 0 ? ArrivalParameters::Shape::kRamp : ArrivalParameters::Shape::kBurst;
  sale.arrivals.spread_sec = in[Q::kArrivalTime];
  sale.polling = {in.poll == PollPolicy::kFixed ? PollParameters::Kind::kFixed : PollParameters::Kind::kByPosition,
                  in[Q::kPollInterval],
                  in[Q::kPollShare],
                  in[Q::kPollShortest],
                  in[Q::kPollLongest],
                  in[Q::kPollJitter]};
  const bool stops = in.at_sell_out == AtSellOut::kStop;
  AdmissionParameters& admission = sale.admission;
  admission.rate_per_sec = plan.admission.rate;
  admission.burst = std::max({in[Q::kAdmissionBurst], 1.0, plan.admission.rate * admission.tick_sec});
  admission.coupled_to_seats = stops;
  admission.after_sell_out =
      stops ? AdmissionParameters::AfterSellOut::kStopAndTell : AdmissionParameters::AfterSellOut::kGoOn;
  admission.turn_ttl_sec = in[Q::kTurnTtl];
  admission.grant_ttl_sec = in[Q::kGrantTtl];
  admission.heartbeat_ttl_sec = in[Q::kHeartbeatTtl];
  sale.seating.seats = static_cast<std::uint32_t>(in[Q::kSeats]);
  sale.seating.hold_ttl_sec = in[Q::kHoldTtl];
  sale.seating.tickets_per_buyer = in[Q::kTicketsPerBuyer];
  BehaviourParameters& people = sale.behaviour;
  people.no_show_share = in[Q::kNoShow];
  people.conversion_share = in[Q::kConversion];
  people.patience_mean_sec = in[Q::kPatience];
  // Choosing and paying come after the answer, and are alike in all four: none of it is played.
  people.think_mean_sec = 0;
  people.choose_mean_sec = 0;
  people.pay_mean_sec = 0;
  sale.gateway.requests_per_sec_per_pod = kAmple;
  sale.redis = {0, 0, 0, 0, 0};
  sale.backends = {in[Q::kReservationCapacity], in[Q::kInventoryCapacity], in[Q::kPaymentCapacity]};
  const double over = 1.5 * plan.admission.drained_at + in[Q::kTurnTtl] + in[Q::kGrantTtl] + in[Q::kHoldTtl];
  sale.horizon_sec = std::ceil(std::clamp(over, sale.horizon_sec, kDaySec));
  return sale;
}

// Share of a group that has waited at most that long.
double share_within(const WaitSummary& w, double seconds) {
  const std::pair<double, double> known[] = {
      {0, 0}, {w.p50_sec, 0.5}, {w.p90_sec, 0.9}, {w.p95_sec, 0.95}, {w.p99_sec, 0.99}, {w.max_sec, 1}};
  double share = 0;
  for (std::size_t i = 1; i < std::size(known); ++i) {
    const auto& [from, below] = known[i - 1];
    const auto& [to, at] = known[i];
    if (seconds >= to) {
      share = at;
    } else if (seconds > from) {
      return below + (at - below) * (seconds - from) / (to - from);
    }
  }
  return share;
}

std::vector<PartLoad> loads_of(const Plan& plan) {
  std::vector<PartLoad> loads;
  const auto& g = plan.gateway;
  loads.push_back({"gateway", g.requests_per_sec, static_cast<double>(g.pods) * plan.inputs[Q::kPodCapacity], -1, 0});
  const auto& slot = plan.redis.hot_slot;
  if (slot.utilisation > 0) {
    loads.push_back({"Redis, the line's slot", slot.commands_per_sec, slot.commands_per_sec / slot.utilisation, -1, 0});
  }
  const double enter = plan.admission.rate * (1 - plan.inputs[Q::kNoShow]);
  loads.push_back({"reservation API", enter, plan.inputs[Q::kReservationCapacity], -1, 0});
  loads.push_back({"inventory API", enter, plan.inputs[Q::kInventoryCapacity], -1, 0});
  const double paying = enter * plan.inputs[Q::kConversion];
  loads.push_back({"payment API", paying, plan.inputs[Q::kPaymentCapacity], -1, 0});
  for (PartLoad& load : loads) {
    if (load.utilisation() > 1 && load.overloaded_at_sec < 0) load.overloaded_at_sec = 0;
  }
  return loads;
}

void count_endings(const SaleSummary& summary, PatternRun& run) {
  const auto add = [&](Outcome outcome, Ending ending) {
    run.users[static_cast<std::size_t>(outcome)] += summary.of(ending);
  };
  add(Outcome::kSeat, Ending::kBought);
  add(Outcome::kSeat, Ending::kPaymentFailed);
  add(Outcome::kSoldOut, Ending::kToldSoldOut);
  add(Outcome::kSoldOut, Ending::kFoundNoSeat);
  add(Outcome::kDeclined, Ending::kDeclined);
  add(Outcome::kDeclined, Ending::kMissedTurn);
  add(Outcome::kGaveUp, Ending::kGaveUp);
  add(Outcome::kGaveUp, Ending::kSwept);
  add(Outcome::kAbandoned, Ending::kAbandoned);
  add(Outcome::kUnfinished, Ending::kUnfinished);
  add(Outcome::kUnfinished, Ending::kNotArrived);
}

// By the tickets that were called in, and those that weren't.
double inversions_of(const SaleTrace& trace, std::uint64_t joined) {
  std::vector<bool> called(joined + 1);
  for (const auto& admission : trace.admissions) {
    if (admission.ticket < called.size()) called[admission.ticket] = true;
  }
  return inversion_share(called);
}

}  // namespace

core::Result<PatternRun> simulate_gateway(const Plan& plan, std::uint64_t seed) {
  const SaleParameters sale = sale_of(plan);
  if (auto fits = check(sale); !fits) return core::fail("the plan's own sale can't be played: " + fits.error().message);
  SaleTrace trace;
  const SaleResult result = simulate_sale(sale, seed, &trace);
  const SaleSummary& summary = result.summary;
  PatternRun run;
  count_endings(summary, run);
  run.attempts = run.all();
  run.seats_sold = summary.seats_sold;
  run.oversold = summary.oversold;
  run.buyers = run.of(Outcome::kSeat);
  run.sold_out_sec = summary.seats_gone_sec;
  run.answer = together(summary.wait_to_turn, summary.wait_to_sold_out);
  const double at_once = plan.inputs[Q::kStatusPromise];
  run.feedback = {summary.arrived, at_once, at_once, at_once, at_once, at_once, at_once};
  run.inversions = inversions_of(trace, summary.joined);
  run.loads = loads_of(plan);
  run.longest_backlog = summary.peak_waiting;
  run.use.requests = static_cast<double>(summary.polls) + plan.inputs[Q::kUsers];
  run.use.polls = static_cast<double>(summary.polls);
  run.use.purchases = static_cast<double>(summary.of(Ending::kBought));
  double arrived = 0;
  run.answered_by.emplace_back(0, 0);
  for (std::size_t i = 0; i < result.timeline.size(); ++i) {
    const TimelinePoint& point = result.timeline[i];
    arrived += static_cast<double>(point.arrivals);
    const double until = i + 1 < result.timeline.size() ? result.timeline[i + 1].t_sec : summary.ended_sec;
    run.answered_by.emplace_back(std::max(until, point.t_sec), arrived - static_cast<double>(point.waiting));
  }
  return run;
}

WaitSummary together(const WaitSummary& a, const WaitSummary& b) {
  if (a.count == 0) return b;
  if (b.count == 0) return a;
  WaitSummary both;
  both.count = a.count + b.count;
  const double part = static_cast<double>(a.count) / static_cast<double>(both.count);
  both.mean_sec = part * a.mean_sec + (1 - part) * b.mean_sec;
  both.max_sec = std::max(a.max_sec, b.max_sec);
  const auto percentile = [&](double share) {
    double low = 0, high = both.max_sec;
    for (int i = 0; i < 50; ++i) {
      const double middle = (low + high) / 2;
      const bool enough = part * share_within(a, middle) + (1 - part) * share_within(b, middle) >= share;
      (enough ? high : low) = middle;
    }
    return high;
  };
  both.p50_sec = percentile(0.5);
  both.p90_sec = percentile(0.9);
  both.p95_sec = percentile(0.95);
  both.p99_sec = percentile(0.99);
  return both;
}

}  // namespace tacos::plan
