#include <algorithm>

#include "tacos-plan/simulation/draws.h"
#include "tacos-plan/simulation/sale_run.h"

// The other half of a sale's play: what the room and the shop behind it do. How requests travel is in sale_run.cc.
namespace tacos::plan {

void SaleRun::lapse_turns() {
  const std::uint32_t ttl = ticks(sale_.admission.turn_ttl_sec);
  for (; turns_lapsed_ < turns_.size(); ++turns_lapsed_) {
    Visitor& visitor = visitors_[turns_[turns_lapsed_]];
    if (visitor.turn != Turn::kOpen) continue;
    if (now_ - visitor.called < ttl) return;
    close_turn(visitor, Turn::kLapsed);
    ++summary_.expired_turns;
  }
}

void SaleRun::close_turn(Visitor& visitor, Turn how) {
  visitor.turn = how;
  --outstanding_;
}

void SaleRun::call_in() {
  if (now_ % admission_ticks_ != 0) return;
  if (now_ > 0) bucket_.pass(admission_ticks_ * kTickSec);
  const bool stops = sale_.admission.after_sell_out != AdmissionParameters::AfterSellOut::kGoOn;
  if (sold_out_ && stops) return;
  std::uint32_t wanted = line_.count();
  if (sale_.admission.coupled_to_seats) {
    const std::uint64_t free = office_.free();
    wanted = static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted, free - std::min(free, outstanding_)));
  }
  const std::uint32_t turns = wanted > 0 ? bucket_.take(wanted) : 0;
  for (std::uint32_t i = 0; i < turns; ++i) {
    const std::uint32_t who = line_.call();
    Visitor& visitor = visitors_[who];
    visitor.called = now_;
    visitor.turn = Turn::kOpen;
    turns_.push_back(who);
    if (visitor.stage == Stage::kWaiting) {  // not one who has gone without a word
      visitor.stage = Stage::kCalled;
      to_admission_.count(now_ - visitor.arrived);
    }
    if (trace_ != nullptr) trace_->admissions.push_back({now_ * kTickSec, visitor.ticket});
  }
  outstanding_ += turns;
  summary_.admitted += turns;
  timeline_.second().admitted += turns;
}

void SaleRun::tell_sold_out(std::uint32_t who) {
  Visitor& visitor = visitors_[who];
  if (visitor.stage == Stage::kWaiting && line_.remove(visitor.ticket)) ++summary_.told_in_line;
  if (visitor.turn == Turn::kOpen) close_turn(visitor, Turn::kUsed);
  to_sold_out_.count(now_ - visitor.arrived);
  finish(visitor, Ending::kToldSoldOut);
  if (!draw_chance(random_, sale_.behaviour.refresh_share)) return;
  visitor.patience_end = now_ + ticks(sale_.behaviour.refresh_for_sec);
  visitor.call = Call::kStatus;
  plan_poll(who);
}

void SaleRun::finish(Visitor& visitor, Ending ending) {
  visitor.stage = Stage::kOver;
  ++summary_.users[static_cast<std::size_t>(ending)];
}

// Who says goodbye sends a request that nobody waits for: it loads the room and takes effect at once. The ticket of the
// others stays in line, and may be called in vain, until the room has not heard of it for the heartbeat's time.
void SaleRun::leave(std::uint32_t who) {
  Visitor& visitor = visitors_[who];
  const bool says = draw_chance(random_, sale_.behaviour.says_goodbye_share);
  const bool in_line = line_.holds(visitor.ticket);
  finish(visitor, Ending::kAbandoned);
  if (says) {
    if (fleet_.offer() >= 0) redis_.offer(Call::kLeave, line_.count(), sale_.gateway.timeout_sec);
    if (line_.remove(visitor.ticket)) ++summary_.left_line;
    if (visitor.turn == Turn::kOpen) close_turn(visitor, Turn::kUsed);
  } else if (in_line) {
    const std::uint32_t due = visitor.seen + ticks(sale_.admission.heartbeat_ttl_sec);
    visitor.next = Next::kSweep;
    wheel_.add(std::max(due, now_ + 1), who);
  }
}

void SaleRun::sweep(std::uint32_t who) {
  if (line_.remove(visitors_[who].ticket)) ++summary_.swept_tickets;
}

std::uint32_t SaleRun::draw_tickets() {
  if (ticket_shares_.empty()) {
    const auto fewer = static_cast<std::uint32_t>(sale_.seating.tickets_per_buyer);
    return fewer + (draw_chance(random_, sale_.seating.tickets_per_buyer - fewer) ? 1U : 0U);
  }
  const double share = random_.uniform();
  std::uint32_t tickets = 1;
  for (; tickets < ticket_shares_.size() && ticket_shares_[tickets - 1] <= share; ++tickets) {
  }
  return tickets;
}

void SaleRun::reserve(std::uint32_t who) {
  Visitor& visitor = visitors_[who];
  --outstanding_;
  ++timeline_.second().reservation_calls;
  ++timeline_.second().inventory_calls;
  visitor.seats = static_cast<std::uint8_t>(office_.hold(draw_tickets()));
  if (visitor.seats == 0) return told() ? tell_sold_out(who) : finish(visitor, Ending::kFoundNoSeat);
  summary_.last_buyer_called_sec = std::max(summary_.last_buyer_called_sec, visitor.called * kTickSec);
  if (office_.free() == 0 && summary_.seats_gone_sec < 0) summary_.seats_gone_sec = now_ * kTickSec;
  const double pay_sec = draw_exponential(random_) * sale_.behaviour.pay_mean_sec;
  const double hold_sec = sale_.seating.hold_ttl_sec;
  plan(who, pay_sec < hold_sec ? Next::kPay : Next::kHoldEnd, std::min(pay_sec, hold_sec));
}

void SaleRun::pay(std::uint32_t who) {
  Visitor& visitor = visitors_[who];
  ++timeline_.second().payment_calls;
  if (!draw_chance(random_, sale_.behaviour.payment_success_share)) return end_hold(who);
  ++timeline_.second().inventory_calls;
  ++timeline_.second().bought;
  office_.sell(visitor.seats);
  summary_.seats_sold += visitor.seats;
  if (visitor.bot) ++summary_.bot_buyers;
  finish(visitor, Ending::kBought);
  if (!sold_out_ && office_.sold_out()) {
    sold_out_ = true;
    summary_.sold_out_sec = now_ * kTickSec;
  }
}

void SaleRun::end_hold(std::uint32_t who) {
  Visitor& visitor = visitors_[who];
  ++timeline_.second().inventory_calls;
  office_.give_back(visitor.seats);
  finish(visitor, Ending::kPaymentFailed);
}

void SaleRun::summarise() {
  std::uint64_t ended = 0;
  for (const std::uint64_t users : summary_.users) ended += users;
  const std::uint64_t all = visitors_.size();
  summary_.arrived = next_arrival_;
  summary_.in_line_at_end = line_.count();
  summary_.users[static_cast<std::size_t>(Ending::kNotArrived)] = all - next_arrival_;
  summary_.users[static_cast<std::size_t>(Ending::kUnfinished)] = next_arrival_ - ended;
  const std::uint64_t seats = sale_.seating.seats;
  summary_.oversold = summary_.seats_sold > seats ? summary_.seats_sold - seats : 0;
  summary_.wait_to_admission = to_admission_.summary(kTickSec);
  summary_.wait_to_turn = to_turn_.summary(kTickSec);
  summary_.wait_to_sold_out = to_sold_out_.summary(kTickSec);
  summary_.loads = timeline_.loads();
  for (std::size_t i = 0; i < kComponents; ++i) {
    const double at_sec = summary_.loads[i].saturated_at_sec;
    const std::size_t first = summary_.first_saturated;
    if (at_sec >= 0 && (first == kComponents || at_sec < summary_.loads[first].saturated_at_sec)) {
      summary_.first_saturated = i;
    }
  }
  summary_.pod_hours = fleet_.pod_hours();
  summary_.interrupted_nodes = fleet_.interrupted_nodes();
}

}  // namespace tacos::plan
