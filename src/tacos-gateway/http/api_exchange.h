#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "net/http_handler.h"
#include "tacos-gateway/backend/seat_store.h"
#include "tacos-gateway/http/api_error.h"
#include "tacos-gateway/http/route.h"
#include "tacos-gateway/http/trace_id.h"
#include "tacos-gateway/store/queue_store.h"
#include "tacos-gateway/token/ticket_signer.h"

namespace tacos::gateway {

class ApiExchange;
class ApiThread;

// What only the few who have been admitted need while they reserve, pay and confirm.
struct Purchase {
  // Why nothing was done, kept while the idempotency key is given back.
  struct Refusal {
    ApiError error = ApiError::kInternal;
    std::string message = {};
    std::string field = {};
    std::optional<StoreOutcome> by_line = std::nullopt;  // the line's own words instead
    // As ErrorDetail has them.
    core::Nanos retry_after{0};
    std::uint64_t limit = 0;
    std::string_view payment_status = {};  // of text that is never gone
  };

  GrantClaims grant;
  SeatCommand key_command;
  void (*claimed)(ApiExchange&) = nullptr;
  SeatCommand work;
  StoreOutcome grant_outcome = StoreOutcome::kOk;
  StoreCommand report;
  Refusal refusal;
  unsigned awaited = 0;  // before the answer may be sent
  core::Instant asked_at;
};

// One request on its way through the gateway: part of its connection, reused for each request of it. The store's
// command is embedded, so that asking the store allocates nothing.
class ApiExchange final : public net::ExchangeState {
 public:
  explicit ApiExchange(ApiThread& owner) : thread(owner) {}

  void begin(net::HttpExchange& exchange, const RouteMatch& match, const TraceId& trace) {
    http = &exchange;
    route = match.route;
    id = match.id;
    trace_id = trace;
  }

  const net::HttpRequest& request() const { return http->request(); }
  // Who asks: the connection's other end, or whom a trusted proxy names.
  net::PeerAddress client() const;

  Purchase& purchase() {
    if (!purchase_) purchase_ = std::make_unique<Purchase>();
    return *purchase_;
  }

  ApiThread& thread;
  net::HttpExchange* http = nullptr;
  Route route = Route::kUnknown;
  std::string_view id;  // the variable part of the path
  TraceId trace_id;
  StoreCommand command;
  std::string event_id;  // a copy, since the reader of bodies is shared by the thread

 private:
  std::unique_ptr<Purchase> purchase_;
};

}  // namespace tacos::gateway
