// How a random user calls, and what it takes an answer to say. The steps are in random_user_steps.cc.
#include "model/random_user.h"

#include <algorithm>
#include <utility>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

namespace tacos::model {
namespace {

namespace asio = boost::asio;
using std::chrono::duration_cast;
using std::chrono::steady_clock;

// Less than this is a tight loop. The gateway's own shortest is a second.
constexpr std::int64_t kShortestPollMs = 500;
constexpr milliseconds kAfterALostAnswer{30};

bool says(const std::string& message, std::string_view words) {
  return message.find(words) != std::string::npos;
}

// The first word of a message that begins like this, such as an id.
std::string word_of(const std::string& message, std::string_view beginning) {
  const std::size_t at = message.find(beginning);
  if (at == std::string::npos) return "";
  return message.substr(at, message.find_first_of(" ,;:", at) - at);
}

}  // namespace

RandomUser::RandomUser(World& world, std::uint64_t number, std::string event)
    : world_(world),
      number_(number),
      event_(std::move(event)),
      random_(core::Random::at(world.seed, number)),
      named_(random_.below(3) != 0),
      one_key_(random_.below(2) == 0),
      tricks_left_(random_.below(3) == 0 ? 0 : static_cast<unsigned>(1 + random_.below(5))) {
  join_key_ = fresh_key();
}

std::string_view RandomUser::name_of(Step step) {
  switch (step) {
    case Step::kJoin:
      return "join";
    case Step::kPoll:
      return "status";
    case Step::kEnter:
      return "enter";
    case Step::kReserve:
      return "reserve";
    case Step::kIntent:
      return "intent";
    case Step::kPay:
      return "process";
    case Step::kConfirm:
      return "confirm";
    case Step::kCancel:
      return "cancel";
    case Step::kLeave:
      return "leave";
    case Step::kFinal:
      break;
  }
  return "done";
}

RandomUser::Awaitable<void> RandomUser::live() {
  co_await pause(milliseconds(random_.below(static_cast<std::uint64_t>(world_.times.arrivals.count()))));
  Step step = Step::kJoin;
  while (step != Step::kFinal) {
    if (calls_ >= kMostCalls) {
      fault(fmt::format("a user is not done after {} calls", kMostCalls));
      break;
    }
    if (age() >= world_.times.ends_at) {
      fault("a user is not done when the run ends");
      break;
    }
    if (wait_ > milliseconds(0)) {
      co_await pause(std::exchange(wait_, milliseconds(0)));
      without_wait_ = 0;
      seen_without_wait_.clear();
    }
    step = co_await take(step);
  }
  if (step == Step::kFinal) check_money();
  world_.ledger.note_user(event_, final_, calls_, most_without_wait_);
}

RandomUser::Awaitable<void> RandomUser::pause(milliseconds time) {
  asio::steady_timer timer(world_.io, time);
  co_await timer.async_wait(asio::use_awaitable);
}

milliseconds RandomUser::age() const {
  return duration_cast<milliseconds>(steady_clock::now() - world_.began);
}

// Whether the user does this now. What follows a trick is not the answer's doing.
bool RandomUser::trick(double probability, std::string_view name) {
  if (tricks_left_ == 0 || random_.uniform() >= probability || age() >= world_.times.tricks_until) return false;
  --tricks_left_;
  world_.ledger.note_trick(name);
  trace_.push_back({age(), fmt::format("-- {}", name)});
  seen_without_wait_.clear();
  return true;
}

std::string RandomUser::fresh_key() {
  return fmt::format("key {} of user {} in run {}", ++keys_, number_, world_.seed);
}

RandomUser::Awaitable<HttpAnswer> RandomUser::ask(Step step, const HttpCall& call) {
  last_call_ = call;
  const Time sent = steady_clock::now();
  if (trick(0.02, "drops an answer and repeats the request")) {
    co_await world_.pool.send_and_hang_up(call);
    ++calls_;
    reservation_.maybe_approved |= step == Step::kPay;
    const milliseconds some(random_.below(60));
    co_await pause(some);
  } else if (call.method == "POST" && trick(0.02, "sends a request twice at once")) {
    HttpAnswer answer = co_await send_twice_at_once(step, call);
    co_return answer;
  }
  HttpAnswer answer = co_await send(step, call);
  for (int tries = 0; answer.status == 0 && tries < 3; ++tries) {
    reservation_.maybe_approved |= step == Step::kPay;
    co_await pause(kAfterALostAnswer);
    answer = co_await send(step, call);
  }
  if (call.method == "POST" && answer.status / 100 == 2 && trick(0.04, "repeats a request that was answered")) {
    const HttpAnswer again = co_await send(step, call);
    expect_same(call, sent, answer, again);
    seen_without_wait_.clear();
    if (step == Step::kJoin && again.status != 0) answer = again;  // the ticket may have lapsed in between
  }
  co_return answer;
}

RandomUser::Awaitable<HttpAnswer> RandomUser::send(Step step, const HttpCall& call) {
  HttpAnswer answer = co_await world_.pool.send(call);
  note(step, call, answer);
  co_return answer;
}

RandomUser::Awaitable<HttpAnswer> RandomUser::send_twice_at_once(Step step, const HttpCall& call) {
  using asio::experimental::awaitable_operators::operator&&;
  const Time sent = steady_clock::now();
  auto [one, other] = co_await (world_.pool.send(call) && world_.pool.send(call));
  note(step, call, one);
  seen_without_wait_.clear();
  note(step, call, other);
  seen_without_wait_.clear();
  if (one.status / 100 != 2) std::swap(one, other);
  const bool being_worked_on = other.code() == "IDEMPOTENCY_IN_FLIGHT" || other.status == 503 || other.status == 0;
  if (one.status / 100 == 2 && !being_worked_on) expect_same(call, sent, one, other);
  if (step == Step::kJoin && one.text_of("waiting_token") != other.text_of("waiting_token")) {
    one = co_await send(step, call);  // one of two tickets had lapsed: whichever it was, this is the other
    seen_without_wait_.clear();
  }
  co_return one;
}

// The same request with the same key, after the first was answered well.
void RandomUser::expect_same(const HttpCall& call, Time sent, const HttpAnswer& first, const HttpAnswer& again) {
  if (again.status == 0) return;
  if (call.target == "/queue/join") {
    const bool both_wait = first.text_of("status") == "waiting" && again.text_of("status") == "waiting";
    const bool lived = both_wait && steady_clock::now() < sent + world_.times.surely_lives();
    if (lived && first.text_of("waiting_token") != again.text_of("waiting_token")) {
      fault("a repeated join gets another ticket");
    }
  } else if (call.target == "/queue/enter") {
    const bool lapsed = again.code() == "TOKEN_EXPIRED";
    if (!lapsed && first.text_of("reservation_token") != again.text_of("reservation_token")) {
      fault("a repeated enter gets another answer");
    }
  } else if (again.status != first.status || again.text != first.text || !(again.cached || first.cached)) {
    fault("a request repeated with its Idempotency-Key gets another answer");
  }
}

void RandomUser::note(Step step, const HttpCall& call, const HttpAnswer& answer) {
  ++calls_;
  most_without_wait_ = std::max(most_without_wait_, ++without_wait_);
  const std::string said = fmt::format("{} {} {}", answer.status, answer.code(),
                                       answer.code().empty() ? answer.text.substr(0, 240) : answer.message());
  trace_.push_back(
      {age(), fmt::format("{} {} {} [{}] → {}{}", call.method, call.target.substr(0, 90), call.body.substr(0, 160),
                          call.idempotency_key, said, answer.cached ? " (cached)" : "")});
  if (answer.status == 0 || call.method == "DELETE") return;
  const std::string pair = fmt::format("{} {} {} → {}", name_of(step), call.target, call.body, said);
  if (++seen_without_wait_[pair] == 2) fault("the same request gets the same answer again, without a wait");
}

void RandomUser::note_next(Step step, const HttpAnswer& answer, Step next) {
  const std::string code = answer.code();
  std::string_view does = name_of(next);
  if (again_) does = "the same";
  if (next == Step::kFinal) does = text_of(final_);
  world_.ledger.note_answer(name_of(step), answer.status, code.empty() ? answer.text_of("status") : code,
                            answer.message(), does);
}

void RandomUser::fault(const std::string& kind) {
  std::string calls =
      fmt::format("  user {} of {} ({}), seed {}:", number_, event_, named_ ? "named" : "anonymous", world_.seed);
  for (const Traced& traced : trace_) calls += fmt::format("\n    {:>6} ms  {}", traced.at.count(), traced.text);
  world_.ledger.fault(kind, calls);
}

void RandomUser::wait_as_told(const HttpAnswer& answer) {
  const auto poll_after_ms = answer.number_of("poll_after_ms");
  if (!poll_after_ms) {
    fault("no poll_after_ms for a user who is to ask again");
  } else if (*poll_after_ms < kShortestPollMs) {
    fault(fmt::format("poll_after_ms is {}", *poll_after_ms));
  }
  wait_ = milliseconds(std::max(poll_after_ms.value_or(1000), kShortestPollMs));
}

void RandomUser::give_ticket_up() {
  if (!token_.empty()) dead_tokens_.insert(std::exchange(token_, {}));
  position_ = 0;
  grant_.clear();
  live_until_ = {};
  last_heard_ = {};
  reservation_ = {};
}

// A ticket that waits has a whole turn before it, as long as its heartbeats were heard.
void RandomUser::note_waiting(Time sent) {
  const bool heard = last_heard_ == Time{} || sent - last_heard_ < world_.times.surely_heard;
  live_until_ = heard ? sent + world_.times.surely_lives() : Time{};
  last_heard_ = sent;
}

void RandomUser::check_lapse() {
  if (steady_clock::now() < live_until_) fault("a turn lapses before its time");
}

RandomUser::Step RandomUser::join_again() {
  if (!order_id_.empty()) fault("a buyer is told to join again");
  give_ticket_up();
  if (!one_key_) join_key_ = fresh_key();
  return Step::kJoin;
}

RandomUser::Step RandomUser::follow_wait(Step step, const HttpAnswer& answer) {
  if (!answer.retry_after_sec || *answer.retry_after_sec < 1) fault("no Retry-After on an answer that says: later");
  wait_ = std::chrono::seconds(std::max(1, answer.retry_after_sec.value_or(1)));
  again_ = last_call_;
  return step;
}

RandomUser::Step RandomUser::follow(Step step, const HttpAnswer& answer) {
  const std::string code = answer.code();
  const std::string message = answer.message();
  if (answer.status == 0) {
    wait_ = kAfterALostAnswer;
    again_ = last_call_;
    return step;
  }
  if (answer.status == 429 || answer.status == 503 || code == "IDEMPOTENCY_IN_FLIGHT") return follow_wait(step, answer);
  if (code == "SOLD_OUT") {
    final_ = order_id_.empty() ? Final::kSoldOut : Final::kBought;
    return Step::kFinal;
  }
  if (code == "NOT_READY") {
    wait_as_told(answer);
    return Step::kPoll;
  }
  if (code == "ALREADY_IN_LINE") {
    wait_as_told(answer);
    if (forgot_) return Step::kJoin;
    if (token_.empty()) fault("a user who was told to join again is told to be in line");
    return token_.empty() ? Step::kJoin : Step::kPoll;
  }
  const bool refund_due = answer.text_of("payment_status") == "refund_due";
  if (refund_due && !reservation_.approved && !reservation_.maybe_approved) {
    fault("a refund is due for a payment that was not approved");
  }
  if (refund_due) refunds_.insert(reservation_.payment);
  const bool of_reservation =
      step == Step::kReserve || step == Step::kIntent || step == Step::kPay || step == Step::kConfirm;
  if (reservation_.approved && of_reservation && code == "TOKEN_EXPIRED" && !refund_due) {
    fault("nothing is said of money that was paid");
  }
  if (code == "TOKEN_EXPIRED" && step == Step::kEnter) check_lapse();
  if (code == "FORBIDDEN") return follow_forbidden(message);
  if (says(message, "join again") || says(message, "join and enter again")) return join_again();
  if (says(message, "amount must be ")) {
    reservation_.amount = std::atoll(message.c_str() + message.find("amount must be ") + 15);
    return Step::kIntent;
  }
  if (says(message, "POST /payment/intent")) return Step::kIntent;
  if (code == "SEAT_TAKEN") {
    // Fewer at once; with one seat no time is told, so the user takes the shortest that the gateway ever tells.
    if (quantity_ == 1 && wanted_.empty()) wait_ = std::chrono::seconds(1);
    quantity_ = 1;
    wanted_.clear();
    return Step::kReserve;
  }
  fault(fmt::format("an answer leads nowhere: {} {} {}", answer.status, code, message));
  final_ = Final::kNone;
  return Step::kFinal;
}

RandomUser::Step RandomUser::follow_forbidden(const std::string& message) {
  if (says(message, "go on with res_")) {
    const std::string id = word_of(message, "res_");
    if (!reservation_.id.empty() && reservation_.id != id) fault("a grant has made two reservations");
    reservation_.id = id;
    return Step::kIntent;
  }
  if (says(message, "is approved; confirm the reservation with it")) {
    reservation_.payment = word_of(message, "pay_");
    return Step::kConfirm;
  }
  if (says(message, "has paid for it")) {
    if (word_of(message, "pay_") != used_payment_) fault("another payment than the user's has paid for the order");
    return Step::kFinal;
  }
  if (says(message, "it can't be cancelled any more")) {
    if (order_id_.empty()) fault("a reservation is confirmed that the user has not confirmed");
    return Step::kFinal;
  }
  if (says(message, "make another with POST /payment/intent")) return Step::kIntent;
  if (says(message, "approve it with POST /payment/process")) return Step::kPay;
  if (says(message, "has become a reservation: cancel that")) {
    return reservation_.id.empty() ? Step::kReserve : Step::kCancel;
  }
  fault("an answer leads nowhere: 403 FORBIDDEN " + message);
  final_ = Final::kNone;
  return Step::kFinal;
}

// Of what was approved, the order has used one payment; all else is to be refunded.
void RandomUser::check_money() {
  std::set<std::string> kept;
  std::set_difference(approved_.begin(), approved_.end(), refunds_.begin(), refunds_.end(),
                      std::inserter(kept, kept.end()));
  if (!order_id_.empty() && !kept.contains(used_payment_)) fault("an order without an approved payment");
  kept.erase(used_payment_);
  if (!kept.empty()) fault("paid without an order");
  if (order_id_.empty() && final_ == Final::kBought) fault("bought without an order");
}

}  // namespace tacos::model
