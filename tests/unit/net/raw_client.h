#pragma once

#include <algorithm>
#include <cerrno>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <sys/socket.h>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include "net/http_request.h"

namespace tacos::net {

// A blocking client that sends exactly the bytes it is told to, for tests of what a stranger may send. Reads give up
// after ten seconds, so that a test fails instead of hanging.
class RawClient {
 public:
  struct Answer {
    int status = 0;                                   // 0: the connection ended without one
    std::multimap<std::string, std::string> headers;  // names in lower case
    std::string body;

    std::string header(const std::string& name) const {
      const auto found = headers.find(name);
      return found == headers.end() ? std::string() : found->second;
    }
  };

  explicit RawClient(std::uint16_t port)
      : RawClient(Endpoint(boost::asio::ip::tcp::endpoint(boost::asio::ip::address_v4::loopback(), port))) {}
  static RawClient to(const boost::asio::ip::address& address, std::uint16_t port) {
    return RawClient(Endpoint(boost::asio::ip::tcp::endpoint(address, port)));
  }
  static RawClient to_unix(const std::string& path) {
    return RawClient(Endpoint(boost::asio::local::stream_protocol::endpoint(path)));
  }

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  void stop_sending() { socket_.shutdown(Socket::shutdown_send); }

  // The next answer; to_head for answers without a body despite their Content-Length.
  Answer receive(bool to_head = false) {
    Answer answer;
    std::size_t head_end = 0;
    while ((head_end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!read_some()) return answer;
    }
    read_head(std::string_view(buffer_).substr(0, head_end + 2), answer);
    buffer_.erase(0, head_end + 4);
    const std::string length = answer.header("content-length");
    const std::size_t size = to_head || length.empty() ? 0 : std::stoul(length);
    while (buffer_.size() < size) {
      if (!read_some()) break;
    }
    answer.body = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return answer;
  }

  Answer call(std::string_view bytes) {
    send(bytes);
    return receive();
  }

  // Whether the other end closes now, with nothing more said; false when it does neither in time.
  bool at_end() {
    timed_out_ = false;
    return buffer_.empty() && !read_some() && !timed_out_;
  }

 private:
  using Socket = boost::asio::generic::stream_protocol::socket;
  using Endpoint = boost::asio::generic::stream_protocol::endpoint;

  explicit RawClient(const Endpoint& endpoint)
      : context_(std::make_unique<boost::asio::io_context>()), socket_(*context_) {
    socket_.connect(endpoint);
    const timeval limit{10, 0};
    ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }

  bool read_some() {
    char room[4096];
    const ssize_t size = ::recv(socket_.native_handle(), room, sizeof room, 0);
    timed_out_ = size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    if (size <= 0) return false;
    buffer_.append(room, static_cast<std::size_t>(size));
    return true;
  }

  static void read_head(std::string_view head, Answer& answer) {
    answer.status = std::stoi(std::string(head.substr(9, 3)));
    head.remove_prefix(head.find("\r\n") + 2);
    while (!head.empty()) {
      const std::string_view line = head.substr(0, head.find("\r\n"));
      const std::size_t colon = line.find(':');
      std::string name(line.substr(0, colon));
      for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
      answer.headers.emplace(name, line.substr(std::min(colon + 2, line.size())));
      head.remove_prefix(line.size() + 2);
    }
  }

  std::unique_ptr<boost::asio::io_context> context_;  // on the heap, so that clients may stand in a vector
  Socket socket_;
  std::string buffer_;
  bool timed_out_ = false;
};

}  // namespace tacos::net
