#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace tacos::support {

// A Redis that says whatever a test wants it to, right or wrong. It runs on the test's own loop, in the test's thread,
// on 127.0.0.1 and a free port.
class FakeRedis {
 public:
  using Words = std::vector<std::string>;
  struct Answer {
    std::string bytes;  // empty: nothing is said
    bool close = false;
  };

  explicit FakeRedis(boost::asio::io_context& loop);
  ~FakeRedis();
  FakeRedis(const FakeRedis&) = delete;
  FakeRedis& operator=(const FakeRedis&) = delete;

  // What is said to a command; by default "+OK". Greetings (AUTH, CLIENT, SELECT, READONLY, SCRIPT) are answered "+OK"
  // unless on_greeting says otherwise.
  std::function<Answer(const Words&)> on_command;
  std::function<Answer(const Words&)> on_greeting;

  std::uint16_t port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  // Says something to every connection without being asked.
  void say(std::string_view bytes);
  void close_connections();
  // Further attempts to connect are refused.
  void stop_listening();

  const std::vector<Words>& commands() const { return commands_; }  // without greetings
  const std::vector<Words>& greetings() const { return greetings_; }
  std::size_t accepted() const { return accepted_; }
  // Reads that brought a command: as many as the client's writes, when those are small and apart.
  std::size_t reads() const { return reads_; }

 private:
  class Session;
  void accept();
  Answer answer(const Words& words);

  boost::asio::io_context& loop_;
  boost::asio::ip::tcp::acceptor acceptor_;
  const std::uint16_t port_;
  std::set<std::shared_ptr<Session>> sessions_;
  std::vector<Words> commands_;
  std::vector<Words> greetings_;
  std::size_t accepted_ = 0;
  std::size_t reads_ = 0;
};

}  // namespace tacos::support
