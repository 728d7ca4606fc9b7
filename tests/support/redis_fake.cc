#include "support/redis_fake.h"

#include <array>
#include <cstdlib>
#include <optional>

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

namespace tacos::support {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// The next command of a buffer, an array of bulk strings, taken out of it when it is whole.
std::optional<FakeRedis::Words> take_command(std::string& buffer) {
  FakeRedis::Words words;
  std::size_t at = 0;
  const auto line = [&](char type) -> std::optional<std::size_t> {
    const std::size_t end = buffer.find("\r\n", at);
    if (end == std::string::npos || buffer[at] != type) return std::nullopt;
    const auto number = static_cast<std::size_t>(std::atol(buffer.c_str() + at + 1));
    at = end + 2;
    return number;
  };
  const auto count = line('*');
  if (!count) return std::nullopt;
  for (std::size_t n = 0; n < *count; ++n) {
    const auto size = line('$');
    if (!size || buffer.size() < at + *size + 2) return std::nullopt;
    words.push_back(buffer.substr(at, *size));
    at += *size + 2;
  }
  buffer.erase(0, at);
  return words;
}

bool is_greeting(const FakeRedis::Words& words) {
  for (const char* name : {"AUTH", "CLIENT", "SELECT", "READONLY", "SCRIPT"}) {
    if (words.front() == name) return true;
  }
  return false;
}

}  // namespace

class FakeRedis::Session : public std::enable_shared_from_this<Session> {
 public:
  Session(asio::ip::tcp::socket socket, FakeRedis& server) : socket_(std::move(socket)), server_(&server) {}

  void read() {
    socket_.async_read_some(asio::buffer(room_),
                            [self = shared_from_this()](const error_code& error, std::size_t size) {
                              if (error || self->server_ == nullptr) return;
                              self->in_.append(self->room_.data(), size);
                              self->answer_all();
                            });
  }
  void say(std::string_view bytes) {
    error_code ignored;
    asio::write(socket_, asio::buffer(bytes), ignored);
  }
  void close() {
    server_ = nullptr;
    error_code ignored;
    socket_.close(ignored);
  }

 private:
  void answer_all() {
    bool counted = false;
    while (const auto words = take_command(in_)) {
      if (!counted && !is_greeting(*words)) ++server_->reads_;
      counted = true;
      const Answer answer = server_->answer(*words);
      if (!answer.bytes.empty()) say(answer.bytes);
      if (answer.close) {
        FakeRedis* const server = server_;
        close();
        server->sessions_.erase(shared_from_this());
        return;
      }
      if (server_ == nullptr) return;
    }
    read();
  }

  asio::ip::tcp::socket socket_;
  FakeRedis* server_;
  std::string in_;
  std::array<char, 16 * 1024> room_{};
};

FakeRedis::FakeRedis(asio::io_context& loop)
    : loop_(loop),
      acceptor_(loop, asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
      port_(acceptor_.local_endpoint().port()) {
  accept();
}

FakeRedis::~FakeRedis() {
  close_connections();
  stop_listening();
}

void FakeRedis::accept() {
  acceptor_.async_accept([this](const error_code& error, asio::ip::tcp::socket socket) {
    if (error) return;
    ++accepted_;
    error_code ignored;
    socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    const auto session = std::make_shared<Session>(std::move(socket), *this);
    sessions_.insert(session);
    session->read();
    accept();
  });
}

FakeRedis::Answer FakeRedis::answer(const Words& words) {
  const bool greeting = is_greeting(words);
  (greeting ? greetings_ : commands_).push_back(words);
  const auto& script = greeting ? on_greeting : on_command;
  return script ? script(words) : Answer{"+OK\r\n"};
}

void FakeRedis::say(std::string_view bytes) {
  for (const auto& session : sessions_) session->say(bytes);
}

void FakeRedis::close_connections() {
  const auto open = std::move(sessions_);
  sessions_.clear();
  for (const auto& session : open) session->close();
}

void FakeRedis::stop_listening() {
  error_code ignored;
  acceptor_.close(ignored);
}

}  // namespace tacos::support
