#include "net/http_connection.h"

#include <cassert>
#include <cerrno>
#include <sys/socket.h>
#include <utility>

#include <boost/asio/buffer.hpp>

#include "net/server_thread.h"

namespace tacos::net {
namespace {

using boost::system::error_code;

// Answers to pipelined requests are collected up to this before they are written.
constexpr std::size_t kFlushBytes = 32 * 1024;
// A refused client may go on sending this much before the connection is cut under it.
constexpr std::size_t kMaxLingerBytes = 1024 * 1024;
// What OpenSSL 3 keeps for a connection in the middle of its handshake (measured: 44 KiB, of which 16 stay), and for
// one in the middle of a record.
constexpr std::size_t kHandshakeBytes = 32 * 1024;
constexpr std::size_t kRecordBytes = 17 * 1024;
// When connections are few, one that is new and says nothing for this long makes room for others.
constexpr core::Nanos kFirstRequestPatience = std::chrono::seconds(1);

}  // namespace

struct HttpConnection::ReadHandler {
  using allocator_type = HandlerAllocator<std::byte>;

  HttpConnection* connection;

  allocator_type get_allocator() const noexcept { return allocator_type(connection->read_memory_); }
  void operator()(const error_code& error, std::size_t size) const { connection->on_read(error, size); }
  void operator()(const error_code& error) const { connection->on_readable(error); }
};

HttpConnection::HttpConnection(ServerThread& thread, Socket socket, Arrival arrival)
    : thread_(thread),
      socket_(std::move(socket)),
      peer_(arrival.peer),
      place_(std::move(arrival.place)),
      turned_away_(arrival.turned_away),
      tls_context_(thread.resources().tls()),
      over_tls_(tls_context_ != nullptr),
      tls_share_(&thread.resources().buffers),
      reader_(thread.options().limits, &thread.resources().buffers),
      state_(thread.handler().make_state()),
      out_share_(&thread.resources().buffers) {}

void HttpConnection::start() {
  const HttpServerOptions& options = thread_.options();
  deadline_ = thread_.now() + (turned_away_ ? options.linger_timeout
                               : over_tls_  ? options.request_timeout
                                            : options.idle_timeout);
  pump();
  release_if_done();
}

// Serves what has arrived, then asks for more; ends when it has to wait for something.
void HttpConnection::pump() {
  // A client that does not take its answers is not given more of them.
  while (!writing_) {
    serve_buffered();
    if (phase_ == Phase::kClosed || !flush()) return;
    if (phase_ == Phase::kHandling) return;
    if (phase_ == Phase::kClosing) return finish_closing();
    if (phase_ != Phase::kReading) return;
    if (thread_.ends_idle() && reader_.empty() && !input_is_waiting()) {
      phase_ = Phase::kClosing;
      return finish_closing();
    }
    if (reading_) return;
    if (reader_.empty()) reader_.shrink();
    const std::span<char> room = reader_.prepare();
    if (room.empty()) {
      refuse(Refusal::kOverBudget, "the server holds as many bytes of requests as it may");
      continue;
    }
    if (!over_tls_) return read_more(room);
    if (!read_tls(room)) return;
  }
}

void HttpConnection::serve_buffered() {
  serving_ = true;
  while (phase_ == Phase::kReading && (out_ == nullptr || out_->size() - out_sent_ < kFlushBytes || flush())) {
    const RequestReader::Progress progress = reader_.parse();
    if (progress == RequestReader::Progress::kNeedMore) break;
    if (progress == RequestReader::Progress::kExpectContinue) {
      if (out_ == nullptr) out_ = thread_.borrow_output();
      out_->append("HTTP/1.1 100 Continue\r\n\r\n");
      break;
    }
    if (progress == RequestReader::Progress::kRefused) {
      refuse(reader_.refusal(), reader_.reason());
      break;
    }
    handle_request();
  }
  serving_ = false;
}

void HttpConnection::handle_request() {
  phase_ = Phase::kHandling;
  deadline_ = core::Instant::never();
  if (turned_away_) {
    return refuse(*turned_away_, *turned_away_ == Refusal::kTooManyFromAddress
                                     ? "there are too many connections from this address"
                                     : "there are too many connections");
  }
  served_ = true;
  thread_.count().requests.add();
  thread_.handler().handle(*this);
  if (phase_ == Phase::kHandling) thread_.schedule_end_of_turn();
}

void HttpConnection::refuse(Refusal refusal, std::string_view reason) {
  phase_ = Phase::kHandling;
  refused_ = true;
  thread_.count().refusals[static_cast<std::size_t>(refusal)].add();
  const bool was_serving = std::exchange(serving_, true);
  thread_.handler().refuse(*this, refusal, reason);
  serving_ = was_serving;
  assert(phase_ != Phase::kHandling && "refuse() must respond before it returns");
}

void HttpConnection::respond(const HttpResponse& response) {
  assert(phase_ == Phase::kHandling && "an exchange is answered once");
  const bool keep_alive = !refused_ && !response.close && request().keep_alive() && !thread_.closing();
  if (out_ == nullptr) out_ = thread_.borrow_output();
  // A refused request may not have got as far as its method: what is left there belongs to the request before.
  const bool head = !refused_ && request().method() == HttpMethod::kHead;
  append_response(*out_, response, {thread_.date(), head, keep_alive, refused_ ? 1 : request().minor_version()});
  lingers_ = refused_ || request().keep_alive();
  if (!refused_) reader_.finish();
  lingers_ = lingers_ || !reader_.empty();
  phase_ = keep_alive ? Phase::kReading : Phase::kClosing;
  if (keep_alive) {
    deadline_ = received_at_ + (reader_.empty() ? thread_.options().idle_timeout : thread_.options().request_timeout);
  }
  if (!serving_) {
    pump();
    release_if_done();
  }
}

void HttpConnection::read_more(std::span<char> room) {
  reading_ = true;
  socket_.async_read_some(boost::asio::buffer(room.data(), room.size()), ReadHandler{this});
}

// Whether something was read. TLS may hold decrypted bytes that the socket knows nothing of, so reading comes before
// waiting.
bool HttpConnection::read_tls(std::span<char> room) {
  if (!tls_) {
    // What a handshake needs is not spent on a client that says nothing.
    if (!std::exchange(awaited_tls_, true)) return wait_for_tls(Socket::wait_read);
    tls_ = std::make_unique<TlsChannel>(*std::exchange(tls_context_, nullptr), socket_.native_handle());
  }
  const bool handshake_was_done = tls_->handshake_done();
  const TlsChannel::Io io = tls_->read(room);
  switch (io.status) {
    case TlsChannel::Status::kDone:
      take_input(io.size);
      return true;
    case TlsChannel::Status::kWantRead:
    case TlsChannel::Status::kWantWrite:
      if (!handshake_was_done && tls_->handshake_done() && !turned_away_)
        deadline_ = thread_.now() + thread_.options().idle_timeout;
      return wait_for_tls(io.status == TlsChannel::Status::kWantRead ? Socket::wait_read : Socket::wait_write);
    case TlsChannel::Status::kClosed:
      end_of_input(true);
      return false;
    case TlsChannel::Status::kFailed:
      if (!tls_->handshake_done()) thread_.count().handshakes_failed.add();
      end_of_input(false);
      return false;
  }
  return false;
}

// Always false: nothing was read.
bool HttpConnection::wait_for_tls(Socket::wait_type readiness) {
  std::size_t held_bytes = 0;
  if (tls_ && !tls_->handshake_done()) {
    held_bytes = kHandshakeBytes;
  } else if (tls_ && tls_->holds_part_of_a_record()) {
    held_bytes = kRecordBytes;
  }
  if (tls_share_.resize(held_bytes)) {
    reading_ = true;
    socket_.async_wait(readiness, ReadHandler{this});
  } else {
    thread_.count().refusals[static_cast<std::size_t>(Refusal::kOverBudget)].add();
    close();
  }
  return false;
}

void HttpConnection::take_input(std::size_t size) {
  received_at_ = thread_.now();
  if (reader_.empty()) deadline_ = received_at_ + thread_.options().request_timeout;
  thread_.count().bytes_received.add(size);
  reader_.commit(size);
}

void HttpConnection::end_of_input(bool orderly) {
  if (!orderly || !reader_.empty()) thread_.count().broken.add();
  close();
}

void HttpConnection::on_read(const error_code& error, std::size_t size) {
  reading_ = false;
  if (phase_ == Phase::kLingering) {
    lingered_bytes_ += size;
    if (error || lingered_bytes_ > kMaxLingerBytes) {
      close();
    } else {
      linger();
    }
  } else if (phase_ == Phase::kReading) {
    if (error) {
      end_of_input(error == boost::asio::error::eof);
    } else {
      take_input(size);
      pump();
    }
  }
  release_if_done();
}

void HttpConnection::on_readable(const error_code& error) {
  reading_ = false;
  if (phase_ == Phase::kLingering) {
    if (error) {
      close();
    } else {
      linger();
    }
  } else if (phase_ == Phase::kReading) {
    if (error) {
      end_of_input(false);
    } else {
      pump();
    }
  }
  release_if_done();
}

std::optional<std::size_t> HttpConnection::write_some(std::string_view bytes) {
  if (tls_) {
    const TlsChannel::Io io = tls_->write(bytes);
    if (io.status == TlsChannel::Status::kDone) return io.size;
    if (io.status == TlsChannel::Status::kWantWrite || io.status == TlsChannel::Status::kWantRead) return 0;
    return std::nullopt;
  }
  // Straight to the kernel: an answer nearly always fits, and then nothing has to be kept for a completion.
  const ssize_t sent = ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent >= 0) return static_cast<std::size_t>(sent);
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return 0;
  return std::nullopt;
}

bool HttpConnection::flush() {
  if (out_ == nullptr) return true;
  while (out_sent_ < out_->size()) {
    const auto sent = write_some(std::string_view(*out_).substr(out_sent_));
    if (!sent) {
      thread_.count().broken.add();
      close();
      return false;
    }
    if (*sent == 0) {
      keep_unsent();
      return false;
    }
    thread_.count().bytes_sent.add(*sent);
    out_sent_ += *sent;
  }
  out_sent_ = 0;
  out_share_.resize(0);
  thread_.give_back_output(std::move(out_));
  return true;
}

// The client does not read: what is more than an answer's worth is held at everybody's cost.
void HttpConnection::keep_unsent() {
  if (out_->capacity() <= ServerThread::kOutputBytes || out_share_.resize(out_->capacity())) return wait_writable();
  thread_.count().answers_over_budget.add();
  close();
}

void HttpConnection::wait_writable() {
  if (writing_) return;
  writing_ = true;
  if (phase_ != Phase::kHandling) deadline_ = thread_.now() + thread_.options().write_timeout;
  socket_.async_wait(Socket::wait_write, [this](const error_code& error) {
    writing_ = false;
    if (phase_ != Phase::kClosed) {
      if (error) {
        close();
      } else if (flush()) {
        if (phase_ == Phase::kReading) deadline_ = thread_.now() + thread_.options().idle_timeout;
        pump();
      }
    }
    release_if_done();
  });
}

// A client that was refused, or did not ask for the end, may still be sending. Closing at once would make the kernel
// answer that with a reset, and a reset can reach the client before the last answer does (RFC 9112 section 9.6): so say
// that nothing more comes and read on for a while.
void HttpConnection::finish_closing() {
  if (tls_) tls_->say_goodbye();
  // A server that shuts down and has listened long enough waits only for those who are seen to be sending.
  const bool nothing_comes = thread_.ends_idle() && !refused_ && reader_.empty() && !input_is_waiting();
  if (!lingers_ || nothing_comes) return close();
  error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
  phase_ = Phase::kLingering;
  deadline_ = thread_.now() + thread_.options().linger_timeout;
  if (!reading_) linger();
}

// Throws away what comes, below TLS too.
void HttpConnection::linger() {
  reader_.discard();
  reader_.shrink();
  read_more(reader_.prepare());
}

void HttpConnection::check_deadline(core::Instant now) {
  if (now < deadline_ || phase_ == Phase::kClosed) return;
  if (writing_) {
    thread_.count().write_timeouts.add();
    close();
  } else if (phase_ == Phase::kReading && !reader_.empty()) {
    refuse(Refusal::kTooSlow, "the request took too long to arrive");
    pump();
  } else {
    if (phase_ == Phase::kReading) {
      if (handshake_is_due()) {
        thread_.count().handshakes_failed.add();
      } else {
        thread_.count().idle_closed.add();
      }
    }
    close();
  }
  release_if_done();
}

void HttpConnection::end_idle() {
  if (phase_ == Phase::kLingering || (is_idle() && !input_is_waiting())) close();
  release_if_done();
}

bool HttpConnection::yields(core::Instant now) const {
  if (!is_idle() || turned_away_) return false;
  const HttpServerOptions& options = thread_.options();
  const core::Nanos allowed = handshake_is_due() ? options.request_timeout : options.idle_timeout;
  const core::Nanos idle_for = now - (deadline_ - allowed);
  return idle_for >= (served_ ? options.idle_timeout / 4 : kFirstRequestPatience);
}

bool HttpConnection::input_is_waiting() {
  char byte;
  return ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

void HttpConnection::close() {
  if (socket_.is_open()) {
    error_code ignored;
    socket_.close(ignored);
  }
  // An answer still owed is taken and dropped by respond().
  if (phase_ == Phase::kHandling) return;
  phase_ = Phase::kClosed;
  out_.reset();
  out_share_.resize(0);
}

void HttpConnection::release_if_done() {
  if (phase_ != Phase::kClosed || reading_ || writing_ || serving_ || retired_) return;
  retired_ = true;
  thread_.retire(*this);
}

}  // namespace tacos::net
