#include "tacos-gateway/gateway.h"

#include <chrono>
#include <fstream>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "net/descriptor_limit.h"
#include "tacos-gateway/backend/embedded_seats.h"
#include "tacos-gateway/http/api_handler.h"
#include "tacos-gateway/redis_seats/redis_seats.h"
#include "tacos-gateway/redis_store/redis_store.h"
#include "tacos-gateway/store/embedded_store.h"

namespace tacos::gateway {
namespace {

using core::fail;
using core::Result;

// Descriptors that are not connections: the loops, the listener, logs, files read for metrics.
constexpr std::uint64_t kOwnDescriptors = 64;
constexpr std::size_t kShortestAdminToken = 8;

LineOptions line_options(const GatewayOptions& options) {
  LineOptions line;
  line.seats = options.seats;
  line.admission_rate = options.admission_rate;
  line.admission_burst = static_cast<double>(options.admission_burst);
  line.turn_ttl = options.turn_ttl;
  line.grant_ttl = options.grant_ttl;
  line.heartbeat_ttl = options.heartbeat_ttl;
  line.opening_delay = options.opening_delay;
  line.forget_after = options.forget_events_after;
  return line;
}

// What may stand in a log: no password.
std::string store_text(const GatewayOptions& options) {
  return options.embedded() ? options.store : redis::parse_redis_url(options.store)->to_string();
}

// The offset by which the injected clock's time line lies in the calendar.
std::int64_t unix_ms_at_origin_of(const core::Clock& clock) {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return (since_1970 - clock.now().since_origin()) / std::chrono::milliseconds(1);
}

Result<std::vector<SecretKey>> read_keys(const std::string& path) {
  std::ifstream file(path);
  if (!file) return fail(fmt::format("--signing-key-file: cannot read '{}'", path));
  std::vector<SecretKey> keys;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const auto key = parse_key(line);
    if (key.has_error()) {
      return fail(fmt::format("--signing-key-file: line {} of '{}': {}", number, path, key.error().message));
    }
    keys.push_back(*key);
  }
  if (keys.empty()) {
    return fail(fmt::format("--signing-key-file: '{}' holds no key; make one with 'openssl rand -hex 32'", path));
  }
  return keys;
}

Result<std::string> read_admin_token(const std::string& path) {
  std::ifstream file(path);
  std::string token;
  if (!file || !std::getline(file, token)) return fail(fmt::format("--admin-token-file: cannot read '{}'", path));
  const std::size_t end = token.find_last_not_of(" \t\r");
  token.resize(end == std::string::npos ? 0 : end + 1);
  return token;
}

}  // namespace

void throw_exception_from_error(const Gateway::StartError& error, const boost::source_location&) {
  throw std::logic_error("no gateway: " + error.message);
}

Result<Gateway::Stores> Gateway::make_stores(const GatewayOptions& options, const core::Clock& clock, GatewayLog& log) {
  if (options.embedded()) {
    EmbeddedStoreOptions store;
    store.line = line_options(options);
    store.max_events = options.max_events;
    auto seats = std::make_unique<EmbeddedSeats>(SeatInventoryOptions{options.seats, options.hold_ttl}, clock);
    // The seats are there for as long as anybody ticks the store.
    store.on_forgotten = [&forgetful = *seats](std::uint64_t event) { forgetful.forget(event); };
    return Stores{std::make_unique<EmbeddedStore>(std::move(store), clock), std::move(seats)};
  }
  const auto url = redis::parse_redis_url(options.store);
  if (url.has_error()) return fail("--store: " + url.error().message);
  RedisStoreOptions store;
  store.line = line_options(options);
  store.max_events = options.max_events;
  const std::string position = options.position_used();
  store.position = position == "index"  ? PositionStrategy::kIndex
                   : position == "keys" ? PositionStrategy::kKeys
                                        : PositionStrategy::kWatermark;
  store.command_timeout = options.store_timeout;
  store.facts_interval = options.facts_interval;
  store.wait_replicas = options.store_replicas;
  store.wait_timeout = options.store_replicas_timeout;
  store.buckets = options.line_buckets;
  store.on_failover = [&log](const RedisStoreOptions::Failover& news) {
    log.write(GatewayLog::Level::kWarn, "another server has the line, or it started again",
              {{"event_id", news.event_id}, {"tickets_known_to_be_lost", news.tickets_lost}});
  };
  auto opened = RedisStore::open(*url, std::move(store), clock);
  if (opened.has_error()) return fail("--store: " + opened.error().message);
  auto seats = std::make_unique<RedisSeats>((*opened)->parts(), RedisSeatOptions{.hold_ttl = options.hold_ttl});
  return Stores{std::move(*opened), std::move(seats)};
}

Gateway::Gateway(const GatewayOptions& options, Stores stores, const core::Clock& clock, GatewayLog& log)
    : options_(options),
      log_(log),
      store_(std::move(stores.line)),
      seats_(std::move(stores.seats)),
      services_{clock, log, *store_, *seats_} {
  services_.max_body_bytes = options.max_body;
  services_.cors = CorsPolicy(options.cors_origins);
  services_.store_kind = options.embedded() ? "embedded" : "redis";
  services_.position_strategy = options.position_used();
  services_.unix_ms_at_origin = unix_ms_at_origin_of(clock);
  for (unsigned i = 0; i < options.threads; ++i) services_.metrics.push_back(std::make_unique<ThreadMetrics>());
}

Gateway::~Gateway() {
  if (server_) server_->shut_down(core::Nanos(0));
  services_.server = nullptr;
  services_.trimmer = nullptr;
  // Its threads tell services_ how they find the store, until they have ended.
  trimmer_.reset();
  server_.reset();
  seats_.reset();
  store_.reset();
}

Result<void> Gateway::load_secrets() {
  if (options_.signing_key_file.empty()) {
    services_.signing_keys = {random_key()};
  } else {
    auto keys = read_keys(options_.signing_key_file);
    if (keys.has_error()) return keys.error();
    services_.signing_keys = std::move(*keys);
  }
  std::string token = options_.admin_token;
  if (!options_.admin_token_file.empty()) {
    auto read = read_admin_token(options_.admin_token_file);
    if (read.has_error()) return read.error();
    token = std::move(*read);
  }
  const bool asked_for = !options_.admin_token.empty() || !options_.admin_token_file.empty();
  if (asked_for && token.size() < kShortestAdminToken) {
    return fail(
        fmt::format("the admin token has {} characters; it must have {} at least, such as 'openssl rand -hex 32' "
                    "prints",
                    token.size(), kShortestAdminToken));
  }
  if (asked_for) services_.admin.emplace(token);
  return {};
}

Result<net::HttpServerOptions> Gateway::server_options() const {
  net::HttpServerOptions server;
  auto listen = net::parse_listen_address(options_.listen);
  if (listen.has_error()) return fail("--listen: " + listen.error().message);
  server.listen = std::move(*listen);
  server.threads = options_.threads;
  server.max_connections = options_.max_connections;
  server.max_connections_per_address = options_.connections_per_address_used();
  // A limit that was asked for holds for everybody, loopback too.
  if (!options_.max_connections_per_address) {
    server.carries_many = [](const net::PeerAddress& peer) { return peer.is_loopback(); };
  }
  server.max_buffered_bytes = options_.max_buffered_bytes;
  server.request_timeout = options_.request_timeout;
  server.idle_timeout = options_.idle_timeout;
  server.write_timeout = options_.request_timeout;
  server.limits.max_body_bytes = options_.max_body;
  server.limits.max_target_bytes = options_.max_target;
  server.limits.max_head_bytes = options_.max_headers;
  if (options_.tls()) {
    auto tls = net::TlsContext::for_server({options_.tls_cert, options_.tls_key, options_.tls_client_ca});
    if (tls.has_error()) return fail("--tls-cert, --tls-key: " + tls.error().message);
    server.tls = std::move(*tls);
  }
  const net::DescriptorLimit limit = net::raise_descriptor_limit();
  // A sixteenth more connections than that are told that there are too many.
  const std::uint64_t room = limit.soft > kOwnDescriptors ? (limit.soft - kOwnDescriptors) * 16 / 17 : 1;
  if (server.max_connections > room) {
    server.max_connections = room;
    log_.write(GatewayLog::Level::kWarn, "fewer connections than asked for: the system allows no more descriptors",
               {{"asked_for", options_.max_connections},
                {"max_connections", std::uint64_t{server.max_connections}},
                {"descriptors", limit.soft}});
  }
  return server;
}

boost::system::result<std::unique_ptr<Gateway>, Gateway::StartError> Gateway::start(const GatewayOptions& options,
                                                                                    const core::Clock& clock,
                                                                                    GatewayLog& log) {
  auto stores = make_stores(options, clock, log);
  if (stores.has_error()) return StartError{Fault::kOptions, stores.error().message};
  std::unique_ptr<Gateway> gateway(new Gateway(options, std::move(*stores), clock, log));
  if (auto loaded = gateway->load_secrets(); loaded.has_error()) {
    return StartError{Fault::kOptions, loaded.error().message};
  }
  auto server_options = gateway->server_options();
  if (server_options.has_error()) return StartError{Fault::kOptions, server_options.error().message};

  // Made here, where failing is still possible; each thread takes its own.
  std::vector<std::unique_ptr<TicketSigner>> signers;
  for (unsigned i = 0; i < options.threads; ++i) {
    auto signer = TicketSigner::make(gateway->services_.signing_keys);
    if (signer.has_error()) return StartError{Fault::kEnvironment, signer.error().message};
    signers.push_back(std::move(*signer));
  }
  auto server =
      net::HttpServer::start(std::move(*server_options), clock, [&](boost::asio::io_context& loop, unsigned number) {
        return std::make_unique<ApiHandler>(gateway->services_, loop, number, std::move(signers[number]));
      });
  if (server.has_error()) return StartError{Fault::kEnvironment, "--listen: " + server.error().message};
  gateway->server_ = std::move(*server);
  gateway->services_.server = gateway->server_.get();
  gateway->trimmer_ =
      std::make_unique<MemoryTrimmer>([&counted = *gateway->server_] { return counted.counts().requests; });
  gateway->services_.trimmer = gateway->trimmer_.get();
  if (!options.embedded() && options.signing_key_file.empty()) {
    log.write(GatewayLog::Level::kWarn, "tokens are signed with a random key: no other gateway of this line takes them",
              {{"option", std::string_view("--signing-key-file")}});
  }
  log.info("listening", {{"address", std::string_view(gateway->address().to_string())},
                         {"store", std::string_view(store_text(options))},
                         {"position", std::string_view(options.position_used())},
                         {"threads", std::uint64_t{options.threads}},
                         {"admission_rate", options.admission_rate.per_second()},
                         {"seats", options.seats},
                         {"tls", std::string_view(options.tls() ? "on" : "off")},
                         {"admin", std::string_view(gateway->services_.admin ? "open to its token" : "closed")}});
  return gateway;
}

void Gateway::announce_shutdown() {
  services_.readiness.begin_shutdown();
  server_->begin_closing();
}

bool Gateway::shut_down() {
  announce_shutdown();
  const bool all_answered = server_->shut_down(options_.shutdown_grace);
  const net::HttpServerCounts counts = server_->counts();
  log_.info("shut down", {{"requests", counts.requests},
                          {"connections_accepted", counts.connections_accepted},
                          {"all_answered", std::string_view(all_answered ? "yes" : "no")}});
  return all_answered;
}

}  // namespace tacos::gateway
