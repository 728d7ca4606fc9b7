#include "tacos-load/doctor/loopback_probe.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <sys/resource.h>
#include <sys/socket.h>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "net/http_server.h"
#include "tacos-load/transport/asio_transport.h"
#include "tacos-load/transport/socket_watch.h"

namespace tacos::load {
namespace {

using core::Instant;
using core::Nanos;

constexpr int kRoundTrips = 20'000;
constexpr Nanos kRoundTripLimit = std::chrono::seconds(1);
constexpr timeval kGiveUp{.tv_sec = 2, .tv_usec = 0};

// Flat out, in a closed loop: what one turn of the event loop costs is then shared by as many requests as on a core
// that is full, so the cost gives what a core can do at most. At a set pace it would be twice as high on an idle
// machine, where each turn carries one request, as on a busy one.
constexpr Nanos kRequestTime = std::chrono::seconds(1);
constexpr std::uint32_t kConnections = 32;
// As long as a waiting room's status answer.
constexpr const char* kAnswer =
    R"({"event_id":"sale","status":"waiting","position":123456,"ahead":123455,"estimated_wait_sec":617,)"
    R"("poll_after_ms":10000,"ticket":123456,"admitted":1024,"token":null})";

core::Error no_loopback(const char* call) {
  return core::fail(
      fmt::format("can't measure the loopback round trip: {} on 127.0.0.1 failed ({}); is the interface "
                  "lo up (sudo ip link set lo up)?",
                  call, std::strerror(errno)));
}

// A byte at a time, at once; a dead peer ends the wait.
void tune(int socket) {
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &kGiveUp, sizeof(kGiveUp));
}

// Sends back what comes, until the other end closes.
void echo(int socket) {
  char byte = 0;
  while (::recv(socket, &byte, 1, 0) == 1 && ::send(socket, &byte, 1, MSG_NOSIGNAL) == 1) {
  }
}

class FixedAnswer final : public net::HttpHandler {
 public:
  void handle(net::HttpExchange& exchange) override { answer(exchange, 200); }
  void refuse(net::HttpExchange& exchange, net::Refusal, std::string_view) override { answer(exchange, 400); }

 private:
  static void answer(net::HttpExchange& exchange, int status) {
    net::HttpResponse response;
    response.status = status;
    response.body = kAnswer;
    exchange.respond(response);
  }
};

// Keeps every connection busy for kRequestTime.
class BusyConnections final : public TransportEvents {
 public:
  BusyConnections(Transport& transport, const core::Clock& clock)
      : transport_(transport), end_(clock.now() + kRequestTime) {
    request_.target = "/queue/status?token=doctor";
  }

  std::uint64_t answered() const { return answered_; }
  std::uint64_t failed() const { return failed_; }

  Instant on_time(Instant now) override {
    if (!begun_) {
      for (ConnectionId id = 0; id < kConnections; ++id) send(id, now);
    }
    begun_ = true;
    return end_;
  }
  void on_response(ConnectionId id, const Response& response) override {
    --in_flight_;
    ++(response.status == 200 ? answered_ : failed_);
    // A server that only fails would be asked for ever faster.
    if (response.done < end_ && failed_ <= kConnections) send(id, response.done);
  }
  bool finished() const override { return begun_ && in_flight_ == 0; }

 private:
  void send(ConnectionId id, Instant now) {
    ++in_flight_;
    transport_.send(id, request_, now + std::chrono::seconds(1));
  }

  Transport& transport_;
  Request request_;
  const Instant end_;
  std::uint32_t in_flight_ = 0;
  std::uint64_t answered_ = 0;
  std::uint64_t failed_ = 0;
  bool begun_ = false;
};

// Microseconds, of this thread (RUSAGE_THREAD) or of the whole process.
double cpu_us(int who) {
  rusage use{};
  ::getrusage(who, &use);
  const auto us = [](const timeval& t) { return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_usec); };
  return us(use.ru_utime) + us(use.ru_stime);
}

}  // namespace

core::Result<measure::Histogram> LoopbackProbe::round_trips() const {
  const FileDescriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const FileDescriptor client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (listener.get() < 0 || client.get() < 0) return no_loopback("socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  socklen_t length = sizeof(address);
  if (::bind(listener.get(), name, length) != 0) return no_loopback("bind");
  if (::listen(listener.get(), 1) != 0) return no_loopback("listen");
  ::getsockname(listener.get(), name, &length);
  if (::connect(client.get(), name, length) != 0) return no_loopback("connect");
  const FileDescriptor server(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (server.get() < 0) return no_loopback("accept");
  tune(client.get());
  tune(server.get());

  measure::Histogram times;
  std::thread other([&server] { echo(server.get()); });
  const Instant start = clock_.now();
  Instant before = start;
  for (int i = 0; i < kRoundTrips && before - start < kRoundTripLimit; ++i) {
    char byte = 'x';
    if (::send(client.get(), &byte, 1, MSG_NOSIGNAL) != 1 || ::recv(client.get(), &byte, 1, 0) != 1) break;
    const Instant now = clock_.now();
    times.record(now - before);
    before = now;
  }
  ::shutdown(client.get(), SHUT_RDWR);
  other.join();
  if (times.count() == 0) return no_loopback("send");
  return times;
}

core::Result<RequestCost> LoopbackProbe::request_cost() const {
  const auto server = net::HttpServer::start(net::HttpServerOptions(), clock_, [](boost::asio::io_context&, unsigned) {
    return std::make_unique<FixedAnswer>();
  });
  if (!server) return core::fail("can't measure what a request costs: " + server.error().message);
  const net::HostPort address = (*server)->address();
  TransportOptions options;
  options.host = address.host;
  options.port = address.port;
  options.host_header = fmt::format("{}:{}", address.host, address.port);
  options.connections = kConnections;
  auto transport = make_asio_transport(options, clock_);
  if (!transport) return core::fail("can't measure what a request costs: " + transport.error().message);
  if (const auto connected = (*transport)->connect_all(); !connected) {
    return core::fail("can't measure what a request costs: " + connected.error().message);
  }

  BusyConnections requests(**transport, clock_);
  const double thread_before = cpu_us(RUSAGE_THREAD);
  const double process_before = cpu_us(RUSAGE_SELF);
  (*transport)->run(requests);
  const double client_us = cpu_us(RUSAGE_THREAD) - thread_before;
  const double server_us = cpu_us(RUSAGE_SELF) - process_before - client_us;
  if (requests.answered() == 0) {
    return core::fail(fmt::format("can't measure what a request costs: none of {} was answered", requests.failed()));
  }
  const auto count = static_cast<double>(requests.answered());
  return RequestCost{requests.answered(), client_us / count, std::max(0.0, server_us) / count};
}

}  // namespace tacos::load
