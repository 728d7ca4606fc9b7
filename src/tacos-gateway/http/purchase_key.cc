#include "tacos-gateway/http/purchase_key.h"

#include <array>
#include <utility>

#include <openssl/sha.h>

#include "tacos-gateway/http/queue_routes.h"

namespace tacos::gateway {
namespace {

constexpr std::size_t kMaxKeyBytes = 255;
constexpr std::string_view kTooMuch = "too many requests are being worked on; send the same request again";

ApiExchange& exchange_of(SeatCommand& command) {
  return *static_cast<ApiExchange*>(command.context);
}

}  // namespace

// Keys are the user's own: two users who choose the same key don't meet, nor do two routes.
std::string PurchaseKey::scoped(ApiExchange& exchange, std::string_view key) {
  const TicketRef& ref = exchange.purchase().grant.ref;
  return fmt::format("{:x}.{:x}.{}|{}|{}|{}", ref.epoch, ref.event, ref.number, static_cast<int>(exchange.route),
                     exchange.id, key);
}

std::string PurchaseKey::attempt_of(ApiExchange& exchange) {
  const std::string text =
      fmt::format("{}\n{}", exchange.purchase().key_command.key.scoped_key, exchange.request().body());
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return fmt::format("{:02x}", fmt::join(digest.begin(), digest.begin() + 16, ""));
}

void PurchaseKey::claim(ApiExchange& exchange, void (*then)(ApiExchange&)) {
  const std::string_view key = exchange.request().header("Idempotency-Key");
  if (key.empty() || key.size() > kMaxKeyBytes) {
    return thread_.answer().fail(exchange, key.empty() ? ApiError::kIdempotencyRequired : ApiError::kInvalidArgument,
                                 "send an Idempotency-Key of 1 to 255 bytes, the same when this request is repeated",
                                 {.field = key.empty() ? std::string_view() : std::string_view("Idempotency-Key")});
  }
  Purchase& purchase = exchange.purchase();
  purchase.claimed = then;
  SeatCommand& command = purchase.key_command;
  command.kind = SeatCommand::Kind::kClaimKey;
  command.key.owner = purchase.grant.ref;
  command.key.scoped_key = scoped(exchange, key);
  command.key.body = exchange.request().body();
  command.key.ends_purchase = exchange.route == Route::kConfirm || exchange.route == Route::kCancel;
  command.context = &exchange;
  command.done = &PurchaseKey::claimed;
  thread_.seats().submit(command);
}

void PurchaseKey::claimed(SeatCommand& command) {
  ApiExchange& exchange = exchange_of(command);
  AnswerWriter& answer = exchange.thread.answer();
  answer.begin();
  if (command.outcome == SeatOutcome::kUnavailable) {
    exchange.thread.seats().suspend(command.key);  // it may be claimed
    return answer.fail(exchange, ApiError::kStoreUnavailable, kSeatsAway);
  }
  if (command.outcome != SeatOutcome::kOk) return answer.fail(exchange, ApiError::kOverloaded, kTooMuch);
  exchange.thread.metrics().record_key(command.key.claim);
  switch (command.key.claim) {
    case Claim::kFull:
      return answer.fail(exchange, ApiError::kOverloaded,
                         "as many Idempotency-Keys are remembered as may be; send the same request again");
    case Claim::kTooMany: {
      const std::uint64_t limit = exchange.thread.services().seat_limits.keys_per_grant;
      return answer.fail(
          exchange, ApiError::kRateLimited,
          fmt::format("this grant has {} Idempotency-Keys in use, or has tried too often; a request that was answered "
                      "before is answered again with its key, a new one after the time in Retry-After",
                      limit),
          {.retry_after = command.key.retry_after, .limit = limit});
    }
    case Claim::kReplay:
      return PurchaseKey(exchange.thread).replay(exchange);
    case Claim::kInFlight:
      return answer.fail(exchange, ApiError::kIdempotencyInFlight,
                         "a request with this Idempotency-Key is being worked on; send it again to get its answer");
    case Claim::kConflict:
      return answer.fail(exchange, ApiError::kIdempotencyConflict,
                         "this Idempotency-Key was used with another body; send that body, or another key");
    default:
      return exchange.purchase().claimed(exchange);
  }
}

void PurchaseKey::replay(ApiExchange& exchange) {
  AnswerWriter& answer = thread_.answer();
  const KeyClaim& known = exchange.purchase().key_command.key;
  answer.header("X-Idempotency-Cached", "true");
  answer.body().append(std::string_view(known.answer));
  answer.send(exchange, known.status);
}

void PurchaseKey::finish(ApiExchange& exchange, int status, unsigned others) {
  Purchase& purchase = exchange.purchase();
  purchase.awaited = 1 + others;
  SeatCommand& command = purchase.key_command;
  command.kind = SeatCommand::Kind::kFinishKey;
  command.key.status = status;
  command.key.answer = thread_.answer().body_text();
  // The work is done whether or not the key can be told: then a repeat finds it done.
  command.done = [](SeatCommand& finished) { arrive(exchange_of(finished)); };
  thread_.seats().submit(command);
}

void PurchaseKey::arrive(ApiExchange& exchange) {
  Purchase& purchase = exchange.purchase();
  if (--purchase.awaited > 0) return;
  AnswerWriter& answer = exchange.thread.answer();
  answer.begin();
  answer.body().append(std::string_view(purchase.key_command.key.answer));
  answer.send(exchange, purchase.key_command.key.status);
}

void PurchaseKey::give_up(ApiExchange& exchange, Purchase::Refusal refusal) {
  Purchase& purchase = exchange.purchase();
  purchase.refusal = std::move(refusal);
  SeatCommand& command = purchase.key_command;
  command.kind = SeatCommand::Kind::kAbandonKey;
  command.done = &PurchaseKey::abandoned;
  thread_.seats().submit(command);
}

void PurchaseKey::give_up_for(ApiExchange& exchange, StoreOutcome outcome) {
  if (outcome == StoreOutcome::kUnavailable) {
    return suspend(exchange, ApiError::kStoreUnavailable,
                   "the line can't be reached at the moment; send the same request again");
  }
  Purchase& purchase = exchange.purchase();
  // A broken-off attempt may have claimed the grant: without its key it would be another's.
  if (outcome == StoreOutcome::kOverloaded && purchase.key_command.key.resumed) return suspend_overloaded(exchange);
  purchase.refusal = {.by_line = outcome};
  SeatCommand& command = purchase.key_command;
  command.kind = SeatCommand::Kind::kAbandonKey;
  command.done = &PurchaseKey::abandoned;
  thread_.seats().submit(command);
}

void PurchaseKey::suspend_overloaded(ApiExchange& exchange) {
  suspend(exchange, ApiError::kOverloaded, kTooMuch);
}

void PurchaseKey::abandoned(SeatCommand& command) {
  ApiExchange& exchange = exchange_of(command);
  exchange.thread.answer().begin();
  const Purchase::Refusal& refusal = exchange.purchase().refusal;
  if (refusal.by_line) return fail_for(exchange, *refusal.by_line);
  exchange.thread.answer().fail(exchange, refusal.error, refusal.message,
                                {.field = refusal.field,
                                 .retry_after = refusal.retry_after,
                                 .limit = refusal.limit,
                                 .payment_status = refusal.payment_status});
}

void PurchaseKey::suspend(ApiExchange& exchange, ApiError error, std::string_view message) {
  thread_.seats().suspend(exchange.purchase().key_command.key);
  thread_.answer().begin();
  thread_.answer().fail(exchange, error, message);
}

}  // namespace tacos::gateway
