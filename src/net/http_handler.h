#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>

#include "core/clock.h"
#include "net/http_request.h"
#include "net/http_response.h"
#include "net/peer_address.h"
#include "net/refusal.h"

namespace tacos::net {

// What a handler keeps for an exchange while it is being answered: made once per connection, reused for each of its
// requests, so that answering allocates nothing.
class ExchangeState {
 public:
  virtual ~ExchangeState() = default;
};

// One request and the duty to answer it, exactly once, on the thread that handed it over: inside handle() or later.
class HttpExchange {
 public:
  virtual ~HttpExchange() = default;

  // Valid until respond().
  virtual const HttpRequest& request() const = 0;
  virtual ExchangeState* state() = 0;
  // When the last byte of the request had arrived.
  virtual core::Instant received_at() const = 0;
  // The other end, as it was when the connection was accepted.
  virtual const PeerAddress& peer() const = 0;
  // The same as text. Allocates: not for the hot path.
  std::string peer_address() const { return peer().to_string(); }

  // May hand the next request of this connection to the handler before it returns, unless called inside handle().
  virtual void respond(const HttpResponse& response) = 0;
};

// The owner's side of a server. Each server thread has its own handler, used by that thread alone, so handlers need no
// locks for what is theirs.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;

  virtual std::unique_ptr<ExchangeState> make_state() { return nullptr; }

  virtual void handle(HttpExchange& exchange) = 0;

  // The server itself refuses a request, whole or broken; request() holds what could be read, possibly nothing. Must
  // respond() before it returns, with the status of the refusal. The connection is closed afterwards.
  virtual void refuse(HttpExchange& exchange, Refusal refusal, std::string_view reason) = 0;

  // Called once per turn of the event loop in which handle() left an exchange unanswered: the place to submit what was
  // collected over the turn as one batch.
  virtual void end_of_turn() {}
};

// Makes the handler of one server thread; called by HttpServer::start() before the thread runs. The handler is
// destroyed after its thread has ended and before the exchanges it left unanswered: whatever it asked for must not come
// back to them after that.
using HttpHandlerFactory = std::function<std::unique_ptr<HttpHandler>(boost::asio::io_context& loop, unsigned thread)>;

}  // namespace tacos::net
