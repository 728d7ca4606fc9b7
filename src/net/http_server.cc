#include "net/http_server.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include "net/server_thread.h"

namespace tacos::net {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

// Accepted in one go before the loop looks elsewhere: an opening brings thousands at once.
constexpr int kAcceptBurst = 256;
constexpr auto kAcceptPause = std::chrono::milliseconds(50);

core::Error cannot_listen(const HostPort& address, const error_code& error) {
  std::string next_step = "choose another address or port";
  if (error == boost::asio::error::address_in_use) {
    next_step = "stop the program that uses it or choose another port";
  } else if (error == boost::asio::error::access_denied) {
    next_step = "ports below 1024 need privileges: choose a higher one";
  }
  return core::fail(fmt::format("cannot listen on {}: {}; {}", address.to_string(), error.message(), next_step));
}

}  // namespace

// The listening socket and the thread that accepts from it. A thread of its own, nearly always asleep, keeps the
// dealing of ten thousand arrivals out of the way of those who are already being served.
class HttpServer::Acceptor {
 public:
  Acceptor(const HttpServerOptions& options, std::vector<std::unique_ptr<ServerThread>>& threads)
      : options_(options), threads_(threads), acceptor_(loop_), pause_(loop_) {}
  ~Acceptor() { stop(); }

  error_code listen(const tcp::endpoint& endpoint) {
    error_code error;
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(options_.backlog, error);
    if (!error) acceptor_.native_non_blocking(true, error);
    return error;
  }
  std::uint16_t port() const {
    error_code ignored;
    return acceptor_.local_endpoint(ignored).port();
  }
  void start() {
    wait();
    thread_ = std::thread([this] { loop_.run(); });
  }
  void stop() {
    loop_.stop();
    if (thread_.joinable()) thread_.join();
    error_code ignored;
    acceptor_.close(ignored);
  }

  Counter pauses, dropped;

 private:
  void wait() {
    acceptor_.async_wait(tcp::acceptor::wait_read, [this](const error_code& error) {
      if (!error) accept_waiting();
    });
  }

  void accept_waiting() {
    for (int i = 0; i < kAcceptBurst; ++i) {
      const int socket = ::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (socket >= 0) {
        deal(socket);
      } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        return pause();
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        break;
      }  // else: the client gave up before it was accepted
    }
    wait();
  }

  // The socket stays readable while the system can't give us a descriptor: waiting for it would spin.
  void pause() {
    pauses.add();
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([this](const error_code& error) {
      if (!error) accept_waiting();
    });
  }

  void deal(int socket) {
    std::size_t total = 0;
    ServerThread* emptiest = nullptr;
    for (const auto& thread : threads_) {
      total += thread->load();
      if (emptiest == nullptr || thread->load() < emptiest->load()) emptiest = thread.get();
    }
    if (total >= options_.max_connections + options_.max_connections / 16 + 1) {
      dropped.add();
      ::close(socket);
      return;
    }
    emptiest->adopt(socket, total >= options_.max_connections);
  }

  const HttpServerOptions& options_;
  std::vector<std::unique_ptr<ServerThread>>& threads_;
  boost::asio::io_context loop_{1};
  tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;
  std::thread thread_;
};

HttpServer::HttpServer(HttpServerOptions options, const core::Clock& clock)
    : options_(std::move(options)), clock_(clock), address_(options_.listen) {}

HttpServer::~HttpServer() {
  shut_down(core::Nanos(0));
}

core::Result<void> HttpServer::listen() {
  boost::asio::io_context resolving;
  tcp::resolver resolver(resolving);
  error_code error;
  const auto found = resolver.resolve(options_.listen.host, std::to_string(options_.listen.port),
                                      tcp::resolver::passive | tcp::resolver::numeric_service, error);
  if (error) return cannot_listen(options_.listen, error);
  acceptor_ = std::make_unique<Acceptor>(options_, threads_);
  error = acceptor_->listen(found.begin()->endpoint());
  if (error) return cannot_listen(options_.listen, error);
  address_.port = acceptor_->port();
  return {};
}

core::Result<std::unique_ptr<HttpServer>> HttpServer::start(HttpServerOptions options, const core::Clock& clock,
                                                            const HttpHandlerFactory& make_handler) {
  std::unique_ptr<HttpServer> server(new HttpServer(std::move(options), clock));
  if (auto listening = server->listen(); listening.has_error()) return listening.error();
  for (unsigned i = 0; i < server->options_.threads; ++i) {
    server->threads_.push_back(std::make_unique<ServerThread>(server->options_, clock));
  }
  for (unsigned i = 0; i < server->options_.threads; ++i) server->threads_[i]->start(make_handler, i);
  server->acceptor_->start();
  return server;
}

bool HttpServer::shut_down(core::Nanos grace) {
  if (acceptor_) acceptor_->stop();
  for (const auto& thread : threads_) thread->drain(grace);
  bool all_answered = true;
  for (const auto& thread : threads_) {
    thread->join();
    all_answered = all_answered && !thread->cut_off();
  }
  return all_answered;
}

void HttpServer::cut_off() {
  for (const auto& thread : threads_) thread->cut_off_now();
}

HttpServerCounts HttpServer::counts() const {
  HttpServerCounts sum;
  if (acceptor_) {
    sum.accept_pauses = acceptor_->pauses.value();
    sum.connections_dropped = acceptor_->dropped.value();
  }
  for (const auto& thread : threads_) {
    const ServerThread::Counters& counters = thread->counters();
    sum.connections_accepted += counters.accepted.value();
    sum.connections_open += thread->load();
    sum.connections_idle_closed += counters.idle_closed.value();
    sum.connections_broken += counters.broken.value();
    sum.handshakes_failed += counters.handshakes_failed.value();
    sum.write_timeouts += counters.write_timeouts.value();
    sum.requests += counters.requests.value();
    sum.bytes_received += counters.bytes_received.value();
    sum.bytes_sent += counters.bytes_sent.value();
    for (std::size_t i = 0; i < kRefusalCount; ++i) sum.refusals[i] += counters.refusals[i].value();
  }
  return sum;
}

}  // namespace tacos::net
