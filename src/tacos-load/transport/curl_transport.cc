#include "tacos-load/transport/curl_transport.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <string>
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
using measure::Outcome;

// Handshakes under way at once while the pool is opened: enough to be quick, few enough for any listen backlog.
constexpr std::uint32_t kOpeningAtOnce = 64;
// While the pool is opened, the first failures are taken for chance.
constexpr std::uint32_t kToleratedFailures = 3;
constexpr int kTakenAtOnce = 64;

// Pings each slot of the pool once, a few at a time. It is what the event loop serves during connect_all().
class PoolOpening final : public TransportEvents {
 public:
  // ping(id) sends on that slot; connected(id) tells whether a connection was made for it.
  PoolOpening(std::uint32_t size, std::function<void(ConnectionId)> ping, std::function<bool(ConnectionId)> connected)
      : size_(size), ping_(std::move(ping)), connected_(std::move(connected)) {}

  Instant on_time(Instant) override {
    ping_more();
    return Instant::never();
  }

  void on_response(ConnectionId id, const Response& response) override {
    --under_way_;
    if (response.outcome == Outcome::kOk) {
      ++answered_;
    } else if (connected_(id)) {
      ++disliked_;
    } else {
      ++failed_;
      if (response.outcome == Outcome::kTimeout) timed_out_ = true;
    }
    ping_more();
  }

  bool finished() const override { return under_way_ == 0; }

  std::uint32_t answered() const { return answered_; }
  bool has_failed() const { return failed_ > 0 && (failed_ > kToleratedFailures || answered_ + disliked_ == 0); }
  bool timed_out() const { return timed_out_; }

 private:
  bool enough() const { return failed_ > kToleratedFailures || disliked_ > kToleratedFailures; }

  void ping_more() {
    while (!enough() && next_ < size_ && under_way_ < kOpeningAtOnce) {
      ++under_way_;
      ping_(next_++);
    }
  }

  std::uint32_t size_;
  std::function<void(ConnectionId)> ping_;
  std::function<bool(ConnectionId)> connected_;
  std::uint32_t next_ = 0;
  std::uint32_t under_way_ = 0;
  std::uint32_t answered_ = 0;
  std::uint32_t disliked_ = 0;  // connected, but gave no answer to the ping
  std::uint32_t failed_ = 0;
  bool timed_out_ = false;
};

class CurlTransport final : public Transport {
 public:
  CurlTransport(const TransportOptions& options, const core::Clock& clock)
      : pool_(options, clock), multi_(curl_multi_init()), deadlines_(options.connections) {
    curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, &CurlTransport::on_socket);
    curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_.get(), CURLMOPT_TIMERFUNCTION, &CurlTransport::on_timer);
    curl_multi_setopt(multi_.get(), CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi_.get(), CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_NOTHING));
    exchanges_.reserve(options.connections);
    for (ConnectionId id = 0; id < options.connections; ++id) {
      exchanges_.push_back(std::make_unique<CurlExchange>(pool_, id));
    }
  }

  ~CurlTransport() override {
    for (auto& exchange : exchanges_) {
      if (exchange->busy()) curl_multi_remove_handle(multi_.get(), exchange->easy());
    }
  }

  bool ready() const { return pool_.watch.ready() && multi_ != nullptr; }

  core::Result<std::uint32_t> connect_all() override;
  void send(ConnectionId connection, const Request& request, Instant timeout_at) override;
  void run(TransportEvents& events) override;
  TransportStats stats() const override { return pool_.stats; }

 private:
  static int on_socket(CURL*, curl_socket_t socket, int what, void* self, void*) noexcept;
  static int on_timer(CURLM*, long timeout_ms, void* self) noexcept;

  void start(CurlExchange& exchange, Instant timeout_at);
  void on_ready(int socket, std::uint32_t events);
  void take_finished();
  void give_up_overdue(Instant now);

  CurlPool pool_;
  std::unique_ptr<CURLM, FreeMulti> multi_;
  std::vector<std::unique_ptr<CurlExchange>> exchanges_;
  DeadlineList deadlines_;
  Instant curl_due_ = Instant::never();
  TransportEvents* events_ = nullptr;
  std::string answer_;  // the body that is being handed over
  std::string last_failure_;
};

core::Result<std::uint32_t> CurlTransport::connect_all() {
  const TransportOptions& options = pool_.options;
  PoolOpening opening(
      options.connections,
      [&](ConnectionId id) {
        exchanges_[id]->prepare_ping();
        start(*exchanges_[id], pool_.clock.now() + options.connect_timeout);
      },
      [&](ConnectionId id) { return exchanges_[id]->connected(); });
  run(opening);
  if (!opening.has_failed()) return opening.answered();
  const std::string where = fmt::format("{}:{}", options.host, options.port);
  const std::string via = options.proxy.empty() ? "" : fmt::format(" through the proxy {}", options.proxy);
  const std::string reason = opening.timed_out() ? "no answer within the connect time-out" : last_failure_;
  return core::fail(
      fmt::format("can't connect to {}{}: {}. {} of {} connections opened. Is the target running? Name another "
                  "with --target",
                  where, via, reason, pool_.open_now, options.connections));
}

void CurlTransport::send(ConnectionId id, const Request& request, Instant timeout_at) {
  exchanges_[id]->prepare(request);
  start(*exchanges_[id], timeout_at);
}

// Gives the handle to libcurl and lets it send at once: left to its own time-out of 0 ms it would do so a turn of the
// loop later, behind all else that the turn holds. Answers are only taken from libcurl in the loop, never in here.
void CurlTransport::start(CurlExchange& exchange, Instant timeout_at) {
  deadlines_.set(exchange.id(), timeout_at);
  curl_multi_add_handle(multi_.get(), exchange.easy());
  int running = 0;
  curl_multi_socket_action(multi_.get(), CURL_SOCKET_TIMEOUT, 0, &running);
}

int CurlTransport::on_socket(CURL*, curl_socket_t socket, int what, void* self, void*) noexcept {
  std::uint32_t events = 0;
  if (what != CURL_POLL_REMOVE) {
    if ((what & CURL_POLL_IN) != 0) events |= EPOLLIN;
    if ((what & CURL_POLL_OUT) != 0) events |= EPOLLOUT;
  }
  static_cast<CurlTransport*>(self)->pool_.watch.want(socket, events);
  return 0;
}

int CurlTransport::on_timer(CURLM*, long timeout_ms, void* self) noexcept {
  auto& transport = *static_cast<CurlTransport*>(self);
  transport.curl_due_ =
      timeout_ms < 0 ? Instant::never() : transport.pool_.clock.now() + std::chrono::milliseconds(timeout_ms);
  return 0;
}

void CurlTransport::run(TransportEvents& events) {
  events_ = &events;
  Instant now = pool_.clock.now();
  Instant wake = events.on_time(now);
  take_finished();  // what failed as soon as it was sent
  while (!events.finished()) {
    pool_.watch.wait(std::min({wake, curl_due_, deadlines_.earliest_deadline()}), pool_.clock.now(),
                     [this](int socket, std::uint32_t happened) { on_ready(socket, happened); });
    now = pool_.clock.now();
    if (now >= curl_due_) {
      curl_due_ = Instant::never();
      int running = 0;
      curl_multi_socket_action(multi_.get(), CURL_SOCKET_TIMEOUT, 0, &running);
    }
    take_finished();
    give_up_overdue(now);
    if (now >= wake) {
      wake = events.on_time(now);
      take_finished();
    }
  }
}

void CurlTransport::on_ready(int socket, std::uint32_t events) {
  int what = 0;
  if ((events & EPOLLIN) != 0) what |= CURL_CSELECT_IN;
  if ((events & EPOLLOUT) != 0) what |= CURL_CSELECT_OUT;
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) what |= CURL_CSELECT_ERR;
  int running = 0;
  curl_multi_socket_action(multi_.get(), socket, what, &running);
  take_finished();  // now, so that "done" is when this answer was read and not the end of the batch
}

// At most a few: a request that is sent from on_response and fails at once would otherwise keep the loop in here for
// ever.
void CurlTransport::take_finished() {
  int left = 0;
  for (int taken = 0; taken < kTakenAtOnce; ++taken) {
    const CURLMsg* const message = curl_multi_info_read(multi_.get(), &left);
    if (message == nullptr) return;
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode result = message->data.result;
    char* slot = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &slot);
    CurlExchange& exchange = *static_cast<CurlExchange*>(static_cast<void*>(slot));
    const Response response = exchange.finish(result, answer_);
    if (response.outcome == Outcome::kConnectError) last_failure_ = exchange.connect_failure(result);
    curl_multi_remove_handle(multi_.get(), exchange.easy());  // the message goes with it
    deadlines_.clear(exchange.id());
    events_->on_response(exchange.id(), response);
  }
  curl_due_ = pool_.clock.now();  // come back for the rest
}

void CurlTransport::give_up_overdue(Instant now) {
  while (deadlines_.earliest_deadline() <= now) {
    CurlExchange& exchange = *exchanges_[deadlines_.earliest()];
    deadlines_.clear(exchange.id());
    curl_multi_remove_handle(multi_.get(), exchange.easy());  // closes the connection: an answer may still be under way
    events_->on_response(exchange.id(), exchange.give_up(Outcome::kTimeout));
  }
}

bool is_address(const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  return ::inet_pton(AF_INET, text.c_str(), address.data()) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), address.data()) == 1;
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
  for (const auto& source : split_addresses(options.source_addresses)) {
    if (!is_address(source)) return core::fail(fmt::format("'{}' in --source-address is not an IP address", source));
  }
  if (!options.ca_file.empty() && ::access(options.ca_file.c_str(), R_OK) != 0) {
    return core::fail(fmt::format("can't read the CA file '{}': {}. It holds PEM certificates", options.ca_file,
                                  std::strerror(errno)));
  }
  auto transport = std::make_unique<CurlTransport>(options, clock);
  if (!transport->ready()) {
    return core::fail(
        "the process has run out of file descriptors: raise the limit (ulimit -n) or use fewer --connections");
  }
  return std::unique_ptr<Transport>(std::move(transport));
}

}  // namespace tacos::load
