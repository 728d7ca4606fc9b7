#include "net/http_server.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <optional>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "net/server_resources.h"
#include "net/server_thread.h"

namespace tacos::net {
namespace {

using boost::system::error_code;

// Accepted in one go before the loop looks elsewhere: an opening brings thousands at once.
constexpr int kAcceptBurst = 256;
constexpr auto kAcceptPause = std::chrono::milliseconds(50);
// A handshake that has begun when the port is about to close is completed in this time; more than most round trips.
constexpr core::Nanos kHandshakeTime = std::chrono::milliseconds(100);

// Beyond a limit a sixteenth more connections are told so; the rest is closed at once.
constexpr std::size_t answered_beyond(std::size_t limit) {
  return limit + limit / 16 + 1;
}

}  // namespace

// The thread that accepts. One of its own, nearly always asleep, keeps the dealing of ten thousand arrivals out of the
// way of those who are already being served.
class HttpServer::Acceptor {
 public:
  Acceptor(ServerResources& resources, const ListeningSockets& listening,
           std::vector<std::unique_ptr<ServerThread>>& threads)
      : resources_(resources), threads_(threads), pause_(loop_) {
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

  Counter pauses, dropped, dropped_by_address;

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
    const HttpServerOptions& options = resources_.options;
    std::optional<Refusal> refusal;
    if (total >= options.max_connections) refusal = Refusal::kTooManyConnections;
    AddressCounts::Place place = place_of(peer);
    if (place.number() > options.max_connections_per_address) refusal = Refusal::kTooManyFromAddress;
    const bool far_beyond_own = place.number() > answered_beyond(options.max_connections_per_address);
    if (far_beyond_own || total >= answered_beyond(options.max_connections)) {
      (far_beyond_own ? dropped_by_address : dropped).add();
      ::close(socket);
      return;
    }
    emptiest->adopt(Arrival{socket, peer, std::move(place), refusal});
  }

  // Counted only where there is a limit.
  AddressCounts::Place place_of(const PeerAddress& peer) {
    const HttpServerOptions& options = resources_.options;
    if (options.max_connections_per_address == 0 || peer.is_unix()) return {};
    if (options.carries_many && options.carries_many(peer)) return {};
    return resources_.addresses.add(peer);
  }

  ServerResources& resources_;
  std::vector<std::unique_ptr<ServerThread>>& threads_;
  boost::asio::io_context loop_{1};
  std::vector<Descriptor> waits_;
  boost::asio::steady_timer pause_;
  std::thread thread_;
};

HttpServer::HttpServer(HttpServerOptions options, const core::Clock& clock)
    : resources_(std::make_unique<ServerResources>(std::move(options))), clock_(clock) {}

HttpServer::~HttpServer() {
  shut_down(core::Nanos(0));
}

core::Result<std::unique_ptr<HttpServer>> HttpServer::start(HttpServerOptions options, const core::Clock& clock,
                                                            const HttpHandlerFactory& make_handler) {
  std::unique_ptr<HttpServer> server(new HttpServer(std::move(options), clock));
  const HttpServerOptions& used = server->resources_->options;
  auto listening = server->listening_.open(used.listen, used.backlog);
  if (listening.has_error()) return listening.error();
  for (unsigned i = 0; i < used.threads; ++i) {
    server->threads_.push_back(std::make_unique<ServerThread>(*server->resources_, clock));
  }
  for (unsigned i = 0; i < used.threads; ++i) server->threads_[i]->start(make_handler, i);
  server->acceptor_ = std::make_unique<Acceptor>(*server->resources_, server->listening_, server->threads_);
  server->acceptor_->start();
  return server;
}

void HttpServer::begin_closing() {
  resources_->closing.store(true, std::memory_order_relaxed);
}

void HttpServer::set_tls(std::shared_ptr<TlsContext> tls) {
  assert(resources_->options.tls && tls && "a plain server stays plain");
  resources_->set_tls(std::move(tls));
}

bool HttpServer::shut_down(core::Nanos grace) {
  begin_closing();
  if (acceptor_ && !listening_.sockets().empty()) {
    listening_.turn_away_newcomers();
    // A client whose connection is complete may have sent its request: it is accepted, not reset.
    if (!address().is_unix()) std::this_thread::sleep_for(std::min(kHandshakeTime, grace / 10));
    acceptor_->stop();
    acceptor_->accept_the_last();
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

void HttpServer::cut_off() {
  for (const auto& thread : threads_) thread->cut_off_now();
}

HttpServerCounts HttpServer::counts() const {
  HttpServerCounts sum;
  if (acceptor_) {
    sum.accept_pauses = acceptor_->pauses.value();
    sum.connections_dropped = acceptor_->dropped.value();
    sum.connections_dropped_by_address = acceptor_->dropped_by_address.value();
  }
  sum.addresses = resources_->addresses.addresses();
  sum.buffered_bytes = resources_->buffers.used_bytes();
  for (const auto& thread : threads_) {
    const ServerThread::Counters& counters = thread->counters();
    sum.connections_accepted += counters.accepted.value();
    sum.connections_open += thread->load();
    sum.connections_idle_closed += counters.idle_closed.value();
    sum.connections_reclaimed += counters.reclaimed.value();
    sum.connections_broken += counters.broken.value();
    sum.handshakes_failed += counters.handshakes_failed.value();
    sum.write_timeouts += counters.write_timeouts.value();
    sum.answers_over_budget += counters.answers_over_budget.value();
    sum.requests += counters.requests.value();
    sum.bytes_received += counters.bytes_received.value();
    sum.bytes_sent += counters.bytes_sent.value();
    for (std::size_t i = 0; i < kRefusalCount; ++i) sum.refusals[i] += counters.refusals[i].value();
  }
  return sum;
}

}  // namespace tacos::net
