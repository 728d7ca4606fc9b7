#pragma once

#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>

#include "tacos-load/transport/response_parser.h"
#include "tacos-load/transport/transport.h"

namespace tacos::load {

using PlainStream = boost::asio::ip::tcp::socket;
using TlsStream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket>;

// What a connection needs from the transport that owns it.
template <class Stream>
class ConnectionHost {
 public:
  virtual ~ConnectionHost() = default;
  virtual core::Instant now() const = 0;
  virtual std::uint32_t target_of(ConnectionId id) const = 0;
  virtual const boost::asio::ip::tcp::endpoint& peer(std::uint32_t target) const = 0;
  virtual std::uint32_t most_response_bytes() const = 0;
  // A closed stream with its socket open and bound, ready to connect. Null, with error set, when the system refuses.
  virtual std::shared_ptr<Stream> open_stream(ConnectionId id, boost::system::error_code& error) = 0;
  virtual void on_opened(ConnectionId id) = 0;
  virtual void on_closed(ConnectionId id) = 0;
  // Not called from inside open() or send().
  virtual void on_open_failed(ConnectionId id, const boost::system::error_code& error) = 0;
  virtual void on_exchange_over(ConnectionId id, Response& response) = 0;
  // Runs on_open_failed for this connection soon, from the event loop.
  virtual void open_failed_soon(ConnectionId id, const boost::system::error_code& error) = 0;
};

// One keep-alive connection: opens itself when needed, carries one request at a time, and tells its host when the
// exchange is over. A read is always pending while it is open, so that a close by the server is noticed while the
// connection rests. Owned by the transport, used on its thread. The generation tells completions of an earlier stream
// apart.
template <class Stream>
class AsioConnection {
 public:
  AsioConnection(ConnectionHost<Stream>& host, ConnectionId id) : host_(host), id_(id) {}
  AsioConnection(const AsioConnection&) = delete;
  AsioConnection& operator=(const AsioConnection&) = delete;

  bool is_open() const { return state_ == State::kOpen; }
  bool has_carried() const { return carried_; }  // a request, on the stream that is open now

  void open() {
    boost::system::error_code error;
    stream_ = host_.open_stream(id_, error);
    ++generation_;
    state_ = State::kOpening;
    if (!stream_) {
      host_.open_failed_soon(id_, error);
      return;
    }
    socket().async_connect(host_.peer(host_.target_of(id_)), [this, at = generation_, keep = stream_](const auto& e) {
      if (at == generation_) on_connected(e);
    });
  }

  // Sends now, or as soon as the connection is open. safe: the request may be sent twice (RFC 9110, 9.2.1).
  void send(std::string_view wire, bool safe) {
    wire_.assign(wire);
    busy_ = true;
    got_bytes_ = false;
    may_repeat_ = safe && state_ == State::kOpen;
    sent_ = host_.now();
    if (state_ == State::kOpen) {
      write();
    } else if (state_ == State::kClosed) {
      open();
    }
  }

  // Ends the exchange under way with this outcome. What the server still sends for it can't be told from the next
  // answer, so the connection is closed.
  void fail(measure::Outcome outcome) {
    abandon();
    if (!busy_) return;
    Response response;
    response.outcome = outcome;
    response.first_byte = response.done = host_.now();
    finish(response);
  }

  void close() {
    const bool was_open = state_ == State::kOpen;
    state_ = State::kClosed;
    ++generation_;
    if (stream_) {
      boost::system::error_code ignored;
      socket().close(ignored);
      stream_.reset();
    }
    have_ = 0;
    carried_ = false;
    writing_ = false;
    parser_.reset();
    if (was_open) host_.on_closed(id_);
  }

  // Closes without the ceremony. A connection that is closed in the ordinary way keeps its port in TIME_WAIT for a
  // minute; when a target fails, thousands of time-outs a second use up the 28,000 ports, and connect() then searches
  // them all: measured as 450 ms of dispatch lag in a generator that was idle before.
  void abandon() {
    if (stream_) {
      boost::system::error_code ignored;
      socket().set_option(boost::asio::socket_base::linger(true, 0), ignored);
    }
    close();
  }

 private:
  static constexpr bool kTls = std::is_same_v<Stream, TlsStream>;
  static constexpr std::size_t kFirstBuffer = 1024;  // a waiting room's answer fits; grows when one does not
  static constexpr std::size_t kLargestBuffer = 128 * 1024;

  enum class State : std::uint8_t { kClosed, kOpening, kOpen };

  PlainStream& socket() {
    if constexpr (kTls) {
      return stream_->next_layer();
    } else {
      return *stream_;
    }
  }

  // A TLS stream's composed operations touch the stream once more after they were cancelled, so each holds on to it.
  auto kept_stream() const {
    if constexpr (kTls) {
      return stream_;
    } else {
      return std::monostate{};
    }
  }

  void on_connected(const boost::system::error_code& error) {
    if (error) {
      host_.on_open_failed(id_, error);
      return;
    }
    boost::system::error_code ignored;
    socket().set_option(boost::asio::ip::tcp::no_delay(true), ignored);
    socket().non_blocking(true, ignored);
    if constexpr (kTls) {
      stream_->async_handshake(boost::asio::ssl::stream_base::client,
                               [this, at = generation_, keep = kept_stream()](const auto& e) {
                                 if (at != generation_) return;
                                 if (e) {
                                   host_.on_open_failed(id_, e);
                                 } else {
                                   on_ready();
                                 }
                               });
    } else {
      on_ready();
    }
  }

  void on_ready() {
    state_ = State::kOpen;
    const std::uint32_t at = generation_;
    host_.on_opened(id_);
    if (at != generation_) return;
    if (busy_) write();
    read();
  }

  // A write that fails says nothing here: the read that is always pending ends too, and tells why.
  void write() {
    carried_ = true;
    std::size_t written = 0;
    if constexpr (!kTls) {
      boost::system::error_code error;
      written = stream_->write_some(boost::asio::buffer(wire_), error);
      if (error) written = 0;
      if (written == wire_.size()) return;
    }
    writing_ = true;
    boost::asio::async_write(*stream_, boost::asio::buffer(wire_.data() + written, wire_.size() - written),
                             [this, at = generation_, keep = kept_stream()](const auto&, std::size_t) {
                               if (at == generation_) writing_ = false;
                             });
  }

  void read() {
    if (buffer_.empty()) buffer_.resize(kFirstBuffer);
    stream_->async_read_some(boost::asio::buffer(buffer_.data() + have_, buffer_.size() - have_),
                             [this, at = generation_, keep = kept_stream()](const auto& error, std::size_t bytes) {
                               if (at == generation_) on_read(error, bytes);
                             });
  }

  void on_read(const boost::system::error_code& error, std::size_t bytes) {
    const core::Instant now = host_.now();
    if (error) {
      on_read_error(error, now);
      return;
    }
    if (!busy_) {
      close();  // bytes that nobody asked for
      return;
    }
    if (!got_bytes_) first_byte_ = now;
    got_bytes_ = true;
    have_ += bytes;
    const std::uint32_t at = generation_;
    parse(now);
    if (at == generation_ && state_ == State::kOpen) read();
  }

  void on_read_error(const boost::system::error_code& error, core::Instant now) {
    const bool ended = error == boost::asio::error::eof || error == boost::asio::ssl::error::stream_truncated;
    if (busy_ && ended && parser_ && parser_->got_some()) {
      boost::system::error_code refused;
      parser_->put_eof(refused);  // an answer without a length ends with the connection
      if (!refused && parser_->is_done()) {
        complete(now, have_);
        return;
      }
    }
    lost();
  }

  void parse(core::Instant now) {
    if (!parser_) parser_.emplace(spill_, host_.most_response_bytes());
    std::size_t used = 0;
    boost::system::error_code error;
    while (used < have_ && !error && !parser_->is_done() && !parser_->must_wait(have_ - used)) {
      used += parser_->put(boost::asio::buffer(buffer_.data() + used, have_ - used), error);
    }
    if (parser_->is_done()) {
      if (parser_->status() < 200) {  // informational (RFC 9110, 15.2): the answer itself follows
        parser_.reset();
        consume(used);
        if (have_ > 0) parse(now);
      } else {
        complete(now, used);
      }
      return;
    }
    if (error && error != boost::beast::http::error::need_more) {
      fail(measure::Outcome::kProtocolError);
      return;
    }
    parser_->keep_body();
    consume(used);
    if (have_ < buffer_.size()) return;
    if (buffer_.size() >= kLargestBuffer) {
      fail(measure::Outcome::kProtocolError);
    } else {
      buffer_.resize(buffer_.size() * 2);
    }
  }

  void consume(std::size_t used) {
    if (used > 0 && used < have_) std::memmove(buffer_.data(), buffer_.data() + used, have_ - used);
    have_ -= used;
  }

  void complete(core::Instant now, std::size_t used) {
    Response response;
    response.status = parser_->status();
    response.retry_after = parser_->retry_after();
    response.body = parser_->body();  // in buffer_ or spill_: neither changes before the next read
    response.first_byte = first_byte_;
    response.done = now;
    // Surplus bytes answer nothing, and a request that is still being written belongs to no further exchange.
    const bool stays = parser_->keep_alive() && used == have_ && !writing_;
    have_ = 0;
    parser_.reset();
    if (!stays) close();
    finish(response);
  }

  void finish(Response& response) {
    busy_ = false;
    response.sent = sent_;
    response.target = host_.target_of(id_);
    host_.on_exchange_over(id_, response);
  }

  // The stream ended under a request. A safe one on a connection that was open before most likely crossed the server's
  // own close: it is sent once more, on a new connection (RFC 9110, 9.2.2). Its service time runs on.
  void lost() {
    const bool repeat = busy_ && may_repeat_ && !got_bytes_;
    if (!repeat) {
      fail(measure::Outcome::kReset);
      return;
    }
    may_repeat_ = false;
    close();
    open();
  }

  ConnectionHost<Stream>& host_;
  ConnectionId id_;
  State state_ = State::kClosed;
  bool busy_ = false;
  bool carried_ = false;
  bool writing_ = false;
  bool got_bytes_ = false;
  bool may_repeat_ = false;
  std::uint32_t generation_ = 0;
  std::shared_ptr<Stream> stream_;
  std::string wire_;
  std::vector<char> buffer_;
  std::size_t have_ = 0;
  std::string spill_;
  std::optional<ResponseParser> parser_;
  core::Instant sent_;
  core::Instant first_byte_;
};

}  // namespace tacos::load
