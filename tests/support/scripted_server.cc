#include "support/scripted_server.h"

#include <charconv>
#include <future>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

namespace tacos::support {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using PlainStream = tcp::socket;
using TlsStream = asio::ssl::stream<tcp::socket>;

// What the server's thread and the test share.
class Script {
 public:
  void on(std::string_view target, Reply reply) {
    const std::lock_guard lock(mutex_);
    replies_[std::string(target)] = std::move(reply);
  }
  void close_after_answers(unsigned answers) {
    const std::lock_guard lock(mutex_);
    close_after_ = answers;
  }
  unsigned close_after() const {
    const std::lock_guard lock(mutex_);
    return close_after_;
  }
  Reply take(const std::string& target, std::string request) {
    const std::lock_guard lock(mutex_);
    ++requests_[target];
    last_[target] = std::move(request);
    const auto found = replies_.find(target);
    return found == replies_.end() ? answer(200, "ok") : found->second;
  }
  void accepted(std::string from) {
    const std::lock_guard lock(mutex_);
    clients_.push_back(std::move(from));
  }
  std::vector<std::string> clients() const {
    const std::lock_guard lock(mutex_);
    return clients_;
  }
  unsigned requests(const std::string& target) const {
    const std::lock_guard lock(mutex_);
    const auto found = requests_.find(target);
    return found == requests_.end() ? 0 : found->second;
  }
  std::string last(const std::string& target) const {
    const std::lock_guard lock(mutex_);
    const auto found = last_.find(target);
    return found == last_.end() ? std::string() : found->second;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Reply> replies_;
  std::map<std::string, unsigned> requests_;
  std::map<std::string, std::string> last_;
  std::vector<std::string> clients_;
  unsigned close_after_ = 0;
};

class Session {
 public:
  virtual ~Session() = default;
  virtual void close() = 0;
};
using Sessions = std::set<std::shared_ptr<Session>>;

std::size_t content_length(std::string_view head) {
  constexpr std::string_view kName = "content-length:";
  for (std::size_t at = 0; (at = head.find("\r\n", at)) != std::string_view::npos;) {
    at += 2;
    std::string name(head.substr(at, kName.size()));
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    if (name != kName) continue;
    std::string_view value = head.substr(at + kName.size());
    while (value.starts_with(' ')) value.remove_prefix(1);
    std::size_t length = 0;
    std::from_chars(value.data(), value.data() + value.size(), length);
    return length;
  }
  return 0;
}

std::string target_of(std::string_view head) {
  const std::size_t begin = std::min(head.find(' '), head.size() - 1) + 1;
  return std::string(head.substr(begin, head.find(' ', begin) - begin));
}

// One connection: reads a request, does what the script says, reads the next.
template <class Stream>
class HttpSession final : public Session, public std::enable_shared_from_this<HttpSession<Stream>> {
 public:
  HttpSession(Stream stream, Script& script, Sessions& sessions)
      : stream_(std::move(stream)), timer_(stream_.get_executor()), script_(script), sessions_(sessions) {}

  void start() {
    sessions_.insert(this->shared_from_this());
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      stream_.async_handshake(
          asio::ssl::stream_base::server,
          [self = this->shared_from_this()](const error_code& error) { error ? self->close() : self->read(); });
    } else {
      read();
    }
  }

  void close() override {
    error_code ignored;
    stream_.lowest_layer().close(ignored);
    timer_.cancel();
    sessions_.erase(this->shared_from_this());
  }

 private:
  void read() {
    asio::async_read_until(stream_, asio::dynamic_buffer(buffer_), "\r\n\r\n",
                           [self = this->shared_from_this()](const error_code& error, std::size_t head) {
                             error ? self->close() : self->read_body(head);
                           });
  }

  void read_body(std::size_t head) {
    const std::size_t whole = head + content_length(std::string_view(buffer_).substr(0, head));
    const std::size_t missing = whole > buffer_.size() ? whole - buffer_.size() : 0;
    asio::async_read(stream_, asio::dynamic_buffer(buffer_), asio::transfer_exactly(missing),
                     [self = this->shared_from_this(), whole](const error_code& error, std::size_t) {
                       error ? self->close() : self->reply(whole);
                     });
  }

  void reply(std::size_t whole) {
    std::string request = buffer_.substr(0, whole);
    buffer_.erase(0, whole);
    const std::string target = target_of(request);
    reply_ = script_.take(target, std::move(request));
    if (reply_.delay == core::Nanos(0)) {
      write();
      return;
    }
    timer_.expires_after(reply_.delay);
    timer_.async_wait([self = this->shared_from_this()](const error_code& error) {
      if (!error) self->write();
    });
    // A client that hangs up meanwhile is noticed when the pause is over.
  }

  void write() {
    asio::async_write(stream_, asio::buffer(reply_.bytes),
                      [self = this->shared_from_this()](const error_code& error, std::size_t) {
                        error ? self->close() : self->go_on();
                      });
  }

  void go_on() {
    if (reply_.then == Reply::Then::kReset) {
      error_code ignored;
      stream_.lowest_layer().set_option(asio::socket_base::linger(true, 0), ignored);
    }
    const unsigned most = script_.close_after();
    if (reply_.then != Reply::Then::kKeepOpen || (++answers_ == most && most > 0)) {
      close();
    } else {
      read();
    }
  }

  Stream stream_;
  asio::steady_timer timer_;
  Script& script_;
  Sessions& sessions_;
  std::string buffer_;
  Reply reply_;
  unsigned answers_ = 0;
};

}  // namespace

class ScriptedServer::Loop {
 public:
  Loop(const std::string& certificate_file, const std::string& key_file)
      : acceptor_(context_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {
    if (!certificate_file.empty()) {
      tls_.emplace(asio::ssl::context::tls_server);
      tls_->use_certificate_chain_file(certificate_file);
      tls_->use_private_key_file(key_file, asio::ssl::context::pem);
    }
    accept();
    thread_ = std::thread([this] { context_.run(); });
  }

  ~Loop() {
    asio::post(context_, [this] {
      acceptor_.close();
      close_all();
    });
    thread_.join();
  }

  void accept() {
    acceptor_.async_accept([this](const error_code& error, tcp::socket socket) {
      // One that was accepted just before the end has nobody left to close it.
      if (error || !acceptor_.is_open()) return;
      error_code gone;
      const auto peer = socket.remote_endpoint(gone);
      script_.accepted(gone ? std::string() : peer.address().to_string());
      socket.set_option(tcp::no_delay(true), gone);
      if (tls_) {
        std::make_shared<HttpSession<TlsStream>>(TlsStream(std::move(socket), *tls_), script_, sessions_)->start();
      } else {
        std::make_shared<HttpSession<PlainStream>>(std::move(socket), script_, sessions_)->start();
      }
      accept();
    });
  }

  void close_all() {
    const Sessions open = sessions_;
    for (const auto& session : open) session->close();
  }

  template <class Work>
  void in_loop(Work work) {
    std::promise<void> done;
    asio::post(context_, [&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }

  asio::io_context context_;
  std::optional<asio::ssl::context> tls_;
  tcp::acceptor acceptor_;
  const std::uint16_t port_ = acceptor_.local_endpoint().port();
  Script script_;
  Sessions sessions_;
  std::thread thread_;
};

ScriptedServer::ScriptedServer(const std::string& certificate_file, const std::string& key_file)
    : loop_(std::make_unique<Loop>(certificate_file, key_file)) {}
ScriptedServer::~ScriptedServer() = default;

void ScriptedServer::on(std::string_view target, Reply reply) {
  loop_->script_.on(target, std::move(reply));
}
void ScriptedServer::close_after_answers(unsigned answers) {
  loop_->script_.close_after_answers(answers);
}
void ScriptedServer::close_connections() {
  loop_->in_loop([this] { loop_->close_all(); });
}
std::uint16_t ScriptedServer::port() const {
  return loop_->port_;
}
unsigned ScriptedServer::accepted() const {
  return static_cast<unsigned>(loop_->script_.clients().size());
}
unsigned ScriptedServer::open_connections() const {
  std::size_t open = 0;
  loop_->in_loop([&] { open = loop_->sessions_.size(); });
  return static_cast<unsigned>(open);
}
unsigned ScriptedServer::requests(std::string_view target) const {
  return loop_->script_.requests(std::string(target));
}
std::string ScriptedServer::last_request(std::string_view target) const {
  return loop_->script_.last(std::string(target));
}
std::vector<std::string> ScriptedServer::client_addresses() const {
  return loop_->script_.clients();
}

Reply answer(int status, std::string_view body, std::string_view headers) {
  std::string bytes = "HTTP/1.1 " + std::to_string(status) + " Scripted\r\n" + std::string(headers);
  if (status != 204 && status != 304) bytes += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  bytes += "\r\n" + std::string(body);
  return raw(std::move(bytes));
}

Reply chunked_answer(std::string_view body, std::size_t chunk_bytes) {
  std::string bytes = "HTTP/1.1 200 Scripted\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (; !body.empty(); body.remove_prefix(std::min(chunk_bytes, body.size()))) {
    const std::string_view chunk = body.substr(0, chunk_bytes);
    char size[16];
    const auto end = std::to_chars(size, size + sizeof size, chunk.size(), 16).ptr;
    bytes.append(size, end).append("\r\n").append(chunk).append("\r\n");
  }
  return raw(bytes + "0\r\n\r\n");
}

Reply raw(std::string bytes) {
  Reply reply;
  reply.bytes = std::move(bytes);
  return reply;
}

Reply silence() {
  return {};
}

}  // namespace tacos::support
