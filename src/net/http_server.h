#pragma once

#include <array>
#include <atomic>
#include <cstdint>
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

struct HttpServerOptions {
  ListenAddress listen{{"127.0.0.1", 0}};
  unsigned threads = 1;
  int backlog = 4096;
  // More than this are answered with kTooManyConnections and closed; a sixteenth more than that are not even answered.
  std::size_t max_connections = 16'000;
  RequestLimits limits;
  core::Nanos request_timeout = std::chrono::seconds(10);  // first byte to last byte of a request, and a TLS handshake
  core::Nanos idle_timeout = std::chrono::seconds(75);     // between requests
  core::Nanos write_timeout = std::chrono::seconds(10);    // a client that does not read
  core::Nanos linger_timeout = std::chrono::seconds(2);    // a refused client may finish what it was sending
  // Time-outs are found by a sweep over a thread's connections, not by a timer each: they strike up to this much late.
  core::Nanos sweep_interval = std::chrono::milliseconds(250);
  std::shared_ptr<TlsContext> tls;  // plain HTTP when null
};

// Sums over the server's threads, each at a slightly different instant.
struct HttpServerCounts {
  std::uint64_t connections_accepted = 0;
  std::uint64_t connections_open = 0;
  std::uint64_t connections_idle_closed = 0;
  std::uint64_t connections_dropped = 0;  // over max_connections by more than a sixteenth
  std::uint64_t connections_broken = 0;   // ended by the client in the middle of a request or an answer
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
// Thread rule: start(), shut_down() and the destructor belong to one owner; counts() may be called from any thread.
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

  // Stops accepting, closes idle connections, answers what has begun with Connection: close, and waits for that up to
  // grace. Whether everything was answered in time. The threads have ended when it returns.
  bool shut_down(core::Nanos grace);

 private:
  class Acceptor;
  HttpServer(HttpServerOptions options, const core::Clock& clock);

  const HttpServerOptions options_;
  const core::Clock& clock_;
  ListeningSockets listening_;
  std::vector<std::unique_ptr<class ServerThread>> threads_;
  std::unique_ptr<Acceptor> acceptor_;
};

}  // namespace tacos::net
