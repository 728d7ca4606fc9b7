#include "tacos-load/journey/queue_journey.h"

#include <algorithm>
#include <utility>

namespace tacos::load {
namespace {

using core::Nanos;
using measure::Outcome;
using measure::UserState;

bool is_success(int status) {
  return status >= 200 && status < 300;
}

}  // namespace

QueueJourney::QueueJourney(QueueJourneyPlan plan, UserShare share)
    : plan_(std::move(plan)),
      share_(share),
      random_(core::Random::at(share.seed, 0x7AC05 + share.worker)),
      users_(share.users),
      polls_(share.users),
      errands_(share.users),
      fairness_(share.users) {
  counts_.planned = share.users;
}

UserId QueueJourney::arrive() {
  if (counts_.started >= users_.size()) return kNoUser;
  ++counts_.states[static_cast<std::size_t>(UserState::kJoining)];
  counts_.peak_active = std::max(counts_.peak_active, counts_.active());
  return static_cast<UserId>(counts_.started++);
}

UserId QueueJourney::take(Nanos now) {
  if (!errands_.empty() && errands_.earliest().due <= now) return errands_.pop().user;
  if (!polls_.empty() && polls_.earliest().due <= now) return polls_.pop().user;
  if (const UserId newcomer = arrive(); newcomer != kNoUser) return newcomer;
  if (polls_.empty() || plan_.honour_poll_after) return kNoUser;
  const auto early = polls_.pop();
  counts_.polled_early += early.due - now;
  return early.user;
}

bool QueueJourney::can_supply() const {
  return counts_.started < users_.size() || counts_.active() > 0;
}

Nanos QueueJourney::next_follow_up() const {
  Nanos due = Nanos::max();
  if (!errands_.empty()) due = errands_.earliest().due;
  if (!polls_.empty()) due = std::min(due, polls_.earliest().due);
  return due;
}

UserId QueueJourney::take_follow_up() {
  if (polls_.empty()) return errands_.empty() ? kNoUser : errands_.pop().user;
  if (errands_.empty() || polls_.earliest().due < errands_.earliest().due) return polls_.pop().user;
  return errands_.pop().user;
}

QueueJourney::Checkout& QueueJourney::checkout_of(User& user) {
  if (user.checkout == 0) {
    if (free_checkouts_.empty()) {
      checkouts_.emplace_back();
      free_checkouts_.push_back(static_cast<std::uint32_t>(checkouts_.size()));
    }
    user.checkout = free_checkouts_.back();
    free_checkouts_.pop_back();
  }
  return checkouts_[user.checkout - 1];
}

Outcome QueueJourney::on_answer(UserId id, measure::StepId step, Nanos intended, Nanos done, const Response& response) {
  const Moment at{id, users_[id], intended, done, response};
  told_ = {};
  answer_.reset();
  if (response.outcome != Outcome::kOk) {
    retry_later(at);
    return response.outcome;
  }
  switch (step) {
    case kJoin:
      return after_join(at);
    case kStatus:
      return after_status(at);
    case kEnter:
      return after_enter(at);
    case kLeave:
      // One that the server had no time for is told again; any other answer changes nothing for somebody who is off.
      if (response.status == 429 || response.status == 503) {
        retry_later(at);
      } else {
        finish(at.user);
      }
      return is_success(response.status) ? Outcome::kOk : Outcome::kHttpError;
    default:
      return after_checkout(at);
  }
}

void QueueJourney::on_unsent(UserId id, Nanos intended, Nanos now) {
  Response none;
  none.outcome = Outcome::kTimeout;
  retry_later(Moment{id, users_[id], intended, now, none});
}

const std::optional<Answer>& QueueJourney::read_answer(const Moment& at) {
  answer_ = reader_.read(at.response.body);
  return answer_;
}

Outcome QueueJourney::after_join(const Moment& at) {
  const auto& answer = read_answer(at);
  if (answer && at.response.status == 410 && answer->error_code == "SOLD_OUT") {
    refresh_or_go(at, answer->poll_after_ms);
    return Outcome::kOk;
  }
  if (!is_success(at.response.status)) {
    retry_later(at);
    return Outcome::kHttpError;
  }
  const TokenStore::Handle token = answer ? tokens_.put(answer->waiting_token) : TokenStore::kNone;
  if (token == TokenStore::kNone) {
    ++counts_.unreadable_answers;
    retry_later(at);
    return Outcome::kProtocolError;
  }
  tokens_.drop(at.user.token);
  at.user.token = token;
  at.user.step = kStatus;
  fairness_.join_due(at.id, Nanos(at.user.joined_ns));
  fairness_.got_ticket(at.id, at.done);
  read_status(at, *answer);
  return Outcome::kOk;
}

Outcome QueueJourney::after_status(const Moment& at) {
  const auto& answer = read_answer(at);
  if (is_success(at.response.status)) {
    if (!answer || answer->status.empty()) {
      ++counts_.unreadable_answers;
      retry_later(at);
      return Outcome::kProtocolError;
    }
    read_status(at, *answer);
    return Outcome::kOk;
  }
  if (answer && answer->error_code == "SOLD_OUT") {
    refresh_or_go(at, answer->poll_after_ms);
    return Outcome::kOk;
  }
  if (at.response.status == 404 || at.response.status == 410) {
    lose_place(at);
  } else {
    retry_later(at);
  }
  return Outcome::kHttpError;
}

void QueueJourney::read_status(const Moment& at, const Answer& answer) {
  if (answer.status == "ready" || answer.ready_for_entry) {
    if (!at.user.told_ready) {
      ++counts_.admitted;
      told_.time_to_admission = at.done - Nanos(at.user.joined_ns);
      fairness_.called_in(at.id, at.done);
    }
    at.user.told_ready = true;
    move_to(at.user, UserState::kReady);
    next_step(at, kEnter, plan_.think_enter);
  } else if (answer.status == "sold_out") {
    refresh_or_go(at, answer.poll_after_ms);
  } else if (answer.status == "expired" || answer.status == "left") {
    lose_place(at);
  } else if (answer.status == "entered") {  // a new join would only bring the same ticket back
    ++counts_.expired;
    finish(at.user);
  } else {
    if (answer.position) note_position(at.user, *answer.position);
    fairness_.told_to_wait(at.id, at.intended);
    move_to(at.user, UserState::kWaiting);
    poll_again(at, answer.poll_after_ms);
  }
}

void QueueJourney::note_position(User& user, std::uint64_t position) {
  const auto now_at = static_cast<std::uint32_t>(std::min<std::uint64_t>(position, 0xFFFFFFFFu));
  if (user.best_position != 0 && now_at > user.best_position) ++counts_.position_rises;
  if (user.best_position == 0 || now_at < user.best_position) user.best_position = now_at;
  told_.position = now_at;
}

Outcome QueueJourney::after_enter(const Moment& at) {
  const auto& answer = read_answer(at);
  if (is_success(at.response.status)) {
    if (!answer || answer->reservation_token.empty()) {
      ++counts_.unreadable_answers;
      retry_later(at);
      return Outcome::kProtocolError;
    }
    ++counts_.entered;
    fairness_.entered(at.id, at.done);
    move_to(at.user, UserState::kBuying);
    if (!plan_.buys) {
      finish(at.user);
      return Outcome::kOk;
    }
    checkout_of(at.user).grant.assign(answer->reservation_token);
    next_step(at, kReserve, plan_.think_reserve);
    return Outcome::kOk;
  }
  if (answer && answer->error_code == "SOLD_OUT") {
    refresh_or_go(at, answer->poll_after_ms);
    return Outcome::kOk;
  }
  if (at.response.status == 403 && answer && answer->error_code == "NOT_READY") {
    at.user.step = kStatus;
    move_to(at.user, UserState::kWaiting);
    poll_again(at, answer->poll_after_ms);
  } else if (at.response.status == 404 || at.response.status == 410) {
    lose_place(at);
  } else {
    retry_later(at);
  }
  return Outcome::kHttpError;
}

Outcome QueueJourney::after_checkout(const Moment& at) {
  const auto& answer = read_answer(at);
  User& user = at.user;
  if (!is_success(at.response.status)) {
    const std::string_view code = answer ? answer->error_code : std::string_view{};
    if (code == "SOLD_OUT" || code == "SEAT_TAKEN") {
      if (!user.told_sold_out) {
        ++counts_.sold_out;
        told_.time_to_sold_out = at.done - Nanos(user.joined_ns);
      }
      finish(user);  // the ticket is used up: there is nothing to poll for
      return Outcome::kOk;
    }
    if (at.response.status == 410) {
      ++counts_.expired;
      finish(user);
    } else {
      retry_later(at);
    }
    return Outcome::kHttpError;
  }
  Checkout& checkout = checkout_of(user);
  const bool readable = answer && (user.step != kReserve || !answer->reservation_id.empty()) &&
                        (user.step != kPayIntent || !answer->payment_intent_id.empty());
  if (!readable) {
    ++counts_.unreadable_answers;
    retry_later(at);
    return Outcome::kProtocolError;
  }
  switch (user.step) {
    case kReserve:
      ++counts_.reserved;
      checkout.reservation_id.assign(answer->reservation_id);
      checkout.amount = answer->currency.empty() ? std::nullopt : answer->amount;
      checkout.currency.assign(answer->currency);
      next_step(at, kPayIntent, plan_.think_pay);
      break;
    case kPayIntent:
      checkout.payment_intent_id.assign(answer->payment_intent_id);
      next_step(at, kPay, plan_.think_pay);
      break;
    case kPay:
      if (answer->status == "failed") {
        finish(user);  // the bank refused: the hold lapses and the seats go to someone else
      } else {
        next_step(at, kConfirm, plan_.think_confirm);
      }
      break;
    default:
      ++counts_.confirmed;
      finish(user);
      break;
  }
  return Outcome::kOk;
}

Nanos QueueJourney::interval(std::uint64_t poll_after_ms) {
  // Bounded before it is multiplied: a hostile poll_after_ms must not overflow the clock.
  constexpr std::uint64_t kLongestMs = 3'600'000;
  const Nanos base = plan_.honour_poll_after && poll_after_ms > 0
                         ? Nanos(std::chrono::milliseconds(std::min(poll_after_ms, kLongestMs)))
                         : plan_.poll_interval;
  const double factor = 1 + plan_.poll_jitter * (2 * random_.uniform() - 1);
  return Nanos(static_cast<std::int64_t>(static_cast<double>(base.count()) * factor));
}

void QueueJourney::poll_again(const Moment& at, std::uint64_t poll_after_ms) {
  if (plan_.patience > Nanos(0) && at.done - Nanos(at.user.joined_ns) >= plan_.patience) {
    abandon(at);
    return;
  }
  at.user.attempts = 0;
  polls_.push((plan_.poll_fixed_delay ? at.done : at.intended) + interval(poll_after_ms), at.id);
}

void QueueJourney::refresh_or_go(const Moment& at, std::uint64_t poll_after_ms) {
  User& user = at.user;
  if (!user.told_sold_out) {
    ++counts_.sold_out;
    told_.time_to_sold_out = at.done - Nanos(user.joined_ns);
  }
  user.told_sold_out = true;
  move_to(user, UserState::kToldSoldOut);
  if (!plan_.refreshes_when_sold_out) {
    finish(user);
    return;
  }
  user.step = user.token == TokenStore::kNone ? kJoin : kStatus;
  poll_again(at, poll_after_ms);
}

void QueueJourney::retry_later(const Moment& at) {
  User& user = at.user;
  const bool told_to_wait = plan_.honour_retry_after && at.response.retry_after > Nanos(0);
  if (user.step == kJoin || user.step == kStatus) {
    if (told_to_wait) {
      polls_.push(at.done + at.response.retry_after, at.id);
    } else {
      poll_again(at, 0);
    }
    return;
  }
  if (++user.attempts >= plan_.most_attempts) {
    ++counts_.failed;
    finish(user);
    return;
  }
  const Nanos pause = told_to_wait ? at.response.retry_after : Nanos(std::chrono::seconds(1));
  errands_.push(at.done + pause, at.id);
}

// The server knows the ticket no longer, or its time is over: home, or to the end of the line.
void QueueJourney::lose_place(const Moment& at) {
  ++counts_.expired;
  User& user = at.user;
  if (!plan_.rejoins) {
    finish(user);
    return;
  }
  tokens_.drop(user.token);
  user.token = TokenStore::kNone;
  user.best_position = 0;
  user.told_ready = false;
  user.step = kJoin;
  move_to(user, UserState::kJoining);
  poll_again(at, 0);
}

void QueueJourney::next_step(const Moment& at, Step step, Nanos think) {
  at.user.step = step;
  at.user.attempts = 0;
  errands_.push(at.intended + think, at.id);
}

void QueueJourney::abandon(const Moment& at) {
  ++counts_.abandoned;
  if (at.user.token != TokenStore::kNone && random_.uniform() < plan_.tells_when_leaving) {
    at.user.step = kLeave;
    errands_.push(at.done, at.id);
  } else {
    finish(at.user);
  }
}

void QueueJourney::finish(User& user) {
  tokens_.drop(user.token);
  user.token = TokenStore::kNone;
  if (user.checkout != 0) free_checkouts_.push_back(user.checkout);
  user.checkout = 0;
  move_to(user, UserState::kDone);
}

void QueueJourney::move_to(User& user, UserState state) {
  --counts_.states[static_cast<std::size_t>(user.state)];
  ++counts_.states[static_cast<std::size_t>(state)];
  user.state = state;
}

}  // namespace tacos::load
