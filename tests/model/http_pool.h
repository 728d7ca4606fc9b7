#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <nlohmann/json.hpp>

namespace tacos::model {

struct HttpCall {
  std::string method;
  std::string target;
  std::string body;
  std::string bearer;           // empty: no Authorization
  std::string idempotency_key;  // empty: none
};

// An answer as its user sees it. status 0: the connection was lost, and whether the call was made is not known.
struct HttpAnswer {
  int status = 0;
  nlohmann::json body;
  std::string text;
  std::optional<int> retry_after_sec;
  bool cached = false;

  std::string code() const;     // of an error; else empty
  std::string message() const;  // of an error; else empty
  std::string text_of(const char* member) const;
  std::optional<std::int64_t> number_of(const char* member) const;
};

// Keep-alive connections to one server, each used for one call at a time. A call that finds none idle waits for one.
// For one thread: the one that runs the io_context.
class HttpPool {
 public:
  HttpPool(boost::asio::io_context& io, std::uint16_t port, std::size_t most_connections);
  ~HttpPool();
  HttpPool(const HttpPool&) = delete;
  HttpPool& operator=(const HttpPool&) = delete;

  // call must live until the answer is there.
  boost::asio::awaitable<HttpAnswer> send(const HttpCall& call);
  // Sends the call and closes the connection without reading: an answer that is lost on its way.
  boost::asio::awaitable<void> send_and_hang_up(const HttpCall& call);

  std::uint64_t calls() const { return calls_; }
  std::uint64_t lost() const { return lost_; }

 private:
  struct Connection;
  using Pointer = std::unique_ptr<Connection>;

  boost::asio::awaitable<Pointer> take();
  void give_back(Pointer connection);
  boost::asio::awaitable<bool> exchange(Connection& connection, const HttpCall& call, HttpAnswer& answer);

  boost::asio::io_context& io_;
  const boost::asio::ip::tcp::endpoint server_;
  const std::size_t most_connections_;
  std::size_t open_ = 0;
  std::vector<Pointer> idle_;
  std::deque<boost::asio::steady_timer*> waiting_;
  std::uint64_t calls_ = 0;
  std::uint64_t lost_ = 0;
};

}  // namespace tacos::model
