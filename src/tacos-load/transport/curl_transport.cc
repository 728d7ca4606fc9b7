#include "tacos-load/transport/curl_transport.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <netdb.h>
#include <string>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <curl/curl.h>
#include <fmt/format.h>

#include "tacos-load/transport/curl_exchange.h"
#include "tacos-load/transport/deadline_list.h"

namespace tacos::load {
namespace {

using core::Instant;
using core::Nanos;

struct FreeMulti {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

class CurlTransport final : public Transport {
 public:
  CurlTransport(const TransportOptions& options, const core::Clock& clock)
      : options_(options),
        clock_(clock),
        epoll_(::epoll_create1(EPOLL_CLOEXEC)),
        multi_(curl_multi_init()),
        deadlines_(options.connections) {
    curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, &CurlTransport::on_socket);
    curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_.get(), CURLMOPT_TIMERFUNCTION, &CurlTransport::on_timer);
    curl_multi_setopt(multi_.get(), CURLMOPT_TIMERDATA, this);
    // The pool's size, as far as libcurl lets it be said: so many open, and as many kept.
    curl_multi_setopt(multi_.get(), CURLMOPT_MAX_TOTAL_CONNECTIONS, static_cast<long>(options.connections));
    curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(options.connections));
    curl_multi_setopt(multi_.get(), CURLMOPT_PIPELINING, options.http2 ? CURLPIPE_MULTIPLEX : CURLPIPE_NOTHING);
    const std::string base =
        (options.tls ? "https://" : "http://") + host_in_url() + ":" + std::to_string(options.port);
    for (ConnectionId id = 0; id < options.connections; ++id) {
      exchanges_.push_back(std::make_unique<CurlExchange>(options_, clock_, base, id));
    }
    set_sources();
  }

  ~CurlTransport() override {
    for (auto& exchange : exchanges_) {
      if (exchange->busy()) curl_multi_remove_handle(multi_.get(), exchange->easy());
    }
  }

  core::Result<std::uint32_t> connect_all() override;
  void send(ConnectionId connection, const Request& request, Instant timeout_at) override;
  void run(TransportEvents& events) override;
  TransportStats stats() const override { return stats_; }

 private:
  static int on_socket(CURL*, curl_socket_t socket, int what, void* self, void* known);
  static int on_timer(CURLM*, long timeout_ms, void* self);

  std::string host_in_url() const {
    return options_.host.find(':') == std::string::npos ? options_.host : "[" + options_.host + "]";
  }
  void set_sources();
  void wait(Instant until);
  void take_finished();
  void give_up_overdue(Instant now);
  void count_connections(const CurlExchange& exchange, const Response& response);

  TransportOptions options_;
  const core::Clock& clock_;
  FileDescriptor epoll_;
  std::unique_ptr<CURLM, FreeMulti> multi_;
  std::vector<std::unique_ptr<CurlExchange>> exchanges_;  // gone before multi_, as libcurl asks
  DeadlineList deadlines_;
  Instant curl_due_ = Instant::never();
  TransportEvents* events_ = nullptr;
  TransportStats stats_;
};

// Each handle binds to one address of the list, in turn.
void CurlTransport::set_sources() {
  std::vector<std::string> sources;
  for (std::size_t at = 0; at < options_.source_addresses.size();) {
    const std::size_t comma = std::min(options_.source_addresses.find(',', at), options_.source_addresses.size());
    sources.push_back("host!" + options_.source_addresses.substr(at, comma - at));
    at = comma + 1;
  }
  for (std::size_t i = 0; i < exchanges_.size() && !sources.empty(); ++i) {
    curl_easy_setopt(exchanges_[i]->easy(), CURLOPT_INTERFACE, sources[i % sources.size()].c_str());
  }
}

// Proves that something listens there, so that a wrong address is an error and not a report full of them.
core::Result<std::uint32_t> CurlTransport::connect_all() {
  if (!options_.proxy.empty()) return options_.connections;  // only the proxy has to be reachable from here
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(options_.host.c_str(), std::to_string(options_.port).c_str(), &hints, &found);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list(failed == 0 ? found : nullptr, &::freeaddrinfo);
  if (!list) {
    return core::fail(
        fmt::format("can't find the host '{}': {}. Check the name in --target", options_.host, ::gai_strerror(failed)));
  }
  int reason = 0;
  for (const addrinfo* entry = list.get(); entry != nullptr; entry = entry->ai_next) {
    const FileDescriptor probe(::socket(entry->ai_family, entry->ai_socktype | SOCK_CLOEXEC, entry->ai_protocol));
    if (probe.get() >= 0 && ::connect(probe.get(), entry->ai_addr, entry->ai_addrlen) == 0) return options_.connections;
    reason = errno;
  }
  return core::fail(fmt::format("can't connect to {}:{}: {}. Is the target running? Name another with --target",
                                options_.host, options_.port, std::strerror(reason)));
}

int CurlTransport::on_socket(CURL*, curl_socket_t socket, int what, void* self, void* known) {
  auto& transport = *static_cast<CurlTransport*>(self);
  if (what == CURL_POLL_REMOVE) {
    ::epoll_ctl(transport.epoll_.get(), EPOLL_CTL_DEL, socket, nullptr);
    return 0;
  }
  epoll_event event{};
  event.data.fd = socket;
  if ((what & CURL_POLL_IN) != 0) event.events |= EPOLLIN;
  if ((what & CURL_POLL_OUT) != 0) event.events |= EPOLLOUT;
  if (known != nullptr) {
    ::epoll_ctl(transport.epoll_.get(), EPOLL_CTL_MOD, socket, &event);
  } else {
    ::epoll_ctl(transport.epoll_.get(), EPOLL_CTL_ADD, socket, &event);
    curl_multi_assign(transport.multi_.get(), socket, self);  // anything but null: known from here on
  }
  return 0;
}

int CurlTransport::on_timer(CURLM*, long timeout_ms, void* self) {
  auto& transport = *static_cast<CurlTransport*>(self);
  transport.curl_due_ =
      timeout_ms < 0 ? Instant::never() : transport.clock_.now() + std::chrono::milliseconds(timeout_ms);
  return 0;
}

void CurlTransport::send(ConnectionId id, const Request& request, Instant timeout_at) {
  CurlExchange& exchange = *exchanges_[id];
  exchange.prepare(request);
  deadlines_.set(id, timeout_at);
  curl_multi_add_handle(multi_.get(), exchange.easy());
}

void CurlTransport::run(TransportEvents& events) {
  events_ = &events;
  Instant wake = events.on_time(clock_.now());
  while (!events.finished()) {
    wait(std::min({wake, curl_due_, deadlines_.earliest_deadline()}));
    const Instant now = clock_.now();
    if (now >= curl_due_) {
      curl_due_ = Instant::never();
      int running = 0;
      curl_multi_socket_action(multi_.get(), CURL_SOCKET_TIMEOUT, 0, &running);
    }
    take_finished();
    give_up_overdue(now);
    if (now >= wake) wake = events.on_time(clock_.now());
  }
}

void CurlTransport::wait(Instant until) {
  const Nanos left =
      until == Instant::never() ? Nanos(std::chrono::seconds(1)) : std::max(Nanos(0), until - clock_.now());
  const timespec timeout{left.count() / 1'000'000'000, left.count() % 1'000'000'000};
  std::array<epoll_event, 256> ready{};
  const int count = ::epoll_pwait2(epoll_.get(), ready.data(), static_cast<int>(ready.size()), &timeout, nullptr);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = ready[static_cast<std::size_t>(i)];
    int what = 0;
    if ((event.events & EPOLLIN) != 0) what |= CURL_CSELECT_IN;
    if ((event.events & EPOLLOUT) != 0) what |= CURL_CSELECT_OUT;
    if ((event.events & (EPOLLERR | EPOLLHUP)) != 0) what |= CURL_CSELECT_ERR;
    int running = 0;
    curl_multi_socket_action(multi_.get(), event.data.fd, what, &running);
  }
}

void CurlTransport::take_finished() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode result = message->data.result;
    char* self = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &self);
    CurlExchange& exchange = *static_cast<CurlExchange*>(static_cast<void*>(self));
    curl_multi_remove_handle(multi_.get(), exchange.easy());  // the message is gone with it
    deadlines_.clear(exchange.id());
    const Response response = exchange.finish(result);
    count_connections(exchange, response);
    events_->on_response(exchange.id(), response);
  }
}

void CurlTransport::count_connections(const CurlExchange& exchange, const Response& response) {
  long fresh = 0;
  curl_easy_getinfo(exchange.easy(), CURLINFO_NUM_CONNECTS, &fresh);
  stats_.opened += static_cast<std::uint64_t>(fresh);
  stats_.peak = std::min<std::uint64_t>(stats_.opened, options_.connections);
  if (fresh == 0 && response.outcome == measure::Outcome::kOk) ++stats_.reused;
  if (response.outcome == measure::Outcome::kConnectError) ++stats_.connect_failures;
}

void CurlTransport::give_up_overdue(Instant now) {
  while (deadlines_.earliest_deadline() <= now) {
    CurlExchange& exchange = *exchanges_[deadlines_.earliest()];
    deadlines_.clear(exchange.id());
    curl_multi_remove_handle(multi_.get(), exchange.easy());  // closes the connection: an answer may still be under way
    events_->on_response(exchange.id(), exchange.give_up(measure::Outcome::kTimeout));
  }
}

}  // namespace

CurlGlobal::CurlGlobal() {
  curl_global_init(CURL_GLOBAL_DEFAULT);
}
CurlGlobal::~CurlGlobal() {
  curl_global_cleanup();
}

core::Result<std::unique_ptr<Transport>> make_curl_transport(const TransportOptions& options,
                                                             const core::Clock& clock) {
  return std::unique_ptr<Transport>(std::make_unique<CurlTransport>(options, clock));
}

}  // namespace tacos::load
