#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <string_view>
#include <vector>

#include "net/peer_address.h"
#include "tacos-gateway/http/address_limiter.h"
#include "tacos-gateway/http/trusted_proxies.h"
#include "tacos-gateway/store/queue_store.h"
#include "tacos-gateway/token/assertion.h"

namespace tacos::gateway {

class ApiExchange;
class ApiThread;

// Who may join, and how often: what the operator said, with the tables that the limits are counted in. Shared by all
// server threads; set before they start.
struct JoinRules {
  bool anonymous = true;  // joins without a user_id are taken
  // One per server thread; none with --identity open.
  std::vector<std::unique_ptr<AssertionVerifier>> assertions{};
  TrustedProxies proxies{};
  std::unique_ptr<AddressLimiter> by_address{};  // null: no limit
  // Whether the limit covers who comes directly from this machine too. The default's does not, since demos and tests
  // are a whole crowd behind one address.
  bool limit_this_machine = false;
  std::unique_ptr<AddressLimiter> by_event{};  // null: no limit
  // Set once a peer that may be an unnamed proxy has been limited, and the log has said so.
  std::atomic<bool> told_of_proxy{false};

  std::array<AddressLimiter::Counts, 2> limiter_counts() const {
    return {by_address ? by_address->counts() : AddressLimiter::Counts{},
            by_event ? by_event->counts() : AddressLimiter::Counts{}};
  }
};

// What stands before the line: a join that is refused here costs no store command. In this order, the cheapest first:
// the client's rate, who joins, the event's rate. Allocates nothing, but for OpenSSL where an assertion is EdDSA.
class JoinGate {
 public:
  explicit JoinGate(ApiThread& thread) : thread_(thread) {}

  // Sets the command's user and whether it is proven; false when the exchange has been answered. Requires that the body
  // has been read, and that the answer has begun.
  bool let_in(ApiExchange& exchange, std::string_view event_id);

 private:
  bool within_address_limit(ApiExchange& exchange);
  void tell_of_proxy(ApiExchange& exchange);
  bool identify(ApiExchange& exchange, std::string_view event_id);
  bool identify_by_assertion(ApiExchange& exchange, std::string_view event_id, std::string_view user_id);
  UserKey nameless(ApiExchange& exchange);
  bool within_event_limit(ApiExchange& exchange, std::string_view event_id);
  bool refuse_rate(ApiExchange& exchange, const AddressLimiter& limiter, const LimitVerdict& verdict,
                   std::string_view message);

  ApiThread& thread_;
};

}  // namespace tacos::gateway
