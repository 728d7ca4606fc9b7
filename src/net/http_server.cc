#include "net/http_server.h"

#include <algorithm>
#include <cerrno>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "net/server_thread.h"

namespace tacos::net {
namespace {

using boost::system::error_code;

// Accepted in one go before the loop looks elsewhere: an opening brings thousands at once.
constexpr int kAcceptBurst = 256;
constexpr auto kAcceptPause = std::chrono::milliseconds(50);

}  // namespace

// The thread that accepts. One of its own, nearly always asleep, keeps the dealing of ten thousand arrivals out of the
// way of those who are already being served.
class HttpServer::Acceptor {
 public:
  Acceptor(const HttpServerOptions& options, const ListeningSockets& listening,
           std::vector<std::unique_ptr<ServerThread>>& threads)
      : options_(options), threads_(threads), pause_(loop_) {
    for (const int socket : listening.sockets()) waits_.emplace_back(loop_, socket);
  }
  ~Acceptor() {
    stop();
    for (Descriptor& wait : waits_) wait.release();  // they belong to ListeningSockets
  }

  void start() {
    for (Descriptor& wait : waits_) wait_for_clients(wait);
    thread_ = std::thread([this] { loop_.run(); });
  }
  void stop() {
    loop_.stop();
    if (thread_.joinable()) thread_.join();
  }
  // After stop(): takes those who have arrived since.
  void accept_the_last() {
    for (Descriptor& wait : waits_) {
      while (accept_burst(wait) == Accepted::kMore) {
      }
    }
  }

  Counter pauses, dropped;

 private:
  using Descriptor = boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;
  enum class Accepted { kAll, kMore, kNoRoom };

  void wait_for_clients(Descriptor& socket) {
    socket.async_wait(Descriptor::wait_read, [this, &socket](const error_code& error) {
      if (!error) accept_waiting(socket);
    });
  }

  void accept_waiting(Descriptor& socket) {
    if (accept_burst(socket) == Accepted::kNoRoom) return pause();
    wait_for_clients(socket);
  }

  Accepted accept_burst(Descriptor& listening) {
    for (int i = 0; i < kAcceptBurst; ++i) {
      sockaddr_storage peer{};
      socklen_t size = sizeof peer;
      const int socket =
          ::accept4(listening.native_handle(), reinterpret_cast<sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (socket >= 0) {
        deal(socket, PeerAddress::from_socket(peer, size));
      } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        return Accepted::kNoRoom;
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        return Accepted::kAll;
      }  // else: the client gave up before it was accepted
    }
    return Accepted::kMore;
  }

  // The sockets stay readable while the system can't give us a descriptor: waiting for them would spin.
  void pause() {
    pauses.add();
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([this](const error_code& error) {
      if (error) return;
      for (Descriptor& socket : waits_) {
        socket.cancel();
        wait_for_clients(socket);
      }
    });
  }

  void deal(int socket, const PeerAddress& peer) {
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
    emptiest->adopt(socket, peer, total >= options_.max_connections);
  }

  const HttpServerOptions& options_;
  std::vector<std::unique_ptr<ServerThread>>& threads_;
  boost::asio::io_context loop_{1};
  std::vector<Descriptor> waits_;
  boost::asio::steady_timer pause_;
  std::thread thread_;
};

HttpServer::HttpServer(HttpServerOptions options, const core::Clock& clock)
    : options_(std::move(options)), clock_(clock) {}

HttpServer::~HttpServer() {
  shut_down(core::Nanos(0));
}

core::Result<std::unique_ptr<HttpServer>> HttpServer::start(HttpServerOptions options, const core::Clock& clock,
                                                            const HttpHandlerFactory& make_handler) {
  std::unique_ptr<HttpServer> server(new HttpServer(std::move(options), clock));
  auto listening = server->listening_.open(server->options_.listen, server->options_.backlog);
  if (listening.has_error()) return listening.error();
  for (unsigned i = 0; i < server->options_.threads; ++i) {
    server->threads_.push_back(std::make_unique<ServerThread>(server->options_, clock));
  }
  for (unsigned i = 0; i < server->options_.threads; ++i) server->threads_[i]->start(make_handler, i);
  server->acceptor_ = std::make_unique<Acceptor>(server->options_, server->listening_, server->threads_);
  server->acceptor_->start();
  return server;
}

bool HttpServer::shut_down(core::Nanos grace) {
  if (acceptor_) {
    acceptor_->stop();
    listening_.close();
  }
  for (const auto& thread : threads_) thread->drain(grace);
  bool all_answered = true;
  for (const auto& thread : threads_) {
    thread->join();
    all_answered = all_answered && !thread->cut_off();
  }
  return all_answered;
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
