#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "net/http_handler.h"
#include "net/listening_sockets.h"
#include "net/refusal.h"
#include "net/request_parser.h"
#include "net/tls_context.h"
#include "net/url.h"

namespace tacos::net {

class ServerResources;
class ServerThread;

struct HttpServerOptions {
  ListenAddress listen{{"127.0.0.1", 0}};
  unsigned threads = 1;
  int backlog = 4096;
  // More than this are answered with kTooManyConnections and closed; a sixteenth more than that are not even answered.
  std::size_t max_connections = 16'000;
  // The same for one address (an IPv6 /64), answered with kTooManyFromAddress. 0 is no limit.
  std::size_t max_connections_per_address = 0;
  // Peers that carry the connections of many, such as proxies: no limit for each. A Unix socket's never have one.
  std::function<bool(const PeerAddress&)> carries_many;
  // For all input and output buffers that are larger than the few kilobytes each connection may have. A request that
  // needs more when all is spent is refused with kOverBudget, an answer that is not read is dropped with its
  // connection.
  std::size_t max_buffered_bytes = 64 * 1024 * 1024;
  RequestLimits limits;
  core::Nanos request_timeout = std::chrono::seconds(10);  // first byte to last byte of a request, and a TLS handshake
  core::Nanos idle_timeout = std::chrono::seconds(75);     // between requests
  core::Nanos write_timeout = std::chrono::seconds(10);    // a client that does not read
  core::Nanos linger_timeout = std::chrono::seconds(2);    // a refused client may finish what it was sending
  // When a shutdown has begun, an idle connection may still bring a request for this long, or half of the grace.
  core::Nanos drain_idle_timeout = std::chrono::seconds(1);
  // Time-outs are found by a sweep over a thread's connections, not by a timer each: they strike up to this much late.
  core::Nanos sweep_interval = std::chrono::milliseconds(250);
  std::shared_ptr<TlsContext> tls;  // plain HTTP when null
};

// Sums over the server's threads, each at a slightly different instant.
struct HttpServerCounts {
  std::uint64_t connections_accepted = 0;
  std::uint64_t connections_open = 0;
  std::uint64_t connections_idle_closed = 0;
  std::uint64_t connections_reclaimed = 0;           // idle, closed early because nearly all connections were in use
  std::uint64_t connections_dropped = 0;             // over max_connections by more than a sixteenth
  std::uint64_t connections_dropped_by_address = 0;  // likewise over max_connections_per_address
  std::uint64_t addresses = 0;                       // that have a connection and a limit
  std::uint64_t buffered_bytes = 0;                  // of max_buffered_bytes, in use
  std::uint64_t answers_over_budget = 0;             // connections dropped because their unread answers had no room
  std::uint64_t connections_broken = 0;              // ended by the client in the middle of a request or an answer
  std::uint64_t handshakes_failed = 0;
  std::uint64_t accept_pauses = 0;  // the system had no descriptor or memory left for another connection
  std::uint64_t write_timeouts = 0;
  std::uint64_t requests = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
  std::array<std::uint64_t, kRefusalCount> refusals{};
};

// An HTTP/1.1 server: some threads, each with its own event loop, connections and handler, sharing nothing.
//
// One acceptor deals connections to the thread that has the fewest. SO_REUSEPORT would spare the hand-over, but the
// kernel spreads by a hash of the addresses: with 64 keep-alive connections on two threads, 40 to 24 is usual, and the
// longer side is what the slow users feel. A hand-over is paid once per connection, imbalance with every request.
//
// Thread rule: start(), shut_down() and the destructor belong to one owner; counts(), begin_closing() and set_tls() may
// be called from any thread.
class HttpServer {
 public:
  // Binds, listens and starts the threads. The error names the address and the system's reason.
  static core::Result<std::unique_ptr<HttpServer>> start(HttpServerOptions options, const core::Clock& clock,
                                                         const HttpHandlerFactory& make_handler);
  // As shut_down() without grace.
  ~HttpServer();

  // Where it listens, with the port the system chose when 0 was asked for.
  const ListenAddress& address() const { return listening_.address(); }
  HttpServerCounts counts() const;

  // Every answer from now on says Connection: close, while connections are still accepted: clients move on to another
  // server without losing a request.
  void begin_closing();
  // New connections use this; those that are open go on with what they have. Only for a server that started with TLS.
  void set_tls(std::shared_ptr<TlsContext> tls);

  // Stops accepting, listens for requests that are on their way on idle connections (drain_idle_timeout), answers what
  // has begun with Connection: close, and waits for that up to grace. Whether everything was answered in time. The
  // threads have ended when it returns.
  bool shut_down(core::Nanos grace);
  // Ends the grace of a shut_down() that is under way. From any thread, while the server lives.
  void cut_off();

 private:
  class Acceptor;
  HttpServer(HttpServerOptions options, const core::Clock& clock);

  const std::unique_ptr<ServerResources> resources_;
  const core::Clock& clock_;
  ListeningSockets listening_;
  std::vector<std::unique_ptr<ServerThread>> threads_;
  std::unique_ptr<Acceptor> acceptor_;
};

}  // namespace tacos::net
