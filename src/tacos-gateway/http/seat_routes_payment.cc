// /payment/intent and /payment/process.
#include <algorithm>

#include "tacos-gateway/http/seat_routes.h"

namespace tacos::gateway {
namespace {

using Kind = SeatCommand::Kind;

constexpr std::int64_t kMaxAmount = 1'000'000'000'000;

std::string_view text_of(PaymentStatus status) {
  switch (status) {
    case PaymentStatus::kApproved:
      return "approved";
    case PaymentStatus::kFailed:
      return "failed";
    case PaymentStatus::kNone:
    case PaymentStatus::kCreated:
      break;
  }
  return "created";
}

}  // namespace

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
  if (thread_.json().get_integer("amount", amount) != JsonBody::Found::kYes || amount < 0 || amount > kMaxAmount) {
    return give_up(exchange, ApiError::kInvalidArgument,
                   "amount must be what POST /reservations answered: a whole number from 0 to 1000000000000, in the "
                   "currency's smallest unit",
                   "amount");
  }
  SeatCommand& command = exchange.purchase().work;
  command.reservation_id = *reservation_id;
  command.intent.amount = static_cast<std::uint64_t>(amount);
  command.intent.currency = *currency;
  work(exchange, Kind::kMakeIntent);
}

void SeatRoutes::refuse_intent(ApiExchange& exchange) {
  const SeatCommand& command = exchange.purchase().work;
  const Reservation& reservation = command.reservation;
  switch (command.outcome) {
    case SeatOutcome::kWrongCurrency:
      return give_up(exchange, ApiError::kInvalidArgument,
                     fmt::format("currency must be {}, which this event is sold in", reservation.currency), "currency");
    case SeatOutcome::kWrongAmount:
      return give_up(exchange, ApiError::kInvalidArgument,
                     fmt::format("amount must be {}, the price of the reserved seats in the smallest unit of {}",
                                 reservation.amount, reservation.currency),
                     "amount");
    case SeatOutcome::kTooManyIntents: {
      const std::uint64_t limit = thread_.services().seat_limits.intents_per_reservation;
      return key_.give_up(
          exchange,
          {.error = ApiError::kRateLimited,
           .message = fmt::format("this reservation has made its {} payment intents; settle the last, {}, or let the "
                                  "hold end and join again",
                                  limit, command.intent.id),
           .retry_after = command.retry_after,
           .limit = limit});
    }
    default:
      return give_up(
          exchange, ApiError::kForbidden,
          command.outcome == SeatOutcome::kConfirmed
              ? fmt::format("the reservation is confirmed: {} has paid for it", command.intent.id)
              : fmt::format("the payment {} is approved; confirm the reservation with it", command.intent.id));
  }
}

void SeatRoutes::pay(ApiExchange& exchange) {
  const auto intent_id = required_text(exchange, "payment_intent_id", "pay_…");
  if (!intent_id) return;
  const auto action = required_text(exchange, "action", "approve");
  if (!action) return;
  if (*action != "approve" && *action != "fail") {
    return give_up(exchange, ApiError::kInvalidArgument, "action must be approve or fail", "action");
  }
  SeatCommand& command = exchange.purchase().work;
  command.intent.id = *intent_id;
  command.approve = *action == "approve";
  work(exchange, Kind::kPay);
}

void SeatRoutes::count_payment(const SeatCommand& command) {
  ThreadMetrics& metrics = thread_.metrics();
  switch (command.outcome) {
    case SeatOutcome::kOk:
      if (command.kind == Kind::kMakeIntent) return metrics.record_intent(IntentResult::kCreated);
      return metrics.record_intent(command.intent.status == PaymentStatus::kApproved ? IntentResult::kApproved
                                                                                     : IntentResult::kFailed);
    case SeatOutcome::kWrongAmount:
    case SeatOutcome::kWrongCurrency:
      return metrics.record_intent(IntentResult::kNotPrice);
    case SeatOutcome::kTooManyIntents:
      return metrics.record_intent(IntentResult::kTooMany);
    case SeatOutcome::kPaidBefore:
    case SeatOutcome::kConfirmed:
      return metrics.record_intent(IntentResult::kPaidBefore);
    case SeatOutcome::kLapsed:
      return metrics.record_intent(IntentResult::kReleased);
    case SeatOutcome::kNotFound:
      return metrics.record_intent(IntentResult::kUnknown);
    default:
      return;
  }
}

void SeatRoutes::paid(ApiExchange& exchange) {
  if (exchange.purchase().work.outcome != SeatOutcome::kOk) return refuse_intent(exchange);
  const PaymentIntent& intent = exchange.purchase().work.intent;
  const auto out = std::back_inserter(thread_.answer().body());
  if (exchange.route == Route::kPaymentProcess) {
    fmt::format_to(out, R"({{"payment_intent_id":"{}","status":"{}"}})", intent.id, text_of(intent.status));
  } else {
    fmt::format_to(out, R"({{"payment_intent_id":"{}","status":"{}","amount":{},"currency":"{}"}})", intent.id,
                   text_of(intent.status), intent.amount, intent.currency);
  }
  key_.finish(exchange, 200);
}

}  // namespace tacos::gateway
