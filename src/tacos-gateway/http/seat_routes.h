#pragma once

#include <optional>
#include <string_view>

#include "tacos-gateway/http/api_thread.h"

namespace tacos::gateway {

// POST /reservations, …/confirm, …/cancel and /payment/…: what only admitted users reach. Each request proves its
// grant, claims its idempotency key before any work, and gives the key back unless the work was done.
//
// A reservation runs: claim the grant in the store → hold the seats → report the seats left, then burn the grant (or
// release it when no seats were had). The report comes first, so that at no moment a seat counts as free that has a
// holder and no longer a grant.
class SeatRoutes {
 public:
  explicit SeatRoutes(ApiThread& thread) : thread_(thread) {}

  void handle(ApiExchange& exchange);

 private:
  enum class Check { kPassed, kAnswered };

  Check take_grant(ApiExchange& exchange);
  Check take_idempotency_key(ApiExchange& exchange);
  void finish(ApiExchange& exchange, int status);
  void give_up(ApiExchange& exchange, ApiError error, std::string_view message, std::string_view field = {});
  void give_up_for(ApiExchange& exchange, StoreOutcome outcome);
  // A text field that must be there; answers INVALID_ARGUMENT otherwise.
  std::optional<std::string_view> required_text(ApiExchange& exchange, const char* name, std::string_view example);

  Check read_reservation(ApiExchange& exchange);
  Check read_seats(ApiExchange& exchange);
  static void claim_answered(StoreCommand& command);
  static void hold_reported(StoreCommand& command);
  static void reserve_settled(StoreCommand& command);
  static void release_settled(StoreCommand& command);
  void hold_seats(ApiExchange& exchange);

  void confirm(ApiExchange& exchange);
  void cancel(ApiExchange& exchange);
  // Tells the store what is left of the event, then calls done for the exchange.
  void report(ApiExchange& exchange, void (*done)(StoreCommand&));
  static void confirm_reported(StoreCommand& command);
  static void lapse_reported(StoreCommand& command);
  static void cancel_reported(StoreCommand& command);

  void make_intent(ApiExchange& exchange);
  void process_payment(ApiExchange& exchange);

  ApiThread& thread_;
};

}  // namespace tacos::gateway
