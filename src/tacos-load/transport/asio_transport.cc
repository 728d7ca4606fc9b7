#include "tacos-load/transport/asio_transport.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <netinet/in.h>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include "core/units.h"
#include "tacos-load/transport/asio_connection.h"
#include "tacos-load/transport/deadline_list.h"
#include "tacos-load/transport/early_wake.h"
#include "tacos-load/transport/request_writer.h"

namespace tacos::load {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using core::Instant;

// Handshakes under way at once while the pool is opened: enough to be quick, few enough for any listen backlog.
constexpr std::uint32_t kOpeningAtOnce = 64;
// While the pool is opened, the first failures are taken for chance as long as others succeed.
constexpr std::uint32_t kToleratedFailures = 3;

// Each costs a close and, with a request waiting, a connect: about 100 us. When a target fails, all connections time
// out together, and slots that come due meanwhile must not wait for the last of them (measured: 30 ms with 300).
constexpr int kGiveUpsPerTurn = 8;

std::vector<asio::ip::address> parse_addresses(const std::string& list, std::string& bad) {
  std::vector<asio::ip::address> addresses;
  for (std::size_t at = 0; at < list.size();) {
    const std::size_t comma = std::min(list.find(',', at), list.size());
    error_code error;
    addresses.push_back(asio::ip::make_address(list.substr(at, comma - at), error));
    if (error) bad = list.substr(at, comma - at);
    at = comma + 1;
  }
  return addresses;
}

template <class Stream>
class AsioTransport final : public Transport, public ConnectionHost<Stream> {
 public:
  AsioTransport(const TransportOptions& options, const core::Clock& clock, std::vector<asio::ip::address> sources,
                std::unique_ptr<asio::ssl::context> tls)
      : options_(options),
        clock_(clock),
        sources_(std::move(sources)),
        tls_(std::move(tls)),
        deadlines_(options.connections),
        timer_(context_) {
    targets_.push_back({options.host, options.port, {}, RequestWriter(options, options.host_header)});
    for (const TransportPeer& other : options.other_targets) {
      targets_.push_back({other.host, other.port, {}, RequestWriter(options, other.host_header)});
    }
    connections_.reserve(options.connections);
    for (ConnectionId id = 0; id < options.connections; ++id) {
      connections_.push_back(std::make_unique<AsioConnection<Stream>>(*this, id));
    }
  }

  // Completions that are still queued refer to the connections: they go first.
  ~AsioTransport() override {
    for (auto& connection : connections_) connection->close();
    context_.restart();
    context_.poll();
  }

  core::Result<std::uint32_t> connect_all() override;
  void send(ConnectionId connection, const Request& request, Instant timeout_at) override;
  void run(TransportEvents& events) override;
  TransportStats stats() const override { return stats_; }

 private:
  // What only connect_all() keeps.
  struct Opening {
    std::uint32_t next = 0;  // the first that has not been tried
    std::uint32_t under_way = 0;
    std::uint32_t opened = 0;
    std::uint32_t failed = 0;
    error_code last_error;
    bool active = false;
  };

  struct Target {
    std::string host;
    std::uint16_t port;
    tcp::endpoint peer;
    RequestWriter writer;
    std::string where() const { return fmt::format("{}:{}", host, port); }
  };

  core::Result<void> resolve(Target& target);
  std::string where() const;
  void open_more();
  void arm(Instant wanted);
  void on_timer();
  void turn_awake();
  void give_up_overdue(Instant now);

  Instant now() const override { return clock_.now(); }
  std::uint32_t target_of(ConnectionId id) const override {
    return (options_.first_target + id) % static_cast<std::uint32_t>(targets_.size());
  }
  const tcp::endpoint& peer(std::uint32_t target) const override { return targets_[target].peer; }
  std::uint32_t most_response_bytes() const override { return options_.max_response_bytes; }
  std::shared_ptr<Stream> open_stream(ConnectionId id, error_code& error) override;
  void on_opened(ConnectionId id) override;
  void on_closed(ConnectionId) override { --open_now_; }
  void on_open_failed(ConnectionId id, const error_code& error) override;
  void on_exchange_over(ConnectionId id, Response& response) override;
  void open_failed_soon(ConnectionId id, const error_code& error) override {
    asio::post(context_, [this, id, error] { on_open_failed(id, error); });
  }

  TransportOptions options_;
  const core::Clock& clock_;
  std::vector<asio::ip::address> sources_;
  std::unique_ptr<asio::ssl::context> tls_;
  std::vector<Target> targets_;
  // The loop has one thread and nobody else posts to it, so it needs no locks of its own.
  asio::io_context context_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE};
  std::vector<std::unique_ptr<AsioConnection<Stream>>> connections_;
  DeadlineList deadlines_;
  asio::steady_timer timer_;
  std::optional<Instant> awake_until_;  // set while the loop does not sleep; see EarlyWake
  TransportEvents* events_ = nullptr;
  std::string wire_;
  TransportStats stats_;
  std::uint64_t open_now_ = 0;
  Opening opening_;
};

template <class Stream>
std::string AsioTransport<Stream>::where() const {
  std::string all;
  for (const Target& target : targets_) all += (all.empty() ? "" : ", ") + target.where();
  return all;
}

template <class Stream>
core::Result<void> AsioTransport<Stream>::resolve(Target& target) {
  tcp::resolver resolver(context_);
  error_code error;
  const auto found = resolver.resolve(target.host, std::to_string(target.port), error);
  if (error || found.empty()) {
    return core::fail(fmt::format("can't find the host '{}': {}. Check the name in --target", target.host,
                                  error ? error.message() : "no address"));
  }
  // The first that answers: a name such as localhost may list an address family nobody listens on.
  for (const auto& entry : found) {
    tcp::socket probe(context_);
    probe.connect(entry.endpoint(), error);
    target.peer = entry.endpoint();
    if (!error) return {};
  }
  return core::fail(fmt::format("can't connect to {}: {}. Is the target running? Name another with --target",
                                target.where(), error.message()));
}

template <class Stream>
core::Result<std::uint32_t> AsioTransport<Stream>::connect_all() {
  for (Target& target : targets_) {
    if (const auto resolved = resolve(target); !resolved) return resolved.error();
  }
  opening_ = Opening{};
  opening_.active = true;
  open_more();
  asio::steady_timer limit(context_, options_.connect_timeout);
  bool late = false;
  std::uint32_t opened_before = 0;
  const std::function<void(const error_code&)> check = [&](const error_code& e) {
    if (e) return;
    late = opening_.opened == opened_before;  // not one handshake in all that time
    opened_before = opening_.opened;
    limit.expires_after(options_.connect_timeout);
    limit.async_wait(check);
  };
  limit.async_wait(check);
  while (opening_.under_way > 0 && opening_.failed <= kToleratedFailures && !late) context_.run_one();
  opening_.active = false;
  limit.cancel();
  if (late) {
    return core::fail(
        fmt::format("{} of {} connections to {} opened, then none for {}. Is it overloaded, or something "
                    "between dropping packets? Try fewer --connections",
                    opening_.opened, options_.connections, where(), core::format_duration(options_.connect_timeout)));
  }
  if (opening_.failed > kToleratedFailures || opening_.opened == 0) {
    const bool untrusted = opening_.last_error.category() == asio::error::get_ssl_category();
    return core::fail(fmt::format(
        "{} of {} connections to {} opened, then: {}. {}", opening_.opened, options_.connections, where(),
        opening_.last_error.message(),
        untrusted ? "Name the certificates to trust with --ca-file, or use --insecure" : "Try fewer --connections"));
  }
  return opening_.opened;
}

template <class Stream>
void AsioTransport<Stream>::open_more() {
  while (opening_.under_way < kOpeningAtOnce && opening_.next < connections_.size()) {
    ++opening_.under_way;
    connections_[opening_.next++]->open();
  }
}

template <class Stream>
std::shared_ptr<Stream> AsioTransport<Stream>::open_stream(ConnectionId id, error_code& error) {
  tcp::socket socket(context_);
  const Target& target = targets_[target_of(id)];
  socket.open(target.peer.protocol(), error);
  if (error) return nullptr;
  if (!sources_.empty()) {
    // The port is chosen at connect(), where the kernel knows the peer: 28,000 ports for each source address rather
    // than 28,000 in all (Linux ip(7), IP_BIND_ADDRESS_NO_PORT).
    using BindWithoutPort = asio::detail::socket_option::boolean<IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT>;
    socket.set_option(BindWithoutPort(true), error);
    socket.bind(tcp::endpoint(sources_[id % sources_.size()], 0), error);
    if (error) return nullptr;
  }
  if constexpr (std::is_same_v<Stream, TlsStream>) {
    auto stream = std::make_shared<TlsStream>(std::move(socket), *tls_);
    // SSL_set_tlsext_host_name, spelt out: the macro casts as C does. Server name indication (RFC 6066, 3).
    std::string name = target.host;
    SSL_ctrl(stream->native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
    if (options_.verify_peer) stream->set_verify_callback(asio::ssl::host_name_verification(target.host));
    return stream;
  } else {
    return std::make_shared<PlainStream>(std::move(socket));
  }
}

template <class Stream>
void AsioTransport<Stream>::on_opened(ConnectionId) {
  ++stats_.opened;
  stats_.peak = std::max(stats_.peak, ++open_now_);
  if (!opening_.active) return;
  ++opening_.opened;
  --opening_.under_way;
  open_more();
}

template <class Stream>
void AsioTransport<Stream>::on_open_failed(ConnectionId id, const error_code& error) {
  ++stats_.connect_failures;
  if (opening_.active) {
    ++opening_.failed;
    --opening_.under_way;
    opening_.last_error = error;
  }
  connections_[id]->fail(measure::Outcome::kConnectError);
}

template <class Stream>
void AsioTransport<Stream>::send(ConnectionId id, const Request& request, Instant timeout_at) {
  targets_[target_of(id)].writer.write(request, wire_);
  auto& connection = *connections_[id];
  if (connection.has_carried()) ++stats_.reused;
  deadlines_.set(id, timeout_at);
  connection.send(wire_, request.method == Method::kGet);
}

template <class Stream>
void AsioTransport<Stream>::on_exchange_over(ConnectionId id, Response& response) {
  deadlines_.clear(id);
  if (events_ != nullptr) events_->on_response(id, response);
}

template <class Stream>
void AsioTransport<Stream>::give_up_overdue(Instant now) {
  for (int given_up = 0; given_up < kGiveUpsPerTurn && deadlines_.earliest_deadline() <= now; ++given_up) {
    const ConnectionId id = deadlines_.earliest();
    deadlines_.clear(id);
    connections_[id]->fail(measure::Outcome::kTimeout);
  }
}

template <class Stream>
void AsioTransport<Stream>::arm(Instant wanted) {
  const Instant at = std::min(wanted, deadlines_.earliest_deadline());
  if (at == Instant::never()) return;
  const bool early = EarlyWake::pays(at, clock_.now());
  timer_.expires_at(asio::steady_timer::time_point((early ? at - EarlyWake::kEarly : at).since_origin()));
  timer_.async_wait([this, at, early](const error_code& error) {
    if (error) return;
    if (early) {
      awake_until_ = at;
    } else {
      on_timer();
    }
  });
}

// One turn without sleeping, while something is about to be due.
template <class Stream>
void AsioTransport<Stream>::turn_awake() {
  // With every connection closed nothing may be pending, which Asio takes for the end.
  if (context_.stopped()) context_.restart();
  context_.poll_one();
  if (clock_.now() < *awake_until_) return;
  awake_until_.reset();
  if (context_.stopped()) context_.restart();
  on_timer();
}

template <class Stream>
void AsioTransport<Stream>::on_timer() {
  if (events_ == nullptr) return;
  const Instant now = clock_.now();
  give_up_overdue(now);
  arm(events_->on_time(now));
}

template <class Stream>
void AsioTransport<Stream>::run(TransportEvents& events) {
  events_ = &events;
  context_.restart();
  on_timer();
  while (!events.finished()) {
    if (awake_until_) {
      turn_awake();
    } else if (context_.run_one() == 0) {
      break;
    }
  }
  awake_until_.reset();
  timer_.cancel();
  events_ = nullptr;  // what is still queued must not call back
}

core::Result<std::unique_ptr<asio::ssl::context>> make_tls_context(const TransportOptions& options) {
  auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client);
  context->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                       asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
  // A rested TLS stream gives its 34 KB of buffers back, which is most of what 10,000 of them would cost.
  SSL_CTX_set_mode(context->native_handle(), SSL_MODE_RELEASE_BUFFERS);
  context->set_verify_mode(options.verify_peer ? asio::ssl::verify_peer : asio::ssl::verify_none);
  error_code error;
  if (!options.ca_file.empty()) {
    context->load_verify_file(options.ca_file, error);
    if (error) {
      return core::fail(
          fmt::format("can't read the CA file '{}': {}. It holds PEM certificates", options.ca_file, error.message()));
    }
  } else {
    context->set_default_verify_paths(error);
  }
  return context;
}

}  // namespace

core::Result<std::unique_ptr<Transport>> make_asio_transport(const TransportOptions& options,
                                                             const core::Clock& clock) {
  std::string bad;
  auto sources = parse_addresses(options.source_addresses, bad);
  if (!bad.empty()) return core::fail(fmt::format("'{}' in --source-address is not an IP address", bad));
  if (!options.tls) {
    return std::unique_ptr<Transport>(
        std::make_unique<AsioTransport<PlainStream>>(options, clock, std::move(sources), nullptr));
  }
  auto tls = make_tls_context(options);
  if (!tls) return tls.error();
  return std::unique_ptr<Transport>(
      std::make_unique<AsioTransport<TlsStream>>(options, clock, std::move(sources), std::move(*tls)));
}

}  // namespace tacos::load
