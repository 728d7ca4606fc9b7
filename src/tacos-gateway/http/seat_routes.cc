#include "tacos-gateway/http/seat_routes.h"

#include <algorithm>
#include <limits>

#include "tacos-gateway/http/queue_routes.h"
#include "tacos-gateway/http/timestamp.h"

namespace tacos::gateway {
namespace {

using Kind = SeatCommand::Kind;

constexpr std::int64_t kMaxSeatsPerReservation = 10;
constexpr std::string_view kSoldOut = "every seat of this event is sold";
constexpr std::string_view kGivenBack =
    "the reservation was cancelled or its seats were held for too long, and they have been given back";
constexpr std::string_view kTooMuch = "too many requests are being worked on; send the same request again";
constexpr std::string_view kRefundDue = "refund_due";

ApiExchange& exchange_of(StoreCommand& command) {
  return *static_cast<ApiExchange*>(command.owner);
}

}  // namespace

void SeatRoutes::handle(ApiExchange& exchange) {
  thread_.answer().begin();
  if (take_grant(exchange) == Check::kAnswered || !thread_.read_body(exchange)) return;
  if (exchange.route == Route::kReserve && read_reservation(exchange) == Check::kAnswered) return;
  key_.claim(exchange, &SeatRoutes::key_claimed);
}

SeatRoutes::Check SeatRoutes::take_grant(ApiExchange& exchange) {
  const std::string_view bearer = ApiThread::bearer_of(exchange.request());
  const auto grant = bearer.empty() ? std::nullopt : thread_.signer().verify_grant(bearer);
  if (!grant) {
    thread_.answer().fail(exchange, ApiError::kUnauthenticated,
                          bearer.empty() ? "send the reservation_token from /queue/enter as Authorization: Bearer"
                                         : "this is no reservation_token of this gateway; join and enter again");
    return Check::kAnswered;
  }
  exchange.purchase().grant = *grant;
  return Check::kPassed;
}

void SeatRoutes::key_claimed(ApiExchange& exchange) {
  SeatRoutes routes(exchange.thread);
  if (exchange.route == Route::kReserve) return routes.claim_grant(exchange);
  SeatCommand& command = exchange.purchase().work;
  command.reservation_id = exchange.id;
  if (exchange.route == Route::kCancel) return routes.work(exchange, Kind::kCancel);
  // Read again: other requests may have been read since.
  if (!exchange.thread.read_body(exchange)) return;
  if (exchange.route == Route::kConfirm) return routes.confirm(exchange);
  if (exchange.route == Route::kPaymentIntent) return routes.make_intent(exchange);
  routes.pay(exchange);
}

void SeatRoutes::work(ApiExchange& exchange, Kind kind) {
  Purchase& purchase = exchange.purchase();
  SeatCommand& command = purchase.work;
  command.kind = kind;
  command.owner = purchase.grant.ref;
  command.context = &exchange;
  command.done = &SeatRoutes::worked;
  purchase.asked_at = thread_.services().clock.now();
  thread_.seats().submit(command);
}

void SeatRoutes::worked(SeatCommand& command) {
  ApiExchange& exchange = *static_cast<ApiExchange*>(command.context);
  ApiThread& thread = exchange.thread;
  SeatRoutes routes(thread);
  const bool payment = command.kind == Kind::kMakeIntent || command.kind == Kind::kPay;
  thread.metrics().record_backend(payment ? Backend::kPayment : Backend::kInventory,
                                  thread.services().clock.now() - exchange.purchase().asked_at);
  thread.answer().begin();
  if (command.outcome == SeatOutcome::kUnavailable) {
    return routes.key_.suspend(exchange, ApiError::kStoreUnavailable, kSeatsAway);
  }
  if (payment) routes.count_payment(command);
  if (command.kind == Kind::kHold) return routes.held(exchange);
  if (command.report_inventory) return routes.report(exchange, &SeatRoutes::reported);
  routes.conclude(exchange);
}

void SeatRoutes::report(ApiExchange& exchange, void (*done)(StoreCommand&)) {
  Purchase& purchase = exchange.purchase();
  purchase.report.kind = StoreCommand::Kind::kReportInventory;
  purchase.report.ref = purchase.grant.ref;
  purchase.report.inventory = purchase.work.reservation.inventory;
  purchase.report.owner = &exchange;
  purchase.report.done = done;
  thread_.ask_store(purchase.report);
}

void SeatRoutes::reported(StoreCommand& command) {
  ApiExchange& exchange = exchange_of(command);
  exchange.thread.answer().begin();
  SeatRoutes(exchange.thread).conclude(exchange);
}

void SeatRoutes::conclude(ApiExchange& exchange) {
  switch (exchange.purchase().work.outcome) {
    case SeatOutcome::kOverloaded:
      return give_up(exchange, ApiError::kOverloaded, kTooMuch);
    case SeatOutcome::kLapsed:
      return give_up_released(exchange);
    case SeatOutcome::kNotFound:
      return give_up(exchange, ApiError::kNotFound,
                     exchange.route == Route::kPaymentProcess
                         ? "there is no such payment of this user, or a later one has replaced it; make one with "
                           "POST /payment/intent"
                         : "there is no such reservation of this user; use the reservation_id that "
                           "POST /reservations answered, or reserve again");
    default:
      break;
  }
  switch (exchange.route) {
    case Route::kConfirm:
      return confirmed(exchange);
    case Route::kCancel:
      return cancelled(exchange);
    default:
      return paid(exchange);
  }
}

std::optional<std::string_view> SeatRoutes::required_text(ApiExchange& exchange, const char* name,
                                                          std::string_view example) {
  std::string_view text;
  if (thread_.json().get_text(name, text) == JsonBody::Found::kYes && !text.empty() && text.size() <= 64) return text;
  give_up(exchange, ApiError::kInvalidArgument, fmt::format("{} must be a string such as \"{}\"", name, example), name);
  return std::nullopt;
}

SeatRoutes::Check SeatRoutes::read_reservation(ApiExchange& exchange) {
  AnswerWriter& answer = thread_.answer();
  std::string_view event_id;
  if (thread_.json().get_text("event_id", event_id) == JsonBody::Found::kAbsent) {
    answer.fail(exchange, ApiError::kMissingEventId, "event_id says for which event the seats are");
    return Check::kAnswered;
  }
  if (!is_event_id(event_id)) {
    answer.fail(exchange, ApiError::kInvalidArgument, "event_id is not the id of an event", {.field = "event_id"});
    return Check::kAnswered;
  }
  if (event_key(event_id) != exchange.purchase().grant.ref.event) {
    answer.fail(exchange, ApiError::kForbidden,
                "the reservation_token is for another event; send the event_id that was joined");
    return Check::kAnswered;
  }
  return read_seats(exchange);
}

SeatRoutes::Check SeatRoutes::read_seats(ApiExchange& exchange) {
  Purchase& purchase = exchange.purchase();
  std::vector<std::uint64_t> numbers;
  std::int64_t quantity = 1;
  const auto seats = thread_.json().get_numbers("seat_ids", numbers, kMaxSeatsPerReservation);
  const auto count = thread_.json().get_integer("quantity", quantity);
  const bool bad_seats = seats == JsonBody::Found::kWrongType || (seats == JsonBody::Found::kYes && numbers.empty()) ||
                         std::any_of(numbers.begin(), numbers.end(), [](std::uint64_t number) {
                           return number < 1 || number > std::numeric_limits<std::uint32_t>::max();
                         });
  if (bad_seats) {
    thread_.answer().fail(exchange, ApiError::kInvalidArgument, "seat_ids must be 1 to 10 seat numbers, counted from 1",
                          {.field = "seat_ids"});
    return Check::kAnswered;
  }
  const bool both = seats == JsonBody::Found::kYes && count == JsonBody::Found::kYes;
  if (both || count == JsonBody::Found::kWrongType || quantity < 1 || quantity > kMaxSeatsPerReservation) {
    thread_.answer().fail(exchange, ApiError::kInvalidArgument, "quantity must be 1 to 10, and not beside seat_ids",
                          {.field = "quantity"});
    return Check::kAnswered;
  }
  purchase.work.quantity = static_cast<std::uint32_t>(quantity);
  purchase.work.wanted.clear();
  for (const std::uint64_t number : numbers) purchase.work.wanted.push_back(static_cast<std::uint32_t>(number));
  return Check::kPassed;
}

void SeatRoutes::claim_grant(ApiExchange& exchange) {
  exchange.command.kind = StoreCommand::Kind::kClaimGrant;
  exchange.command.ref = exchange.purchase().grant.ref;
  exchange.command.owner = &exchange;
  exchange.command.done = &SeatRoutes::grant_claimed;
  thread_.ask_store(exchange.command);
}

void SeatRoutes::grant_claimed(StoreCommand& command) {
  ApiExchange& exchange = exchange_of(command);
  SeatRoutes routes(exchange.thread);
  Purchase& purchase = exchange.purchase();
  purchase.grant_outcome = command.outcome;
  switch (command.outcome) {
    case StoreOutcome::kOk:
      return routes.hold(exchange, false);
    case StoreOutcome::kInFlight:
      // An earlier attempt of this very request may have claimed it and broken off: then this one goes on with it.
      return routes.hold(exchange, !purchase.key_command.key.resumed);
    case StoreOutcome::kSpent:
    case StoreOutcome::kExpired:
      // Or it got further, and only its answer was lost.
      return routes.hold(exchange, true);
    default:
      return routes.key_.give_up_for(exchange, command.outcome);
  }
}

void SeatRoutes::hold(ApiExchange& exchange, bool replay_only) {
  SeatCommand& command = exchange.purchase().work;
  command.attempt = PurchaseKey::attempt_of(exchange);
  command.replay_only = replay_only;
  work(exchange, Kind::kHold);
}

void SeatRoutes::held(ApiExchange& exchange) {
  Purchase& purchase = exchange.purchase();
  const SeatCommand& command = purchase.work;
  if (command.report_inventory) report(exchange, [](StoreCommand&) {});
  if (command.outcome == SeatOutcome::kOk) {
    // In one batch after the report: first the line learns that the seats are gone, then that the grant is. Should the
    // grant not be burnt, it stays claimed, and the ticket has its reservation: it is of no more use.
    settle(exchange, StoreCommand::Kind::kSpendGrant,
           [](StoreCommand& spent) { PurchaseKey::arrive(exchange_of(spent)); });
    const Reservation& made = command.reservation;
    fmt::format_to(std::back_inserter(thread_.answer().body()),
                   R"({{"reservation_id":"{}","seat_ids":[{}],"hold_expires_at":"{}","status":"held")",
                   made.reservation_id, fmt::join(made.seats, ","), format_timestamp(made.hold_expires_unix_ms));
    if (!made.currency.empty()) {
      fmt::format_to(std::back_inserter(thread_.answer().body()), R"(,"amount":{},"currency":"{}")", made.amount,
                     made.currency);
    }
    thread_.answer().body().push_back('}');
    return key_.finish(exchange, 201, 1);
  }
  const bool reserved_once = command.outcome == SeatOutcome::kReservedBefore || command.outcome == SeatOutcome::kLapsed;
  if (reserved_once) return settle(exchange, StoreCommand::Kind::kSpendGrant, &SeatRoutes::refusal_settled);
  if (!command.replay_only) return settle(exchange, StoreCommand::Kind::kReleaseGrant, &SeatRoutes::refusal_settled);
  if (command.outcome == SeatOutcome::kOverloaded) return refuse_seats(exchange);
  // Spent for a reservation that is no longer remembered, and so came to nothing: what was sold is kept.
  if (purchase.grant_outcome == StoreOutcome::kSpent) return give_up_released(exchange);
  key_.give_up_for(exchange, purchase.grant_outcome);
}

void SeatRoutes::give_up_released(ApiExchange& exchange) {
  const bool paid = exchange.purchase().work.reservation.payment == PaymentStatus::kApproved;
  key_.give_up(exchange, {.error = ApiError::kTokenExpired,
                          .message = fmt::format("{}; {}join again", kGivenBack,
                                                 paid ? "the payment was not used and is to be refunded; " : ""),
                          .payment_status = paid ? kRefundDue : std::string_view()});
}

void SeatRoutes::settle(ApiExchange& exchange, StoreCommand::Kind kind, void (*done)(StoreCommand&)) {
  exchange.command.kind = kind;
  exchange.command.done = done;
  thread_.ask_store(exchange.command);
}

void SeatRoutes::refusal_settled(StoreCommand& command) {
  ApiExchange& exchange = exchange_of(command);
  SeatRoutes routes(exchange.thread);
  exchange.thread.answer().begin();
  // The grant may still be claimed: whoever repeats this request must be let through to the seats.
  if (command.outcome == StoreOutcome::kUnavailable) return routes.key_.give_up_for(exchange, command.outcome);
  if (command.outcome == StoreOutcome::kOverloaded) return routes.key_.suspend_overloaded(exchange);
  routes.refuse_seats(exchange);
}

void SeatRoutes::refuse_seats(ApiExchange& exchange) {
  switch (exchange.purchase().work.outcome) {
    case SeatOutcome::kSoldOut:
      return give_up(exchange, ApiError::kSoldOut, kSoldOut);
    case SeatOutcome::kNoSuchSeat:
      return give_up(exchange, ApiError::kInvalidArgument, "seat_ids names a seat that does not exist, or one twice",
                     "seat_ids");
    case SeatOutcome::kReservedBefore:
      return give_up(exchange, ApiError::kForbidden,
                     fmt::format("this grant has made its reservation already: go on with {}, or cancel it and join "
                                 "again",
                                 exchange.purchase().work.reservation.reservation_id));
    case SeatOutcome::kLapsed:
      return give_up_released(exchange);
    case SeatOutcome::kNotFound:
      return key_.give_up_for(exchange, StoreOutcome::kNotFound);
    case SeatOutcome::kOverloaded:
      return give_up(exchange, ApiError::kOverloaded, kTooMuch);
    default:
      return give_up(exchange, ApiError::kSeatTaken,
                     exchange.purchase().work.wanted.empty()
                         ? "fewer seats are free than you ask for; ask for fewer, or again when others give theirs back"
                         : "not all of these seats are free; choose others, or ask for a quantity");
  }
}

void SeatRoutes::confirm(ApiExchange& exchange) {
  const auto intent_id = required_text(exchange, "payment_intent_id", "pay_…");
  if (!intent_id) return;
  exchange.purchase().work.intent.id = *intent_id;
  work(exchange, Kind::kConfirm);
}

void SeatRoutes::confirmed(ApiExchange& exchange) {
  const SeatCommand& command = exchange.purchase().work;
  if (command.outcome == SeatOutcome::kNoPayment) {
    return give_up(exchange, ApiError::kInvalidArgument,
                   "there is no such payment for this reservation, or a later one has replaced it; make one with "
                   "POST /payment/intent",
                   "payment_intent_id");
  }
  if (command.outcome == SeatOutcome::kNotApproved) {
    return give_up(exchange, ApiError::kForbidden,
                   command.reservation.payment == PaymentStatus::kFailed
                       ? "the payment is not approved, it has failed; make another with POST /payment/intent"
                       : "the payment is not approved; approve it with POST /payment/process");
  }
  fmt::format_to(std::back_inserter(thread_.answer().body()),
                 R"({{"order_id":"{}","status":"confirmed","seat_ids":[{}]}})", command.reservation.order_id,
                 fmt::join(command.reservation.seats, ","));
  key_.finish(exchange, 200);
}

void SeatRoutes::cancelled(ApiExchange& exchange) {
  const SeatCommand& command = exchange.purchase().work;
  if (command.outcome == SeatOutcome::kConfirmed) {
    return give_up(exchange, ApiError::kForbidden, "the reservation is confirmed: it can't be cancelled any more");
  }
  const auto out = std::back_inserter(thread_.answer().body());
  fmt::format_to(out, R"({{"reservation_id":"{}","status":"cancelled")", command.reservation.reservation_id);
  if (command.reservation.payment == PaymentStatus::kApproved) {
    fmt::format_to(out, R"(,"payment_status":"{}")", kRefundDue);
  }
  thread_.answer().body().push_back('}');
  key_.finish(exchange, 200);
}

}  // namespace tacos::gateway
