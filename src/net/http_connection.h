#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>

#include "net/address_counts.h"
#include "net/byte_budget.h"
#include "net/handler_memory.h"
#include "net/http_handler.h"
#include "net/request_reader.h"
#include "net/tls_channel.h"

namespace tacos::net {

class ServerThread;

// An accepted, non-blocking socket on its way to the thread that serves it.
struct Arrival {
  int socket;
  PeerAddress peer;
  AddressCounts::Place place;
  std::optional<Refusal> turned_away;  // one connection too many: what its request is answered with
};

// One client's connection: reads a request, hands it to the thread's handler, writes the answer, and again. Requests
// that were sent ahead (pipelined) wait in the input buffer, so answers keep the order of the requests.
//
// Owned by its ServerThread and used by that thread alone. It holds an output buffer only while an answer is unsent,
// and a small input buffer while it is idle, so that 10,000 idle connections cost little.
class HttpConnection final : public HttpExchange {
 public:
  // TCP or a Unix socket.
  using Protocol = boost::asio::generic::stream_protocol;
  using Socket = boost::asio::basic_stream_socket<Protocol, boost::asio::io_context::executor_type>;

  HttpConnection(ServerThread& thread, Socket socket, Arrival arrival);

  void start();
  // Called by the thread's sweep: acts when the current phase has lasted too long.
  void check_deadline(core::Instant now);
  // Whether others may have its place when places are few: it is idle, and has been for longer than it takes a client
  // to ask, or for a good part of the idle time-out when it has asked before.
  bool yields(core::Instant now) const;
  // The server shuts down and has listened long enough: closes when idle, otherwise after the answer under way.
  void end_idle();
  void close();

  // Where the thread keeps it, so that leaving is quick.
  std::size_t index = 0;

  // HttpExchange
  const HttpRequest& request() const override { return reader_.request(); }
  ExchangeState* state() override { return state_.get(); }
  core::Instant received_at() const override { return received_at_; }
  const PeerAddress& peer() const override { return peer_; }
  void respond(const HttpResponse& response) override;

 private:
  enum class Phase : std::uint8_t {
    kReading,    // for a request, or between requests
    kHandling,   // the handler owes an answer
    kClosing,    // the last answer is being written
    kLingering,  // all is written and told; what the client still sends is thrown away
    kClosed,
  };
  struct ReadHandler;

  void pump();
  void serve_buffered();
  void handle_request();
  void refuse(Refusal refusal, std::string_view reason);
  void read_more(std::span<char> room);
  bool read_tls(std::span<char> room);
  bool wait_for_tls(Socket::wait_type readiness);
  bool handshake_is_due() const { return over_tls_ && (!tls_ || !tls_->handshake_done()); }
  void on_read(const boost::system::error_code& error, std::size_t size);
  void on_readable(const boost::system::error_code& error);
  void take_input(std::size_t size);
  void end_of_input(bool orderly);

  // Whether everything queued has been handed to the kernel.
  bool flush();
  std::optional<std::size_t> write_some(std::string_view bytes);
  void keep_unsent();
  void wait_writable();
  // Whether the kernel holds bytes of the client that were not read yet.
  bool input_is_waiting();
  void finish_closing();
  void linger();
  void release_if_done();
  bool is_idle() const { return phase_ == Phase::kReading && reader_.empty() && out_ == nullptr; }

  ServerThread& thread_;
  Socket socket_;
  const PeerAddress peer_;
  const AddressCounts::Place place_;
  const std::optional<Refusal> turned_away_;
  std::shared_ptr<TlsContext> tls_context_;  // until the client's first byte has come; null for plain HTTP
  const bool over_tls_;
  std::unique_ptr<TlsChannel> tls_;
  BudgetShare tls_share_;  // of what OpenSSL keeps for a handshake or for a part of a record
  RequestReader reader_;
  std::unique_ptr<ExchangeState> state_;
  std::unique_ptr<std::string> out_;  // borrowed from the thread
  BudgetShare out_share_;             // of an answer that the client does not take
  std::size_t out_sent_ = 0;
  core::Instant received_at_;
  core::Instant deadline_ = core::Instant::never();
  Phase phase_ = Phase::kReading;
  bool refused_ = false;      // the answer under way is the server's own, and the last
  bool lingers_ = false;      // the client may be sending while the last answer is on its way to it
  bool awaited_tls_ = false;  // the first bytes of a TLS client are there, or its end
  bool served_ = false;       // has had a request
  bool serving_ = false;      // inside serve_buffered(): respond() must not start another
  bool reading_ = false;      // a read or a wait for one is outstanding
  bool writing_ = false;      // a wait for room in the kernel's buffer is outstanding
  bool retired_ = false;
  std::size_t lingered_bytes_ = 0;
  HandlerMemory read_memory_;
};

}  // namespace tacos::net
