#include "model/http_pool.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <string_view>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

namespace tacos::model {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

std::string worded(const HttpCall& call) {
  std::string text = fmt::format("{} {} HTTP/1.1\r\nHost: gateway\r\n", call.method, call.target);
  if (!call.bearer.empty()) text += fmt::format("Authorization: Bearer {}\r\n", call.bearer);
  if (!call.idempotency_key.empty()) text += fmt::format("Idempotency-Key: {}\r\n", call.idempotency_key);
  if (call.method != "GET" && call.method != "DELETE") {
    text += fmt::format("Content-Length: {}\r\n", call.body.size());
  }
  return text.append("\r\n").append(call.body);
}

// The value of a header in a head that ends with an empty line; names in any case.
std::string_view header_of(std::string_view head, std::string_view name) {
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at + 2)) {
    const std::string_view line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
    if (line.size() <= name.size() || line[name.size()] != ':') continue;
    const bool same = std::equal(name.begin(), name.end(), line.begin(),
                                 [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
    if (!same) continue;
    std::string_view value = line.substr(name.size() + 1);
    while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
    return value;
  }
  return {};
}

template <class Number>
std::optional<Number> number_in(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

struct HttpPool::Connection {
  explicit Connection(asio::io_context& io) : socket(io) {}
  tcp::socket socket;
  std::string received;
};

std::string HttpAnswer::code() const {
  return body.is_object() && body.contains("error") ? body["error"].value("code", "") : "";
}

std::string HttpAnswer::message() const {
  return body.is_object() && body.contains("error") ? body["error"].value("message", "") : "";
}

std::string HttpAnswer::text_of(const char* member) const {
  if (!body.is_object() || !body.contains(member) || !body[member].is_string()) return "";
  return body[member].get<std::string>();
}

std::optional<std::int64_t> HttpAnswer::number_of(const char* member) const {
  if (!body.is_object() || !body.contains(member) || !body[member].is_number_integer()) return std::nullopt;
  return body[member].get<std::int64_t>();
}

HttpPool::HttpPool(asio::io_context& io, std::uint16_t port, std::size_t most_connections)
    : io_(io), server_(asio::ip::address_v4::loopback(), port), most_connections_(most_connections) {}

HttpPool::~HttpPool() = default;

asio::awaitable<HttpPool::Pointer> HttpPool::take() {
  while (idle_.empty() && open_ >= most_connections_) {
    asio::steady_timer turn(io_, asio::steady_timer::time_point::max());
    waiting_.push_back(&turn);
    boost::system::error_code cancelled;
    co_await turn.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  }
  if (!idle_.empty()) {
    Pointer connection = std::move(idle_.back());
    idle_.pop_back();
    co_return connection;
  }
  ++open_;
  auto connection = std::make_unique<Connection>(io_);
  boost::system::error_code error;
  co_await connection->socket.async_connect(server_, asio::redirect_error(asio::use_awaitable, error));
  if (!error) connection->socket.set_option(tcp::no_delay(true), error);
  co_return connection;
}

void HttpPool::give_back(Pointer connection) {
  if (connection->socket.is_open()) {
    idle_.push_back(std::move(connection));
  } else {
    --open_;
  }
  if (waiting_.empty()) return;
  waiting_.front()->cancel();
  waiting_.pop_front();
}

asio::awaitable<HttpAnswer> HttpPool::send(const HttpCall& call) {
  Pointer connection = co_await take();
  ++calls_;
  HttpAnswer answer;
  const bool kept = co_await exchange(*connection, call, answer);
  if (!kept) {
    boost::system::error_code ignored;
    connection->socket.close(ignored);
  }
  if (answer.status == 0) ++lost_;
  give_back(std::move(connection));
  co_return answer;
}

asio::awaitable<void> HttpPool::send_and_hang_up(const HttpCall& call) {
  Pointer connection = co_await take();
  ++calls_;
  const std::string text = worded(call);
  boost::system::error_code ignored;
  co_await asio::async_write(connection->socket, asio::buffer(text),
                             asio::redirect_error(asio::use_awaitable, ignored));
  connection->socket.close(ignored);
  give_back(std::move(connection));
}

// Whether the connection is good for another call.
asio::awaitable<bool> HttpPool::exchange(Connection& connection, const HttpCall& call, HttpAnswer& answer) {
  const std::string text = worded(call);
  boost::system::error_code error;
  co_await asio::async_write(connection.socket, asio::buffer(text), asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return false;
  std::string& received = connection.received;
  std::size_t head_size = 0;
  std::size_t size = 0;
  while (head_size == 0 || received.size() < size) {
    const std::size_t before = received.size();
    received.resize(before + 4096);
    const std::size_t more = co_await connection.socket.async_read_some(
        asio::buffer(received.data() + before, 4096), asio::redirect_error(asio::use_awaitable, error));
    received.resize(before + more);
    if (error) co_return false;
    const std::size_t end = received.find("\r\n\r\n");
    if (head_size == 0 && end != std::string::npos) {
      head_size = end + 4;
      const std::string_view head(received.data(), head_size);
      size = head_size + number_in<std::size_t>(header_of(head, "Content-Length")).value_or(0);
    }
  }
  const std::string_view head(received.data(), head_size);
  answer.status = number_in<int>(head.substr(9, 3)).value_or(0);
  answer.retry_after_sec = number_in<int>(header_of(head, "Retry-After"));
  answer.cached = header_of(head, "X-Idempotency-Cached") == "true";
  const bool kept = header_of(head, "Connection") != "close";
  answer.text = received.substr(head_size, size - head_size);
  answer.body = nlohmann::json::parse(answer.text, nullptr, false);
  received.erase(0, size);
  co_return kept;
}

}  // namespace tacos::model
