// The steps of a random user: what is sent, what must be true of a good answer, and what people do instead of going on.
#include <utility>

#include <fmt/format.h>

#include "model/random_user.h"

namespace tacos::model {
namespace {

using Json = nlohmann::json;
using std::chrono::steady_clock;

// Beyond the time after which something has lapsed.
constexpr milliseconds kALittle{300};
constexpr milliseconds kForgetful{2000};  // age of the run until which users forget: it costs them 20 s
constexpr std::uint64_t kSeatNumbers = 1000;

}  // namespace

RandomUser::Awaitable<RandomUser::Step> RandomUser::take(Step step) {
  switch (step) {
    case Step::kJoin:
      return join();
    case Step::kPoll:
      return poll();
    case Step::kEnter:
      return enter();
    case Step::kReserve:
      return reserve();
    case Step::kIntent:
      return make_intent();
    case Step::kPay:
      return pay();
    case Step::kConfirm:
      return confirm();
    case Step::kCancel:
      return cancel();
    case Step::kLeave:
    case Step::kFinal:
      break;
  }
  return leave();
}

Json RandomUser::join_body(bool shows_token) const {
  Json body = {{"event_id", event_}};
  if (named_) body["user_id"] = fmt::format("user {} of run {}", number_, world_.seed);
  if (shows_token) body["waiting_token"] = token_;
  return body;
}

RandomUser::Awaitable<RandomUser::Step> RandomUser::join() {
  HttpCall call;
  if (again_) {
    call = *std::exchange(again_, std::nullopt);
  } else {
    // A named user in line may prove it by the token instead of the key.
    const bool shows_token = named_ && !token_.empty() && random_.below(2) == 0;
    call = {"POST", "/queue/join", join_body(shows_token).dump(), "", shows_token ? fresh_key() : join_key_};
  }
  const Time sent = steady_clock::now();
  const HttpAnswer answer = co_await ask(Step::kJoin, call);
  const Step next = answer.status == 202 ? joined(answer, sent) : follow(Step::kJoin, answer);
  note_next(Step::kJoin, answer, next);
  co_return next;
}

RandomUser::Step RandomUser::joined(const HttpAnswer& answer, Time sent) {
  const std::string token = answer.text_of("waiting_token");
  const std::string status = answer.text_of("status");
  if (token.empty()) fault("a join without a waiting_token");
  if (dead_tokens_.contains(token)) fault("a user who was told to join again gets the same dead ticket");
  if (!token_.empty() && token != token_) {
    if (steady_clock::now() < live_until_) fault("a user has two live tickets");
    if (!order_id_.empty()) fault("a buyer gets a second ticket");
    give_ticket_up();
  }
  token_ = token;
  forgot_ = false;
  if (status == "waiting") {
    note_waiting(sent);
    check_position(answer);
    wait_as_told(answer);
    if (!named_ || age() >= kForgetful || !trick(0.05, "forgets token and key, and joins again")) return Step::kPoll;
    wait_ = milliseconds(0);
    token_.clear();
    position_ = 0;
    live_until_ = last_heard_ = {};
    join_key_ = fresh_key();
    forgot_ = true;
    return Step::kJoin;
  }
  wait_as_told(answer);
  wait_ = milliseconds(0);
  if (status != "ready" && status != "entered") fault(fmt::format("a join that says '{}'", status));
  return Step::kEnter;
}

void RandomUser::check_position(const HttpAnswer& answer) {
  const std::int64_t position = answer.number_of("position").value_or(0);
  if (position < 1) fault("a user in line without a position");
  if (position_ > 0 && position > position_) fault("a position rises");
  position_ = position;
}

RandomUser::Awaitable<RandomUser::Step> RandomUser::poll() {
  HttpCall call{"GET", "/queue/status?token=" + token_, "", "", ""};
  if (random_.below(2) == 0) call = {"GET", "/queue/status", "", token_, ""};
  again_.reset();
  const Time sent = steady_clock::now();
  const HttpAnswer answer = co_await ask(Step::kPoll, call);
  const std::string status = answer.text_of("status");
  Step next = Step::kPoll;
  if (answer.status != 200) {
    next = follow(Step::kPoll, answer);
  } else if (status == "waiting") {
    note_waiting(sent);
    check_position(answer);
    wait_as_told(answer);
    next = co_await while_waiting();
  } else if (status == "ready") {
    wait_as_told(answer);
    wait_ = milliseconds(0);
    if (!answer.body.value("ready_for_entry", false)) fault("a ready user who is not ready_for_entry");
    next = when_called();
  } else if (status == "entered") {
    wait_as_told(answer);
    wait_ = milliseconds(0);
    next = Step::kEnter;
  } else if (status == "expired") {
    check_lapse();
    next = join_again();
  } else if (status == "sold_out") {
    final_ = order_id_.empty() ? Final::kSoldOut : Final::kBought;
    next = Step::kFinal;
  } else {
    fault("a status that leads nowhere: " + answer.text);
    next = Step::kFinal;
  }
  note_next(Step::kPoll, answer, next);
  co_return next;
}

RandomUser::Awaitable<RandomUser::Step> RandomUser::while_waiting() {
  if (named_ && trick(0.03, "joins from a second device, without proof")) {
    co_await join_from_a_second_device();
    if (token_.empty()) co_return Step::kJoin;
  }
  if (!dead_tokens_.empty() && trick(0.2, "shows an old token")) co_await show_an_old_token();
  const milliseconds told = std::exchange(wait_, milliseconds(0));
  if (trick(0.02, "leaves the line")) co_return Step::kLeave;
  if (trick(0.03, "enters too early")) co_return Step::kEnter;
  if (trick(0.03, "joins again while in line")) co_return Step::kJoin;
  const bool stops = trick(0.02, "stops polling for longer than the heartbeat");
  wait_ = stops ? world_.times.heartbeat_ttl + kALittle + std::chrono::seconds(1) : told;
  co_return Step::kPoll;
}

RandomUser::Step RandomUser::when_called() {
  if (trick(0.08, "lets the turn lapse")) wait_ = world_.times.turn_ttl + kALittle;
  if (trick(0.03, "leaves when called")) return Step::kLeave;
  return Step::kEnter;
}

RandomUser::Awaitable<void> RandomUser::join_from_a_second_device() {
  const HttpCall call{"POST", "/queue/join", join_body(false).dump(), "", fresh_key()};
  const HttpAnswer answer = co_await send(Step::kJoin, call);
  const bool surely_in_line = steady_clock::now() < live_until_;
  world_.ledger.note_answer("device 2", answer.status, answer.code(), answer.message(), "gives up");
  if (answer.status == 202) {
    if (surely_in_line) fault("a name alone gets a ticket while its user is in line");
    give_ticket_up();
    token_ = answer.text_of("waiting_token");
    join_key_ = call.idempotency_key;
  } else if (answer.code() != "ALREADY_IN_LINE" && answer.code() != "SOLD_OUT" && answer.status != 503 &&
             answer.status != 0) {
    fault(fmt::format("a join from a second device gets {} {}", answer.status, answer.code()));
  } else if (answer.code() == "ALREADY_IN_LINE" && !answer.text_of("waiting_token").empty()) {
    fault("ALREADY_IN_LINE tells a token");
  }
}

RandomUser::Awaitable<void> RandomUser::show_an_old_token() {
  const HttpCall status{"GET", "/queue/status?token=" + *dead_tokens_.begin(), "", "", ""};
  const HttpAnswer told = co_await send(Step::kPoll, status);
  const std::string said = told.text_of("status");
  world_.ledger.note_answer("old token", told.status, told.code().empty() ? said : told.code(), told.message(), "");
  if (said == "waiting" || said == "ready") {
    if (world_.times.stale == milliseconds(0)) fault("a ticket that was given up is in line");
    co_await pause(world_.times.stale);
    const HttpAnswer later = co_await send(Step::kPoll, status);
    const std::string then = later.text_of("status");
    if (then == "waiting" || then == "ready") fault("a ticket that was given up stays in line");
  }
  const HttpCall enter{"POST", "/queue/enter", Json{{"waiting_token", *dead_tokens_.begin()}}.dump(), "", ""};
  const HttpAnswer entered = co_await send(Step::kEnter, enter);
  world_.ledger.note_answer("old token", entered.status, entered.code(), entered.message(), "");
  if (entered.status == 200) {
    // Of a reservation that came to nothing. Its grant is spent, and must say so.
    const HttpCall reserve{"POST", "/reservations", Json{{"event_id", event_}}.dump(),
                           entered.text_of("reservation_token"), fresh_key()};
    const HttpAnswer reserved = co_await send(Step::kReserve, reserve);
    world_.ledger.note_answer("old grant", reserved.status, reserved.code(), reserved.message(), "");
    if (reserved.status == 201) fault("a ticket that was given up reserves");
  }
  seen_without_wait_.clear();
}

RandomUser::Awaitable<RandomUser::Step> RandomUser::enter() {
  HttpCall call{"POST", "/queue/enter", Json{{"waiting_token", token_}}.dump(), "", ""};
  if (random_.below(4) == 0) call = {"POST", "/queue/enter", "{}", token_, ""};
  again_.reset();
  const HttpAnswer answer = co_await ask(Step::kEnter, call);
  Step next = Step::kReserve;
  if (answer.status == 200) {
    const std::string grant = answer.text_of("reservation_token");
    if (!grant_.empty() && grant != grant_) fault("a ticket enters with two grants");
    grant_ = grant;
    quantity_ = static_cast<std::int64_t>(random_.below(4) == 0 ? 2 + random_.below(3) : 1);
    wanted_.clear();
    if (random_.below(10) == 0) wanted_ = {1 + random_.below(kSeatNumbers)};
    if (trick(0.08, "lets the grant lapse"))
      wait_ = world_.times.grant_ttl + kALittle;
    else if (trick(0.03, "leaves with a grant"))
      next = Step::kLeave;
    else if (trick(0.05, "asks for the status of an entered ticket"))
      next = Step::kPoll;
  } else {
    next = follow(Step::kEnter, answer);
  }
  note_next(Step::kEnter, answer, next);
  co_return next;
}

HttpCall RandomUser::purchase(std::string target, Json body) {
  if (again_) return *std::exchange(again_, std::nullopt);
  return {"POST", std::move(target), body.dump(), grant_, fresh_key()};
}

RandomUser::Awaitable<RandomUser::Step> RandomUser::reserve() {
  Json body = {{"event_id", event_}};
  if (wanted_.empty()) {
    body["quantity"] = quantity_;
  } else {
    body["seat_ids"] = wanted_;
  }
  const HttpCall call = purchase("/reservations", body);
  const HttpAnswer answer = co_await ask(Step::kReserve, call);
  const Step next = answer.status == 201 ? reserved(answer) : follow(Step::kReserve, answer);
  note_next(Step::kReserve, answer, next);
  co_return next;
}

RandomUser::Step RandomUser::reserved(const HttpAnswer& answer) {
  const std::string id = answer.text_of("reservation_id");
  if (!reservation_.id.empty() && reservation_.id != id) fault("a grant has made two reservations");
  if (!order_id_.empty()) fault("a buyer reserves again");
  reservation_.id = id;
  const std::size_t seats = answer.body.contains("seat_ids") ? answer.body["seat_ids"].size() : 0;
  reservation_.amount = answer.number_of("amount").value_or(static_cast<std::int64_t>(100 * seats));
  if (const std::string currency = answer.text_of("currency"); !currency.empty()) reservation_.currency = currency;
  reservation_.ends = steady_clock::now() + world_.times.hold_ttl;
  if (trick(0.06, "lets the hold lapse before paying")) wait_ = world_.times.hold_ttl + kALittle;
  if (trick(0.06, "cancels before paying")) return Step::kCancel;
  if (trick(0.03, "leaves with a reservation")) return Step::kLeave;
  if (trick(0.04, "reserves again with another key")) return Step::kReserve;
  return Step::kIntent;
}

RandomUser::Awaitable<RandomUser::Step> RandomUser::make_intent() {
  const std::string replaced = reservation_.payment;
  const bool wrong = trick(0.04, "pays another amount than the price");
  const HttpCall call = purchase("/payment/intent", {{"reservation_id", reservation_.id},
                                                     {"amount", reservation_.amount + (wrong ? 1 : 0)},
                                                     {"currency", reservation_.currency}});
  const HttpAnswer answer = co_await ask(Step::kIntent, call);
  Step next = Step::kPay;
  if (answer.status == 200) {
    if (reservation_.approved) fault("a second payment for a reservation that is paid");
    if (!order_id_.empty()) fault("another payment for an order");
    reservation_.payment = answer.text_of("payment_intent_id");
    if (trick(0.04, "makes a second intent")) {
      next = Step::kIntent;
    } else if (!replaced.empty() && trick(0.5, "settles an intent that was replaced")) {
      reservation_.payment = replaced;
    } else if (trick(0.04, "confirms before paying")) {
      next = Step::kConfirm;
    }
  } else {
    next = follow(Step::kIntent, answer);
  }
  note_next(Step::kIntent, answer, next);
  co_return next;
}

RandomUser::Awaitable<RandomUser::Step> RandomUser::pay() {
  const bool fails = trick(0.08, "has a payment refused");
  const HttpCall call = purchase("/payment/process",
                                 {{"payment_intent_id", reservation_.payment}, {"action", fails ? "fail" : "approve"}});
  const Time sent = steady_clock::now();
  const HttpAnswer answer = co_await ask(Step::kPay, call);
  Step next = Step::kConfirm;
  if (answer.status == 200 && answer.text_of("status") == "approved") {
    if (sent > reservation_.ends + kALittle && !answer.cached) fault("a payment is approved after the hold has lapsed");
    reservation_.approved = true;
    approved_.insert(reservation_.payment);
    if (trick(0.06, "cancels after paying"))
      next = Step::kCancel;
    else if (trick(0.04, "makes another intent after paying"))
      next = Step::kIntent;
    else if (trick(0.06, "lets the hold lapse after paying"))
      wait_ = world_.times.hold_ttl + kALittle;
  } else if (answer.status == 200) {
    next = trick(0.3, "confirms after a payment was refused") ? Step::kConfirm : Step::kIntent;
  } else {
    next = follow(Step::kPay, answer);
  }
  note_next(Step::kPay, answer, next);
  co_return next;
}

RandomUser::Awaitable<RandomUser::Step> RandomUser::confirm() {
  const HttpCall call =
      purchase(fmt::format("/reservations/{}/confirm", reservation_.id), {{"payment_intent_id", reservation_.payment}});
  const HttpAnswer answer = co_await ask(Step::kConfirm, call);
  const Step next = answer.status == 200 ? bought(answer) : follow(Step::kConfirm, answer);
  note_next(Step::kConfirm, answer, next);
  co_return next;
}

RandomUser::Step RandomUser::bought(const HttpAnswer& answer) {
  const std::string order_id = answer.text_of("order_id");
  if (!reservation_.approved) fault("a reservation is confirmed without an approved payment");
  if (order_id_.empty()) {
    order_id_ = order_id;
    used_payment_ = reservation_.payment;
    world_.ledger.note_order(order_id,
                             {event_, used_payment_, answer.body["seat_ids"].get<std::vector<std::uint64_t>>()});
  } else if (order_id_ != order_id) {
    fault("a confirmed reservation becomes another order");
  }
  final_ = Final::kBought;
  if (trick(0.05, "cancels what was bought")) return Step::kCancel;
  if (trick(0.05, "pays again for what was bought")) return Step::kIntent;
  if (trick(0.05, "joins again after buying")) return Step::kJoin;
  return Step::kFinal;
}

RandomUser::Awaitable<RandomUser::Step> RandomUser::cancel() {
  const HttpCall call = purchase(fmt::format("/reservations/{}/cancel", reservation_.id), Json::object());
  const HttpAnswer answer = co_await ask(Step::kCancel, call);
  Step next = Step::kJoin;
  if (answer.status == 200) {
    const bool refund_due = answer.text_of("payment_status") == "refund_due";
    if (!order_id_.empty()) fault("an order is cancelled");
    if (reservation_.approved && !refund_due) fault("nothing is said of money that was paid");
    if (refund_due && !reservation_.approved && !reservation_.maybe_approved) {
      fault("a refund is due for a payment that was not approved");
    }
    if (refund_due) refunds_.insert(reservation_.payment);
    next = after_cancelling();
  } else {
    next = follow(Step::kCancel, answer);
  }
  note_next(Step::kCancel, answer, next);
  co_return next;
}

RandomUser::Step RandomUser::after_cancelling() {
  const std::uint64_t choice = random_.below(4);
  if (choice == 0) {
    give_ticket_up();
    final_ = Final::kLeft;
    return Step::kFinal;
  }
  if (choice > 2) return join_again();
  // The page that still shows the old ticket asks first, and goes by its answer; or tries to enter, or reserve.
  live_until_ = {};
  const std::uint64_t page = random_.below(3);
  return page == 0 ? Step::kPoll : page == 1 ? Step::kEnter : Step::kReserve;
}

RandomUser::Awaitable<RandomUser::Step> RandomUser::leave() {
  const HttpCall call{"DELETE", "/queue/leave?token=" + token_, "", "", ""};
  again_.reset();
  const HttpAnswer answer = co_await ask(Step::kLeave, call);
  Step next = Step::kJoin;
  if (answer.status != 200) {
    next = follow(Step::kLeave, answer);
  } else if (random_.below(3) == 0) {
    give_ticket_up();
    final_ = Final::kLeft;
    next = Step::kFinal;
  } else {
    next = join_again();
  }
  note_next(Step::kLeave, answer, next);
  co_return next;
}

}  // namespace tacos::model
