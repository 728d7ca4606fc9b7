#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include "core/result.h"
#include "net/handler_memory.h"
#include "redis/redis_url.h"

namespace tacos::redis {

// How to speak TLS to a Redis; shared by all connections of a link.
struct RedisTls {
  boost::asio::ssl::context context{boost::asio::ssl::context::tls_client};
  bool verify = true;
};
core::Result<std::shared_ptr<RedisTls>> make_redis_tls(const std::string& ca_file, bool insecure);

// The bytes of one connection, over TCP, a unix socket or TLS: opened once, read all the time, written one piece at a
// time. Shared by its own pending operations, so that whoever uses it may let go at any time. Not thread safe.
class RedisTransport : public std::enable_shared_from_this<RedisTransport> {
 public:
  // What it calls, never inside a call into it. After broken() nothing more comes.
  struct Events {
    std::function<void()> opened;
    std::function<void(std::string_view bytes)> received;
    std::function<void(std::size_t bytes)> written;
    std::function<void(std::string why)> broken;
  };

  RedisTransport(const boost::asio::any_io_executor& executor, RedisAddress address, std::shared_ptr<RedisTls> tls,
                 Events events);

  void open();
  // All of it. The bytes must stay until written() or broken(). One at a time, after opened().
  void write(std::string_view bytes);
  // Closes, and calls nothing any more.
  void close();

 private:
  using Socket = boost::asio::generic::stream_protocol::socket;
  using Endpoint = boost::asio::generic::stream_protocol::endpoint;
  struct Received;
  struct Written;

  void resolve();
  void connect_next();
  void connected();
  void verify_and_shake_hands();
  void read();
  void on_received(const boost::system::error_code& error, std::size_t size);
  void write_rest();
  void on_written(const boost::system::error_code& error, std::size_t size);
  void break_off(std::string_view doing, const boost::system::error_code& error);

  const RedisAddress address_;
  const std::shared_ptr<RedisTls> tls_;
  const Events events_;
  boost::asio::ip::tcp::resolver resolver_;
  Socket socket_;
  std::optional<boost::asio::ssl::stream<Socket&>> tls_stream_;
  std::vector<Endpoint> endpoints_;  // still to be tried, the next one last
  std::string_view unwritten_;
  std::size_t writing_ = 0;
  bool closed_ = false;
  net::HandlerMemory read_memory_;
  net::HandlerMemory write_memory_;
  std::array<char, 64 * 1024> buffer_;
};

}  // namespace tacos::redis
