#include "tacos-plan/simulation/sale_run.h"

#include <algorithm>
#include <utility>

#include "tacos-plan/simulation/draws.h"

namespace tacos::plan {

SaleRun::SaleRun(const SaleParameters& parameters, std::uint64_t seed, SaleTrace* trace)
    : sale_(parameters),
      random_(seed),
      trace_(trace),
      policy_(parameters.polling, parameters.admission.rate_per_sec),
      fleet_(parameters.gateway, core::Random::at(seed, 0)),
      redis_(parameters.redis),
      bucket_(parameters.admission.rate_per_sec, parameters.admission.burst),
      office_(parameters.seating.seats),
      line_(parameters.arrivals.users),
      wheel_(parameters.arrivals.users),
      arrivals_(draw_arrivals(parameters.arrivals, random_)),
      visitors_(parameters.arrivals.users),
      admission_ticks_(std::max(1U, ticks(parameters.admission.tick_sec))),
      sold_out_(parameters.seating.seats == 0) {
  if (sold_out_) summary_.sold_out_sec = summary_.seats_gone_sec = 0;
  const std::vector<double>& weights = sale_.seating.ticket_weights;
  double total = 0;
  for (const double weight : weights) total += weight;
  double sum = 0;
  for (const double weight : weights) ticket_shares_.push_back((sum += weight) / total);
}

SaleResult SaleRun::play() {
  const std::uint32_t horizon = ticks(sale_.horizon_sec);
  const std::uint32_t run_on = ticks(sale_.run_on_sec);
  std::uint32_t end = horizon;
  for (; now_ < horizon; ++now_) {
    play_tick();
    if ((now_ + 1) % kTicksPerSec != 0) continue;
    close_second();
    const bool empty = wheel_.count() == 0 && next_arrival_ == visitors_.size() && outstanding_ == 0;
    if (empty) end = std::min(end, now_ + 1);
    if (empty && now_ + 1 - end >= run_on) break;
  }
  summary_.ended_sec = end * kTickSec;
  summarise();
  return {summary_, timeline_.points(sale_.timeline_interval_sec)};
}

void SaleRun::play_tick() {
  fleet_.begin_tick(kTickSec);
  redis_.begin_tick(kTickSec);
  lapse_turns();
  call_in();
  const auto fetch = [this](std::uint32_t who) { __builtin_prefetch(&visitors_[who]); };
  wheel_.take(now_, fetch, [this](std::uint32_t who) { act(who); });
  arrive();
  summary_.peak_waiting = std::max<std::uint64_t>(summary_.peak_waiting, line_.count());
}

void SaleRun::close_second() {
  const Timeline::Second& second = timeline_.second();
  summary_.peak_status_per_sec = std::max(summary_.peak_status_per_sec, static_cast<double>(second.status_calls));
  Timeline::State state;
  state.waiting = line_.count();
  state.seats_left = office_.free();
  state.utilisation[static_cast<std::size_t>(Component::kRedis)] = redis_.take_use().share();
  state.utilisation[static_cast<std::size_t>(Component::kReservation)] =
      static_cast<double>(second.reservation_calls) / sale_.backends.reservation_per_sec;
  state.utilisation[static_cast<std::size_t>(Component::kInventory)] =
      static_cast<double>(second.inventory_calls) / sale_.backends.inventory_per_sec;
  state.utilisation[static_cast<std::size_t>(Component::kPayment)] =
      static_cast<double>(second.payment_calls) / sale_.backends.payment_per_sec;
  state.utilisation[static_cast<std::size_t>(Component::kGateway)] = fleet_.end_second(now_ / kTicksPerSec).share();
  state.pods_ready = fleet_.ready();
  state.pods_starting = fleet_.starting();
  summary_.peak_pods = std::max(summary_.peak_pods, state.pods_ready);
  timeline_.close_second(state);
}

void SaleRun::arrive() {
  const double until = (now_ + 1) * kTickSec;
  for (; next_arrival_ < arrivals_.size() && arrivals_[next_arrival_].at_sec < until; ++next_arrival_) {
    Visitor& visitor = visitors_[next_arrival_];
    visitor.arrived = now_;
    visitor.bot = arrivals_[next_arrival_].bot;
    if (sale_.behaviour.patience_mean_sec > 0 && !visitor.bot) {
      visitor.patience_end = now_ + 1 + ticks(draw_exponential(random_) * sale_.behaviour.patience_mean_sec);
    }
    ++timeline_.second().arrivals;
    if (sale_.arrivals.in_line_at_opening && arrivals_[next_arrival_].at_sec <= 0 && !visitor.bot) {
      visitor.seen = now_;
      stand_in_line(next_arrival_);
      plan_poll(next_arrival_, random_.uniform());
    } else {
      ask(next_arrival_, Call::kJoin);
    }
  }
}

void SaleRun::act(std::uint32_t who) {
  Visitor& visitor = visitors_[who];
  switch (visitor.next) {
    case Next::kAsk:
      return ask(who, visitor.call);
    case Next::kStore:
      return reach_store(who, (now_ - visitor.sent) * kTickSec);
    case Next::kAnswer:
      return answer(who, (now_ - visitor.sent) * kTickSec);
    case Next::kReserve:
      return reserve(who);
    case Next::kGrantEnd:
      --outstanding_;
      if (visitor.stage != Stage::kOver) finish(visitor, Ending::kMissedTurn);
      return;
    case Next::kPay:
      return pay(who);
    case Next::kHoldEnd:
      return end_hold(who);
    case Next::kLeave:
      return leave(who);
    case Next::kSweep:
      return sweep(who);
  }
}

void SaleRun::ask(std::uint32_t who, Call call) {
  Visitor& visitor = visitors_[who];
  visitor.call = call;
  visitor.sent = now_;
  if (call == Call::kStatus) {
    ++summary_.polls;
    ++timeline_.second().status_calls;
  }
  const double delay = fleet_.offer();
  if (delay < 0) return shed(who);
  if (delay >= kTickSec) {
    visitor.next = Next::kStore;
    wheel_.add(now_ + static_cast<std::uint32_t>(delay * kTicksPerSec), who);
    return;
  }
  reach_store(who, delay);
}

void SaleRun::reach_store(std::uint32_t who, double waited_sec) {
  Visitor& visitor = visitors_[who];
  const double delay = redis_.offer(visitor.call, line_.count(), sale_.gateway.timeout_sec - waited_sec);
  if (delay < 0) return shed(who);
  if (delay >= kTickSec) {
    visitor.next = Next::kAnswer;
    wheel_.add(now_ + static_cast<std::uint32_t>(delay * kTicksPerSec), who);
    return;
  }
  answer(who, waited_sec + delay);
}

// The client notices when its time-out has passed since it asked. Tired of trying, a join is given up; everything else
// goes back to asking at the usual interval.
void SaleRun::shed(std::uint32_t who) {
  Visitor& visitor = visitors_[who];
  ++summary_.shed;
  ++timeline_.second().shed;
  if (visitor.attempts < sale_.gateway.retries) {
    ++visitor.attempts;
    const double elapsed_sec = (now_ - visitor.sent) * kTickSec;
    const double rest_sec = std::max(0.0, sale_.gateway.timeout_sec - elapsed_sec);
    plan(who, Next::kAsk, rest_sec + sale_.gateway.retry_spread_sec * random_.uniform());
    return;
  }
  visitor.attempts = 0;
  if (visitor.call == Call::kJoin) return finish(visitor, Ending::kGaveUp);
  visitor.call = Call::kStatus;
  plan_poll(who);
}

void SaleRun::answer(std::uint32_t who, double delay_sec) {
  Visitor& visitor = visitors_[who];
  timeline_.count_delay(delay_sec);
  visitor.attempts = 0;
  const std::uint32_t seen_before = std::exchange(visitor.seen, now_);
  switch (visitor.call) {
    case Call::kJoin:
      return answer_join(who);
    case Call::kEnter:
      return answer_enter(who);
    default:
      return answer_status(who, seen_before);
  }
}

void SaleRun::answer_join(std::uint32_t who) {
  if (told()) return tell_sold_out(who);
  stand_in_line(who);
  plan_poll(who);
}

void SaleRun::stand_in_line(std::uint32_t who) {
  Visitor& visitor = visitors_[who];
  visitor.ticket = line_.join(who);
  visitor.stage = Stage::kWaiting;
  ++summary_.joined;
  visitor.call = Call::kStatus;
}

void SaleRun::answer_status(std::uint32_t who, std::uint32_t seen_before) {
  Visitor& visitor = visitors_[who];
  if (visitor.stage == Stage::kOver) {  // was told, and refreshes all the same
    ++summary_.polls_in_vain;
    if (now_ < visitor.patience_end) plan_poll(who);
    return;
  }
  if (told()) return tell_sold_out(who);
  if (visitor.stage == Stage::kWaiting) {
    if (now_ - seen_before >= ticks(sale_.admission.heartbeat_ttl_sec)) {
      ++summary_.swept_tickets;
      line_.remove(visitor.ticket);
      return finish(visitor, Ending::kSwept);
    }
    ++summary_.polls_in_vain;
    return plan_poll(who);
  }
  // Who was called in and whose enter was shed sees the turn again, and has decided.
  const bool again = std::exchange(visitor.knows, true);
  if (!again) to_turn_.count(now_ - visitor.arrived);
  const bool comes = again || visitor.bot || !draw_chance(random_, sale_.behaviour.no_show_share);
  if (visitor.turn != Turn::kOpen || !comes) return finish(visitor, Ending::kMissedTurn);
  visitor.call = Call::kEnter;
  plan(who, Next::kAsk, draw_exponential(random_) * sale_.behaviour.think_mean_sec);
}

void SaleRun::answer_enter(std::uint32_t who) {
  if (told()) return tell_sold_out(who);
  Visitor& visitor = visitors_[who];
  if (visitor.turn != Turn::kOpen) return finish(visitor, Ending::kMissedTurn);
  visitor.turn = Turn::kUsed;  // the grant keeps its place among the outstanding
  visitor.stage = Stage::kInside;
  ++summary_.entered;
  const double grant_sec = sale_.admission.grant_ttl_sec;
  const double choose_sec = draw_exponential(random_) * sale_.behaviour.choose_mean_sec;
  if (!draw_chance(random_, sale_.behaviour.conversion_share)) {
    finish(visitor, Ending::kDeclined);
    plan(who, Next::kGrantEnd, grant_sec);
    return;
  }
  plan(who, choose_sec < grant_sec ? Next::kReserve : Next::kGrantEnd, std::min(choose_sec, grant_sec));
}

void SaleRun::plan_poll(std::uint32_t who, double share_of_interval) {
  Visitor& visitor = visitors_[who];
  double after_sec = 0;
  if (visitor.stage == Stage::kOver) {
    after_sec = policy_.jittered(sale_.behaviour.refresh_every_sec, random_);
    return plan(who, Next::kAsk, after_sec);
  }
  if (visitor.bot) {
    after_sec = policy_.jittered(sale_.arrivals.bot_poll_sec, random_);
  } else {
    const bool ranked = policy_.by_position() && visitor.stage == Stage::kWaiting && line_.holds(visitor.ticket);
    after_sec = policy_.next_sec(ranked ? line_.position(visitor.ticket) : 1, random_);
  }
  const std::uint32_t after = std::max(1U, ticks(after_sec * share_of_interval));
  const bool leaves = visitor.patience_end <= now_ + after;
  visitor.next = leaves ? Next::kLeave : Next::kAsk;
  wheel_.add(leaves ? std::max(visitor.patience_end, now_ + 1) : now_ + after, who);
}

}  // namespace tacos::plan
