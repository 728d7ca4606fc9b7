#pragma once

#include <string>
#include <string_view>

#include "tacos-gateway/http/api_thread.h"

namespace tacos::gateway {

inline constexpr std::string_view kSeatsAway = "the seats can't be reached at the moment; send the same request again";

// The idempotency key of a request that buys: claimed before any work, and at the end finished with the answer, given
// back because nothing was done, or suspended because what was done is not known. Each of these answers the request.
class PurchaseKey {
 public:
  explicit PurchaseKey(ApiThread& thread) : thread_(thread) {}

  // Runs then() once the key is this request's, with an empty answer begun; answers the request otherwise.
  void claim(ApiExchange& exchange, void (*then)(ApiExchange&));

  // The work is done: whoever repeats the request gets the body written so far. The request is answered once the key is
  // finished and arrive() has been called for each of `others`.
  void finish(ApiExchange& exchange, int status, unsigned others = 0);
  static void arrive(ApiExchange& exchange);

  // Nothing was done, so that the same request may be tried again under the same key.
  void give_up(ApiExchange& exchange, Purchase::Refusal refusal);
  void give_up_for(ApiExchange& exchange, StoreOutcome outcome);

  // What was done is not known: the same request, repeated, takes up the work.
  void suspend(ApiExchange& exchange, ApiError error, std::string_view message);
  void suspend_overloaded(ApiExchange& exchange);

  // Names what a request asks for, so that doing it again can be told from doing something else: of its key and body.
  static std::string attempt_of(ApiExchange& exchange);

 private:
  static std::string scoped(ApiExchange& exchange, std::string_view key);
  static void claimed(SeatCommand& command);
  static void abandoned(SeatCommand& command);
  void replay(ApiExchange& exchange);

  ApiThread& thread_;
};

}  // namespace tacos::gateway
