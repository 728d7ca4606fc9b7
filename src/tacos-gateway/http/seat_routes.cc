#include "tacos-gateway/http/seat_routes.h"

#include <algorithm>
#include <limits>

#include "tacos-gateway/http/queue_routes.h"
#include "tacos-gateway/http/timestamp.h"

namespace tacos::gateway {
namespace {

constexpr std::int64_t kMaxSeatsPerReservation = 10;
constexpr std::int64_t kMaxAmount = 1'000'000'000'000;
constexpr std::size_t kMaxKeyBytes = 255;

ApiExchange& exchange_of(StoreCommand& command) {
  return *static_cast<ApiExchange*>(command.owner);
}

std::string_view text_of(PaymentStatus status) {
  switch (status) {
    case PaymentStatus::kApproved:
      return "approved";
    case PaymentStatus::kFailed:
      return "failed";
    case PaymentStatus::kCreated:
      break;
  }
  return "created";
}

// Times one call of what stands behind the gateway.
template <class Call>
auto timed(ApiThread& thread, Backend backend, Call call) {
  const core::Instant before = thread.services().clock.now();
  auto result = call();
  thread.metrics().record_backend(backend, thread.services().clock.now() - before);
  return result;
}

}  // namespace

void SeatRoutes::handle(ApiExchange& exchange) {
  thread_.answer().begin();
  exchange.purchase().scoped_key.clear();
  if (take_grant(exchange) == Check::kAnswered || !thread_.read_body(exchange)) return;
  if (exchange.route == Route::kReserve && read_reservation(exchange) == Check::kAnswered) return;
  if (take_idempotency_key(exchange) == Check::kAnswered) return;
  switch (exchange.route) {
    case Route::kReserve:
      exchange.command.kind = StoreCommand::Kind::kClaimGrant;
      exchange.command.ref = exchange.purchase().grant.ref;
      exchange.command.owner = &exchange;
      exchange.command.done = &SeatRoutes::claim_answered;
      return thread_.ask_store(exchange.command);
    case Route::kConfirm:
      return confirm(exchange);
    case Route::kCancel:
      return cancel(exchange);
    case Route::kPaymentIntent:
      return make_intent(exchange);
    default:
      return process_payment(exchange);
  }
}

SeatRoutes::Check SeatRoutes::take_grant(ApiExchange& exchange) {
  const std::string_view bearer = ApiThread::bearer_of(exchange.request());
  const auto grant = bearer.empty() ? std::nullopt : thread_.signer().verify_grant(bearer);
  if (!grant) {
    thread_.answer().fail(exchange, ApiError::kUnauthenticated,
                          bearer.empty() ? "send the reservation_token from /queue/enter as Authorization: Bearer"
                                         : "this is no reservation_token of this gateway");
    return Check::kAnswered;
  }
  exchange.purchase().grant = *grant;
  return Check::kPassed;
}

SeatRoutes::Check SeatRoutes::take_idempotency_key(ApiExchange& exchange) {
  const std::string_view key = exchange.request().header("Idempotency-Key");
  AnswerWriter& answer = thread_.answer();
  if (key.empty() || key.size() > kMaxKeyBytes) {
    answer.fail(exchange, key.empty() ? ApiError::kIdempotencyRequired : ApiError::kInvalidArgument,
                "send an Idempotency-Key of 1 to 255 bytes, the same when this request is repeated",
                {.field = key.empty() ? std::string_view() : std::string_view("Idempotency-Key")});
    return Check::kAnswered;
  }
  Purchase& purchase = exchange.purchase();
  // Keys are the user's own: two users who choose the same key don't meet, nor do two routes.
  const TicketRef& ref = purchase.grant.ref;
  std::string scoped = fmt::format("{:x}.{:x}.{}|{}|{}|{}", ref.epoch, ref.event, ref.number,
                                   static_cast<int>(exchange.route), exchange.id, key);
  const IdempotencyStore::Answer known = thread_.services().idempotency.claim(scoped, exchange.request().body());
  switch (known.claim) {
    case Claim::kFresh:
      purchase.scoped_key = std::move(scoped);
      return Check::kPassed;
    case Claim::kReplay:
      answer.header("X-Idempotency-Cached", "true");
      answer.body().append(std::string_view(known.body));
      answer.send(exchange, known.status);
      return Check::kAnswered;
    case Claim::kInFlight:
      answer.fail(exchange, ApiError::kIdempotencyInFlight, "a request with this Idempotency-Key is being worked on");
      return Check::kAnswered;
    case Claim::kConflict:
      answer.fail(exchange, ApiError::kIdempotencyConflict, "this Idempotency-Key was used with another body");
      return Check::kAnswered;
    case Claim::kFull:
      break;
  }
  answer.fail(exchange, ApiError::kOverloaded, "too many requests are being worked on");
  return Check::kAnswered;
}

// The work is done: whoever repeats the request gets this very answer.
void SeatRoutes::finish(ApiExchange& exchange, int status) {
  thread_.services().idempotency.finish(exchange.purchase().scoped_key, status, thread_.answer().body_text());
  exchange.purchase().scoped_key.clear();
  thread_.answer().send(exchange, status);
}

// Nothing was done, so that the same request may be tried again under the same key.
void SeatRoutes::give_up(ApiExchange& exchange, ApiError error, std::string_view message, std::string_view field) {
  thread_.services().idempotency.abandon(exchange.purchase().scoped_key);
  exchange.purchase().scoped_key.clear();
  thread_.answer().fail(exchange, error, message, {.field = field});
}

void SeatRoutes::give_up_for(ApiExchange& exchange, StoreOutcome outcome) {
  thread_.services().idempotency.abandon(exchange.purchase().scoped_key);
  exchange.purchase().scoped_key.clear();
  fail_for(exchange, outcome);
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
    answer.fail(exchange, ApiError::kForbidden, "the reservation_token is for another event");
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
  purchase.quantity = static_cast<std::uint32_t>(quantity);
  purchase.seats.clear();
  for (const std::uint64_t number : numbers) purchase.seats.push_back(static_cast<std::uint32_t>(number));
  return Check::kPassed;
}

void SeatRoutes::claim_answered(StoreCommand& command) {
  ApiExchange& exchange = exchange_of(command);
  SeatRoutes routes(exchange.thread);
  exchange.thread.answer().begin();
  if (command.outcome != StoreOutcome::kOk) return routes.give_up_for(exchange, command.outcome);
  routes.hold_seats(exchange);
}

void SeatRoutes::hold_seats(ApiExchange& exchange) {
  Purchase& purchase = exchange.purchase();
  purchase.reservation = timed(thread_, Backend::kInventory, [&] {
    return thread_.services().seats.hold(purchase.grant.ref, purchase.quantity, purchase.seats);
  });
  if (purchase.reservation.outcome == SeatOutcome::kOk) return report(exchange, &SeatRoutes::hold_reported);
  exchange.command.kind = StoreCommand::Kind::kReleaseGrant;
  exchange.command.done = &SeatRoutes::release_settled;
  thread_.ask_store(exchange.command);
}

// First the store learns that the seats are gone, then that the grant is. One after the other: a report may be sent
// again after its connection broke, and then takes longer than the spending of the grant; were it still under way when
// the exchange is answered, the next request of this connection would be answered by it.
void SeatRoutes::hold_reported(StoreCommand& command) {
  ApiExchange& exchange = exchange_of(command);
  exchange.command.kind = StoreCommand::Kind::kSpendGrant;
  exchange.command.done = &SeatRoutes::reserve_settled;
  exchange.thread.ask_store(exchange.command);
}

void SeatRoutes::reserve_settled(StoreCommand& command) {
  ApiExchange& exchange = exchange_of(command);
  SeatRoutes routes(exchange.thread);
  AnswerWriter& answer = exchange.thread.answer();
  answer.begin();
  const Reservation& made = exchange.purchase().reservation;
  fmt::format_to(std::back_inserter(answer.body()),
                 R"({{"reservation_id":"{}","seat_ids":[{}],"hold_expires_at":"{}","status":"held"}})",
                 made.reservation_id, fmt::join(made.seats, ","), format_timestamp(made.hold_expires_unix_ms));
  routes.finish(exchange, 201);
}

void SeatRoutes::release_settled(StoreCommand& command) {
  ApiExchange& exchange = exchange_of(command);
  SeatRoutes routes(exchange.thread);
  exchange.thread.answer().begin();
  switch (exchange.purchase().reservation.outcome) {
    case SeatOutcome::kSoldOut:
      return routes.give_up(exchange, ApiError::kSoldOut, "every seat of this event is sold");
    case SeatOutcome::kNoSuchSeat:
      return routes.give_up(exchange, ApiError::kInvalidArgument,
                            "seat_ids names a seat that does not exist, or one twice", "seat_ids");
    default:
      return routes.give_up(exchange, ApiError::kSeatTaken, "not enough of these seats are free; choose others");
  }
}

void SeatRoutes::report(ApiExchange& exchange, void (*done)(StoreCommand&)) {
  Purchase& purchase = exchange.purchase();
  purchase.report.kind = StoreCommand::Kind::kReportInventory;
  purchase.report.ref = purchase.grant.ref;
  purchase.report.inventory = purchase.reservation.inventory;
  purchase.report.owner = &exchange;
  purchase.report.done = done;
  thread_.ask_store(purchase.report);
}

void SeatRoutes::confirm(ApiExchange& exchange) {
  Purchase& purchase = exchange.purchase();
  const auto intent_id = required_text(exchange, "payment_intent_id", "pay_…");
  if (!intent_id) return;
  const PaymentDesk::Intent intent =
      timed(thread_, Backend::kPayment, [&] { return thread_.services().payments.find(*intent_id); });
  if (!intent.found || intent.reservation_id != exchange.id) {
    return give_up(exchange, ApiError::kInvalidArgument, "there is no such payment for this reservation",
                   "payment_intent_id");
  }
  if (intent.status != PaymentStatus::kApproved) {
    return give_up(exchange, ApiError::kForbidden, "the payment is not approved");
  }
  purchase.reservation = timed(thread_, Backend::kInventory,
                               [&] { return thread_.services().seats.confirm(purchase.grant.ref, exchange.id); });
  switch (purchase.reservation.outcome) {
    case SeatOutcome::kOk:
      return report(exchange, &SeatRoutes::confirm_reported);
    case SeatOutcome::kLapsed:
      // It may have lapsed just now, by being asked for: the store must learn that its seats are free.
      return report(exchange, &SeatRoutes::lapse_reported);
    default:
      return give_up(exchange, ApiError::kNotFound, "there is no such reservation of this user");
  }
}

void SeatRoutes::lapse_reported(StoreCommand& command) {
  ApiExchange& exchange = exchange_of(command);
  exchange.thread.answer().begin();
  SeatRoutes(exchange.thread)
      .give_up(exchange, ApiError::kTokenExpired, "the seats were held for too long and have been given back");
}

void SeatRoutes::confirm_reported(StoreCommand& command) {
  ApiExchange& exchange = exchange_of(command);
  AnswerWriter& answer = exchange.thread.answer();
  answer.begin();
  fmt::format_to(std::back_inserter(answer.body()), R"({{"order_id":"{}","status":"confirmed","seat_ids":[{}]}})",
                 exchange.purchase().reservation.order_id, fmt::join(exchange.purchase().reservation.seats, ","));
  SeatRoutes(exchange.thread).finish(exchange, 200);
}

void SeatRoutes::cancel(ApiExchange& exchange) {
  Purchase& purchase = exchange.purchase();
  purchase.reservation = timed(thread_, Backend::kInventory,
                               [&] { return thread_.services().seats.cancel(purchase.grant.ref, exchange.id); });
  switch (purchase.reservation.outcome) {
    case SeatOutcome::kOk:
      return report(exchange, &SeatRoutes::cancel_reported);
    case SeatOutcome::kConfirmed:
      return give_up(exchange, ApiError::kForbidden, "the reservation is confirmed: it can't be cancelled any more");
    default:
      return give_up(exchange, ApiError::kNotFound, "there is no such reservation of this user");
  }
}

void SeatRoutes::cancel_reported(StoreCommand& command) {
  ApiExchange& exchange = exchange_of(command);
  AnswerWriter& answer = exchange.thread.answer();
  answer.begin();
  fmt::format_to(std::back_inserter(answer.body()), R"({{"reservation_id":"{}","status":"cancelled"}})",
                 exchange.purchase().reservation.reservation_id);
  SeatRoutes(exchange.thread).finish(exchange, 200);
}

void SeatRoutes::make_intent(ApiExchange& exchange) {
  const auto reservation_id = required_text(exchange, "reservation_id", "res_…");
  if (!reservation_id) return;
  const auto currency = required_text(exchange, "currency", "USD");
  if (!currency) return;
  const bool is_currency = currency->size() == 3 &&
                           std::all_of(currency->begin(), currency->end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  if (!is_currency) {
    return give_up(exchange, ApiError::kInvalidArgument, "currency must be three capitals, as in ISO 4217", "currency");
  }
  std::int64_t amount = 0;
  if (thread_.json().get_integer("amount", amount) != JsonBody::Found::kYes || amount < 1 || amount > kMaxAmount) {
    return give_up(exchange, ApiError::kInvalidArgument,
                   "amount must be a whole number from 1 to 1000000000000, in the currency's smallest unit", "amount");
  }
  const Reservation reservation = thread_.services().seats.find(exchange.purchase().grant.ref, *reservation_id);
  if (reservation.outcome == SeatOutcome::kLapsed) {
    return give_up(exchange, ApiError::kTokenExpired, "the seats were held for too long and have been given back");
  }
  if (reservation.outcome != SeatOutcome::kOk) {
    return give_up(exchange, ApiError::kNotFound, "there is no such reservation of this user");
  }
  const PaymentDesk::Intent intent = timed(thread_, Backend::kPayment, [&] {
    return thread_.services().payments.create(*reservation_id, static_cast<std::uint64_t>(amount), *currency);
  });
  fmt::format_to(std::back_inserter(thread_.answer().body()),
                 R"({{"payment_intent_id":"{}","status":"{}","amount":{},"currency":"{}"}})", intent.id,
                 text_of(intent.status), intent.amount, intent.currency);
  finish(exchange, 200);
}

void SeatRoutes::process_payment(ApiExchange& exchange) {
  const auto intent_id = required_text(exchange, "payment_intent_id", "pay_…");
  if (!intent_id) return;
  const auto action = required_text(exchange, "action", "approve");
  if (!action) return;
  if (*action != "approve" && *action != "fail") {
    return give_up(exchange, ApiError::kInvalidArgument, "action must be approve or fail", "action");
  }
  const PaymentDesk::Intent known = thread_.services().payments.find(*intent_id);
  const bool owned =
      known.found && thread_.services().seats.find(exchange.purchase().grant.ref, known.reservation_id).outcome !=
                         SeatOutcome::kNotFound;
  if (!owned) return give_up(exchange, ApiError::kNotFound, "there is no such payment of this user");
  const PaymentDesk::Intent intent = timed(thread_, Backend::kPayment, [&] {
    return thread_.services().payments.process(*intent_id, *action == "approve");
  });
  fmt::format_to(std::back_inserter(thread_.answer().body()), R"({{"payment_intent_id":"{}","status":"{}"}})",
                 intent.id, text_of(intent.status));
  finish(exchange, 200);
}

}  // namespace tacos::gateway
