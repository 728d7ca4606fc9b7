#include "redis/redis_transport.h"

#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <fmt/format.h>
#include <openssl/ssl.h>

namespace tacos::redis {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

}  // namespace

// The two operations of the hot path, in memory that is kept for them.
struct RedisTransport::Received {
  using allocator_type = net::HandlerAllocator<void>;
  std::shared_ptr<RedisTransport> self;
  allocator_type get_allocator() const noexcept { return allocator_type(self->read_memory_); }
  void operator()(const error_code& error, std::size_t size) const { self->on_received(error, size); }
};

struct RedisTransport::Written {
  using allocator_type = net::HandlerAllocator<void>;
  std::shared_ptr<RedisTransport> self;
  allocator_type get_allocator() const noexcept { return allocator_type(self->write_memory_); }
  void operator()(const error_code& error, std::size_t size) const { self->on_written(error, size); }
};

core::Result<std::shared_ptr<RedisTls>> make_redis_tls(const std::string& ca_file, bool insecure) {
  auto tls = std::make_shared<RedisTls>();
  error_code error;
  tls->context.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                               asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 |
                               asio::ssl::context::no_tlsv1_1,
                           error);
  tls->verify = !insecure;
  tls->context.set_verify_mode(insecure ? asio::ssl::verify_none : asio::ssl::verify_peer, error);
  if (ca_file.empty()) {
    tls->context.set_default_verify_paths(error);
    return tls;
  }
  tls->context.load_verify_file(ca_file, error);
  if (error) {
    return core::fail(
        fmt::format("can't read the CA file '{}': {}; it holds PEM certificates", ca_file, error.message()));
  }
  return tls;
}

RedisTransport::RedisTransport(const asio::any_io_executor& executor, RedisAddress address,
                               std::shared_ptr<RedisTls> tls, Events events)
    : address_(std::move(address)),
      tls_(std::move(tls)),
      events_(std::move(events)),
      resolver_(executor),
      socket_(executor) {}

void RedisTransport::open() {
  if (!address_.unix_path.empty()) {
    endpoints_.emplace_back(asio::local::stream_protocol::endpoint(address_.unix_path));
  } else {
    error_code no_literal;
    const auto literal = asio::ip::make_address(address_.host, no_literal);
    if (no_literal) {
      resolve();
      return;
    }
    endpoints_.emplace_back(tcp::endpoint(literal, address_.port));
  }
  // Events come later, never inside the call.
  asio::post(socket_.get_executor(), [self = shared_from_this()] { self->connect_next(); });
}

void RedisTransport::resolve() {
  resolver_.async_resolve(
      address_.host, std::to_string(address_.port), tcp::resolver::numeric_service,
      [self = shared_from_this()](const error_code& error, const tcp::resolver::results_type& found) {
        if (self->closed_) return;
        if (error) {
          self->break_off("resolving", error);
          return;
        }
        for (const auto& entry : found) {
          self->endpoints_.insert(self->endpoints_.begin(), Endpoint(entry.endpoint()));
        }
        self->connect_next();
      });
}

void RedisTransport::connect_next() {
  if (closed_) return;
  const Endpoint endpoint = endpoints_.back();
  endpoints_.pop_back();
  error_code ignored;
  socket_.close(ignored);
  socket_.async_connect(endpoint, [self = shared_from_this()](const error_code& error) {
    if (self->closed_) return;
    if (!error) {
      self->connected();
    } else if (!self->endpoints_.empty()) {
      self->connect_next();
    } else {
      self->break_off("connecting", error);
    }
  });
}

void RedisTransport::connected() {
  error_code ignored;
  if (address_.unix_path.empty()) socket_.set_option(tcp::no_delay(true), ignored);
  if (tls_) {
    verify_and_shake_hands();
    return;
  }
  read();
  events_.opened();
}

void RedisTransport::verify_and_shake_hands() {
  tls_stream_.emplace(socket_, tls_->context);
  // SSL_set_tlsext_host_name, spelt out: the macro casts as C does. Addresses are not names (RFC 6066, 3).
  error_code no_literal;
  asio::ip::make_address(address_.host, no_literal);
  std::string name = address_.host;
  if (no_literal)
    ::SSL_ctrl(tls_stream_->native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
  if (tls_->verify) {
    error_code ignored;
    tls_stream_->set_verify_callback(asio::ssl::host_name_verification(address_.host), ignored);
  }
  tls_stream_->async_handshake(asio::ssl::stream_base::client, [self = shared_from_this()](const error_code& error) {
    if (self->closed_) return;
    if (error) {
      self->break_off("agreeing on TLS", error);
      return;
    }
    self->read();
    self->events_.opened();
  });
}

void RedisTransport::read() {
  if (tls_stream_) {
    tls_stream_->async_read_some(asio::buffer(buffer_), Received{shared_from_this()});
  } else {
    socket_.async_read_some(asio::buffer(buffer_), Received{shared_from_this()});
  }
}

void RedisTransport::on_received(const error_code& error, std::size_t size) {
  if (closed_) return;
  if (error) {
    break_off("reading", error);
    return;
  }
  events_.received({buffer_.data(), size});
  if (!closed_) read();
}

void RedisTransport::write(std::string_view bytes) {
  unwritten_ = bytes;
  writing_ = bytes.size();
  write_rest();
}

void RedisTransport::write_rest() {
  if (tls_stream_) {
    tls_stream_->async_write_some(asio::buffer(unwritten_), Written{shared_from_this()});
  } else {
    socket_.async_write_some(asio::buffer(unwritten_), Written{shared_from_this()});
  }
}

void RedisTransport::on_written(const error_code& error, std::size_t size) {
  if (closed_) return;
  if (error) {
    break_off("writing", error);
    return;
  }
  unwritten_.remove_prefix(size);
  if (unwritten_.empty()) {
    events_.written(writing_);
  } else {
    write_rest();
  }
}

void RedisTransport::close() {
  if (closed_) return;
  closed_ = true;
  error_code ignored;
  resolver_.cancel();
  socket_.close(ignored);
}

void RedisTransport::break_off(std::string_view doing, const error_code& error) {
  close();
  const std::string reason = error == asio::error::eof ? "it closed the connection" : error.message();
  events_.broken(fmt::format("{}: {}: {}", address_.to_string(), doing, reason));
}

}  // namespace tacos::redis
