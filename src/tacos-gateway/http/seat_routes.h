#pragma once

#include <optional>
#include <string_view>

#include "tacos-gateway/http/api_thread.h"
#include "tacos-gateway/http/purchase_key.h"

namespace tacos::gateway {

// POST /reservations, …/confirm, …/cancel and /payment/…: what only admitted users reach. Each request proves its
// grant, claims its idempotency key before any work, and gives the key back unless the work was done.
//
// A reservation runs: claim the grant in the store → hold the seats → burn the grant (or release it when no seats were
// had). Where the line does not see the seats by itself it is told first, so that at no moment a seat counts as free
// that has a holder and no longer a grant. The work may break off between any two steps, with a gateway or the way to
// the store: the grant then stays claimed, and the same request, sent again, holds the same seats as the first would
// have, because a ticket has one reservation ever and that remembers which request made it.
class SeatRoutes {
 public:
  explicit SeatRoutes(ApiThread& thread) : thread_(thread), key_(thread) {}

  void handle(ApiExchange& exchange);

 private:
  enum class Check { kPassed, kAnswered };

  Check take_grant(ApiExchange& exchange);
  // The key is this request's: now for its work.
  static void key_claimed(ApiExchange& exchange);
  void work(ApiExchange& exchange, SeatCommand::Kind kind);
  static void worked(SeatCommand& command);
  static void reported(StoreCommand& command);
  void conclude(ApiExchange& exchange);
  void give_up(ApiExchange& exchange, ApiError error, std::string_view message, std::string_view field = {}) {
    key_.give_up(exchange, {.error = error, .message = std::string(message), .field = std::string(field)});
  }
  // The reservation has come to nothing: says so, and what becomes of money that was paid for it.
  void give_up_released(ApiExchange& exchange);
  // Tells the line what is left of the event, then calls done for the exchange.
  void report(ApiExchange& exchange, void (*done)(StoreCommand&));
  // A text field that must be there; gives up with INVALID_ARGUMENT otherwise.
  std::optional<std::string_view> required_text(ApiExchange& exchange, const char* name, std::string_view example);

  Check read_reservation(ApiExchange& exchange);
  Check read_seats(ApiExchange& exchange);
  void claim_grant(ApiExchange& exchange);
  static void grant_claimed(StoreCommand& command);
  void hold(ApiExchange& exchange, bool replay_only);
  void held(ApiExchange& exchange);
  void settle(ApiExchange& exchange, StoreCommand::Kind kind, void (*done)(StoreCommand&));
  static void refusal_settled(StoreCommand& command);
  void refuse_seats(ApiExchange& exchange);

  void confirm(ApiExchange& exchange);
  void confirmed(ApiExchange& exchange);
  void cancelled(ApiExchange& exchange);
  void make_intent(ApiExchange& exchange);
  void refuse_intent(ApiExchange& exchange);
  void pay(ApiExchange& exchange);
  void count_payment(const SeatCommand& command);
  void paid(ApiExchange& exchange);

  ApiThread& thread_;
  PurchaseKey key_;
};

}  // namespace tacos::gateway
