#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "measure/sample.h"

namespace tacos::load {

enum class Method : std::uint8_t { kGet, kPost, kDelete };

// One request as the journey words it. The views need only live until send() returns.
struct Request {
  Method method = Method::kGet;
  std::string_view target;           // origin form, such as /queue/status?token=…
  std::string_view body;             // sent as application/json when not empty
  std::string_view bearer;           // Authorization: Bearer …, when not empty
  std::string_view idempotency_key;  // Idempotency-Key, when not empty
};

// Which of the connections in the pool carries a request: 0 to connections - 1.
using ConnectionId = std::uint32_t;

// What came back. The views live only during the call that hands it over.
struct Response {
  measure::Outcome outcome = measure::Outcome::kOk;  // kOk for any complete HTTP answer, whatever its status
  int status = 0;                                    // 0 when there was no complete answer
  std::string_view body;
  core::Nanos retry_after{0};  // from Retry-After in seconds; 0 when absent
  std::uint32_t target = 0;    // which of the transport's it went to
  core::Instant sent;          // the first byte was handed to the kernel (over TLS: to the TLS layer)
  core::Instant first_byte;    // the first byte of the answer was read
  core::Instant done;          // the last byte was read, or the request was given up
};

// What the run loop does when the transport calls it. All calls come from the thread inside run().
class TransportEvents {
 public:
  virtual ~TransportEvents() = default;

  // Time has reached what the previous call returned (or the loop starts). Sends whatever is due and returns when to
  // be called next. Instant::never(): not again by itself; an answer is handed to on_response, which may send, but does
  // not bring a call of on_time.
  virtual core::Instant on_time(core::Instant now) = 0;

  // The request that was sent on this connection has ended; the connection is free again when the call is made. May
  // send.
  virtual void on_response(ConnectionId connection, const Response& response) = 0;

  // Asked after every turn of the loop: true ends run().
  virtual bool finished() const = 0;
};

struct TransportStats {
  std::uint64_t opened = 0;  // connections established, ever
  std::uint64_t peak = 0;    // established at the same time
  std::uint64_t reused = 0;  // requests sent on a connection that had carried one before
  std::uint64_t connect_failures = 0;
};

// Where to connect to.
struct TransportPeer {
  std::string host;  // name or address, without brackets
  std::uint16_t port = 80;
  std::string host_header;  // "host" or "host:port"
};

struct TransportOptions {
  std::string host;  // name or address, without brackets
  std::uint16_t port = 80;
  bool tls = false;
  bool verify_peer = true;
  std::string ca_file;               // PEM; the system's when empty
  std::string host_header;           // "host" or "host:port"
  std::vector<std::string> headers;  // "Name: value", sent with every request
  // asio only: besides the one above. Connection c goes to target (first_target + c) % (1 + others), so that a pool
  // whose connections take turns spreads requests over the targets evenly, whoever they are for. The pools of several
  // workers go on dealing where the one before has stopped.
  std::vector<TransportPeer> other_targets;
  std::uint32_t first_target = 0;
  std::uint32_t connections = 1;  // size of this worker's pool
  core::Nanos request_timeout = std::chrono::seconds(10);
  core::Nanos connect_timeout = std::chrono::seconds(5);
  std::string
      source_addresses;  // comma separated local addresses to spread connections over; empty: the system chooses
  std::string proxy;     // curl only
  bool http2 = false;    // curl only
  std::uint32_t max_response_bytes = 1u << 20;
};

// A fixed pool of keep-alive connections and the event loop that serves them, for one worker thread. A connection
// carries one request at a time. Reconnecting after a close is the transport's business: a connection that the server
// closed while idle is simply opened again by the next send, and the time this takes is part of that request's service
// time.
//
// Thread rule: everything is called by the worker's own thread. Two implementations (asio, curl) pass one contract
// suite.
class Transport {
 public:
  virtual ~Transport() = default;

  // Opens the whole pool before the clock of the run starts, so that the first second does not measure handshakes.
  // Gives up on the first failure that repeats; the message names the address and the reason.
  virtual core::Result<std::uint32_t> connect_all() = 0;

  // Sends on a free connection. timeout_at is when the request is given up with Outcome::kTimeout, which also closes
  // the connection. The answer arrives through on_response, never inside send().
  virtual void send(ConnectionId connection, const Request& request, core::Instant timeout_at) = 0;

  // Runs the event loop until events.finished(). Wakes at the time on_time asked for, to within tens of microseconds.
  virtual void run(TransportEvents& events) = 0;

  virtual TransportStats stats() const = 0;
};

}  // namespace tacos::load
