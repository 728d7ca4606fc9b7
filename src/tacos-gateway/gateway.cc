#include "tacos-gateway/gateway.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>
#include <openssl/rand.h>

#include "net/descriptor_limit.h"
#include "redis/redis_url.h"
#include "tacos-gateway/events_file.h"
#include "tacos-gateway/http/api_handler.h"
#include "tacos-gateway/http/probe_routes.h"
#include "tacos-gateway/process/operator_file.h"
#include "tacos-gateway/random/secure_random.h"
#include "tacos-gateway/secrets.h"

namespace tacos::gateway {
namespace {

using core::fail;
using core::Result;

// Descriptors that are not connections: the loops, the listener, logs, files read for metrics.
constexpr std::uint64_t kOwnDescriptors = 64;
// The operators' port has its own connections, so that a crowd at the public one can't keep probes and operators out.
constexpr std::size_t kAdminConnections = 128;
constexpr std::size_t kAdminConnectionsPerAddress = 64;
constexpr core::Nanos kAdminIdleAtTheEnd = std::chrono::milliseconds(50);
// How long those at the operators' port may take when everything else has ended.
constexpr core::Nanos kAdminGrace = std::chrono::seconds(1);
constexpr std::size_t kEventLimiterSlots = 4096;  // 64 KiB

// What may stand in a log: no password.
std::string store_text(const GatewayOptions& options) {
  return options.embedded() ? options.store : redis::parse_redis_url(options.store)->to_string();
}

// The offset by which the injected clock's time line lies in the calendar.
std::int64_t unix_ms_at_origin_of(const core::Clock& clock) {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return (since_1970 - clock.now().since_origin()) / std::chrono::milliseconds(1);
}

}  // namespace

void throw_exception_from_error(const Gateway::StartError& error, const boost::source_location&) {
  throw std::logic_error("no gateway: " + error.message);
}

Gateway::Gateway(const GatewayOptions& options, GatewayStores stores, const core::Clock& clock, GatewayLog& log)
    : options_(options),
      log_(log),
      store_(std::move(stores.line)),
      seats_(std::move(stores.seats)),
      services_{clock, log, *store_, *seats_} {
  services_.max_body_bytes = options.max_body;
  services_.cors = CorsPolicy(options.cors_origins);
  services_.store_kind = options.embedded() ? "embedded" : "redis";
  services_.position_strategy = options.position_used();
  services_.seat_limits = GatewayStores::seat_limits(options);
  services_.unix_ms_at_origin = unix_ms_at_origin_of(clock);
  for (unsigned i = 0; i < server_threads(); ++i) services_.metrics.push_back(std::make_unique<ThreadMetrics>());
  reports_ = std::make_unique<OperatorReports>(
      *store_, [this](const OperatorReports::Snapshots& events) { return current_metrics_page(services_, events); });
  services_.reports = reports_.get();
}

Gateway::~Gateway() {
  if (server_) server_->shut_down(core::Nanos(0));
  if (admin_server_) admin_server_->shut_down(core::Nanos(0));
  reports_.reset();  // it reads from all that goes next
  services_.server = nullptr;
  services_.admin_server = nullptr;
  services_.trimmer = nullptr;
  // Its threads tell services_ how they find the store, until they have ended.
  trimmer_.reset();
  admin_server_.reset();
  server_.reset();
  declarer_.reset();
  seats_.reset();
  store_.reset();
}

Result<void> Gateway::take_secrets() {
  auto secrets = load_secrets(options_);
  if (secrets.has_error()) return secrets.error();
  services_.signing_keys = std::move(secrets->signing_keys);
  if (!secrets->admin_token.empty()) services_.admin.emplace(secrets->admin_token);
  warnings_ = std::move(secrets->warnings);
  return {};
}

unsigned Gateway::server_threads() const {
  return options_.threads + (options_.admin_listen.empty() ? 0 : 1);
}

Result<std::shared_ptr<net::TlsContext>> Gateway::load_tls() const {
  // OpenSSL would read a FIFO for as long as nobody writes to it. A file that is not there is left to its message.
  for (const std::string& path : {options_.tls_cert, options_.tls_key, options_.tls_client_ca}) {
    if (path.empty() || ::access(path.c_str(), F_OK) != 0) continue;
    if (auto checked = check_operator_file(path); checked.has_error()) {
      return fail("--tls-cert, --tls-key, --tls-client-ca: " + checked.error().message);
    }
  }
  auto tls = net::TlsContext::for_server({options_.tls_cert, options_.tls_key, options_.tls_client_ca});
  if (tls.has_error()) return fail("--tls-cert, --tls-key: " + tls.error().message);
  return tls;
}

Result<net::HttpServerOptions> Gateway::admin_server_options() const {
  net::HttpServerOptions server;
  auto listen = net::parse_listen_address(options_.admin_listen);
  if (listen.has_error()) return fail("--admin-listen: " + listen.error().message);
  server.listen = std::move(*listen);
  server.threads = 1;
  server.max_connections = kAdminConnections;
  server.max_connections_per_address = kAdminConnectionsPerAddress;
  server.drain_idle_timeout = kAdminIdleAtTheEnd;
  server.request_timeout = options_.request_timeout;
  server.idle_timeout = options_.idle_timeout;
  server.write_timeout = options_.request_timeout;
  server.limits.max_body_bytes = options_.max_body;
  server.limits.max_target_bytes = options_.max_target;
  server.limits.max_head_bytes = options_.max_headers;
  return server;
}

// As many connections as the system has descriptors for. A server holds a sixteenth more than its limit for a moment,
// and what the operators' port needs must be left.
Result<std::size_t> Gateway::connections_that_fit() const {
  const net::DescriptorLimit limit = net::raise_descriptor_limit();
  std::uint64_t own = kOwnDescriptors;
  if (!options_.admin_listen.empty()) own += kAdminConnections + kAdminConnections / 16 + 1;
  if (limit.soft <= own + 16) {
    return fail(
        fmt::format("the system allows {} descriptors (ulimit -n), and {} are needed at least", limit.soft, own + 17));
  }
  const std::uint64_t most = (limit.soft - own) * 16 / 17 - 1;
  if (options_.max_connections <= most) return options_.max_connections;
  log_.write(GatewayLog::Level::kWarn, "fewer connections than asked for: the system allows no more descriptors",
             {{"asked_for", options_.max_connections}, {"max_connections", most}, {"descriptors", limit.soft}});
  return most;
}

Result<void> Gateway::set_join_rules() {
  JoinRules& rules = services_.joins;
  rules.anonymous = options_.anonymous;
  if (options_.asserted()) {
    const auto keys = read_assertion_keys(options_.assertion_key_file);
    if (keys.has_error()) return fail("--assertion-key-file: " + keys.error().message);
    for (unsigned i = 0; i < server_threads(); ++i) {
      auto verifier = AssertionVerifier::make(*keys, options_.assertion_audience);
      if (verifier.has_error()) return fail("--assertion-key-file: " + verifier.error().message);
      rules.assertions.push_back(std::move(*verifier));
    }
  }
  if (!options_.trusted_proxies.empty()) {
    auto proxies = TrustedProxies::parse(options_.trusted_proxies);
    if (proxies.has_error()) return fail("--trusted-proxies: " + proxies.error().message);
    rules.proxies = std::move(*proxies);
  }
  const auto limiter = [](core::Rate rate, std::uint64_t burst,
                          std::size_t slots) -> Result<std::unique_ptr<AddressLimiter>> {
    if (rate.per_second() <= 0) return std::unique_ptr<AddressLimiter>();
    return std::make_unique<AddressLimiter>(GcraLimit::of(rate, burst), slots, SecureRandom::of_this_thread().next());
  };
  auto by_address =
      limiter(options_.join_rate_per_address, options_.join_burst_per_address, AddressLimiter::kUsualSlots);
  if (by_address.has_error()) return by_address.error();
  auto by_event = limiter(options_.join_rate_per_event, options_.join_burst_per_event, kEventLimiterSlots);
  if (by_event.has_error()) return by_event.error();
  rules.by_address = std::move(*by_address);
  rules.by_event = std::move(*by_event);
  rules.limit_this_machine = options_.join_limit_given;
  return {};
}

Result<void> Gateway::declare_events() {
  EventTerms& defaults = services_.default_terms;
  defaults.seats = options_.seats;
  defaults.admission_rate = options_.admission_rate;
  defaults.admission_burst = static_cast<double>(options_.admission_burst);
  defaults.price = options_.price;
  defaults.currency = options_.currency;
  if (options_.opening_delay > core::Nanos(0)) {
    defaults.opens_unix_ms = services_.unix_ms_now() + options_.opening_delay / std::chrono::milliseconds(1);
  }
  const std::string path = options_.events_file();
  if (path.empty()) return {};
  const auto events = read_events_file(path, defaults);
  if (events.has_error()) return events.error();
  if (events->size() > options_.max_events) {
    return fail(fmt::format("--events: '{}' declares {} events, and --max-events is {}", path, events->size(),
                            options_.max_events));
  }
  declarer_ = std::make_unique<EventDeclarer>(*store_, log_);
  declarer_->declare(*events);
  return {};
}

Result<void> Gateway::reload_events() {
  const auto events = read_events_file(options_.events_file(), services_.default_terms);
  if (events.has_error()) return events.error();
  declarer_->replace(*events);
  return {};
}

Result<net::HttpServerOptions> Gateway::server_options() const {
  net::HttpServerOptions server;
  auto listen = net::parse_listen_address(options_.listen);
  if (listen.has_error()) return fail("--listen: " + listen.error().message);
  server.listen = std::move(*listen);
  server.threads = options_.threads;
  server.max_connections_per_address = options_.connections_per_address_used();
  // A limit that was asked for holds for loopback too; but never for a proxy, whose connections are all its clients'.
  server.carries_many = [&proxies = services_.joins.proxies,
                         given = options_.max_connections_per_address.has_value()](const net::PeerAddress& peer) {
    return proxies.trusts(peer) || (!given && peer.is_loopback());
  };
  server.max_buffered_bytes = options_.max_buffered_bytes;
  server.request_timeout = options_.request_timeout;
  server.idle_timeout = options_.idle_timeout;
  server.write_timeout = options_.request_timeout;
  server.limits.max_body_bytes = options_.max_body;
  server.limits.max_target_bytes = options_.max_target;
  server.limits.max_head_bytes = options_.max_headers;
  if (options_.tls()) {
    auto tls = load_tls();
    if (tls.has_error()) return tls.error();
    server.tls = std::move(*tls);
  }
  return server;
}

boost::system::result<std::unique_ptr<Gateway>, Gateway::StartError> Gateway::start(const GatewayOptions& options,
                                                                                    const core::Clock& clock,
                                                                                    GatewayLog& log) {
  auto stores = GatewayStores::make(options, clock, log);
  if (stores.has_error()) return StartError{Fault::kOptions, stores.error().message};
  std::unique_ptr<Gateway> gateway(new Gateway(options, std::move(*stores), clock, log));
  if (auto taken = gateway->take_secrets(); taken.has_error()) {
    return StartError{Fault::kOptions, taken.error().message};
  }
  if (auto rules = gateway->set_join_rules(); rules.has_error()) {
    return StartError{Fault::kOptions, rules.error().message};
  }
  if (auto declared = gateway->declare_events(); declared.has_error()) {
    return StartError{Fault::kOptions, declared.error().message};
  }
  if (auto started = gateway->start_servers(); started.has_error()) return started.error();
  gateway->trimmer_ =
      std::make_unique<MemoryTrimmer>([&counted = *gateway->server_] { return counted.counts().requests; });
  gateway->services_.trimmer = gateway->trimmer_.get();
  if (!options.embedded() && options.signing_key_file.empty()) {
    log.write(GatewayLog::Level::kWarn, "tokens are signed with a random key: no other gateway of this line takes them",
              {{"option", std::string_view("--signing-key-file")}});
  }
  gateway->log_listening();
  for (const std::string& warning : gateway->warnings_) log.write(GatewayLog::Level::kWarn, warning);
  return gateway;
}

boost::system::result<void, Gateway::StartError> Gateway::start_servers() {
  auto public_options = server_options();
  if (public_options.has_error()) return StartError{Fault::kOptions, public_options.error().message};
  const auto connections = connections_that_fit();
  if (connections.has_error()) return StartError{Fault::kEnvironment, connections.error().message};
  public_options->max_connections = *connections;

  // Made here, where failing is still possible; each thread takes its own.
  std::vector<std::unique_ptr<TicketSigner>> signers;
  for (unsigned i = 0; i < server_threads(); ++i) {
    auto signer = TicketSigner::make(services_.signing_keys);
    if (signer.has_error()) return StartError{Fault::kEnvironment, signer.error().message};
    signers.push_back(std::move(*signer));
  }
  // First, so that users come to no gateway whose other port is taken.
  if (!options_.admin_listen.empty()) {
    if (auto started = start_admin_server(std::move(signers.back())); started.has_error()) return started.error();
  }
  const PortRole role = admin_server_ ? PortRole::kPublic : PortRole::kEverything;
  auto server = net::HttpServer::start(
      std::move(*public_options), services_.clock, [&](boost::asio::io_context& loop, unsigned number) {
        return std::make_unique<ApiHandler>(services_, loop, number, std::move(signers[number]), role);
      });
  if (server.has_error()) return StartError{Fault::kEnvironment, "--listen: " + server.error().message};
  server_ = std::move(*server);
  services_.server = server_.get();
  return {};
}

boost::system::result<void, Gateway::StartError> Gateway::start_admin_server(std::unique_ptr<TicketSigner> signer) {
  auto server_options = admin_server_options();
  if (server_options.has_error()) return StartError{Fault::kOptions, server_options.error().message};
  auto server =
      net::HttpServer::start(std::move(*server_options), services_.clock, [&](boost::asio::io_context& loop, unsigned) {
        return std::make_unique<ApiHandler>(services_, loop, options_.threads, std::move(signer), PortRole::kOperators);
      });
  if (server.has_error()) return StartError{Fault::kEnvironment, "--admin-listen: " + server.error().message};
  admin_server_ = std::move(*server);
  services_.admin_server = admin_server_.get();
  return {};
}

void Gateway::log_listening() const {
  log_.info("listening", {{"address", std::string_view(address().to_string())},
                          {"admin_address", std::string_view(admin_server_ ? admin_address().to_string() : "none")},
                          {"store", std::string_view(store_text(options_))},
                          {"position", std::string_view(options_.position_used())},
                          {"threads", std::uint64_t{options_.threads}},
                          {"admission_rate", options_.admission_rate.per_second()},
                          {"seats", options_.seats},
                          {"events", std::string_view(options_.any_event() ? "any" : "declared")},
                          {"identity", std::string_view(options_.identity)},
                          {"tls", std::string_view(options_.tls() ? "on" : "off")},
                          {"admin", std::string_view(services_.admin ? "open to its token" : "closed")}});
}

bool Gateway::reload() {
  bool all_taken = true;
  const auto keep = [&](std::string_view what, const std::string& reason) {
    all_taken = false;
    log_.error("not reloaded: what was there stays", {{"what", what}, {"reason", std::string_view(reason)}});
  };
  if (!options_.log_file.empty()) {
    if (auto opened = log_.open(options_.log_file); opened.has_error()) keep("log file", opened.error().message);
  }
  if (options_.tls()) {
    if (auto reloaded = reload_tls(); reloaded.has_error()) keep("certificates", reloaded.error().message);
  }
  if (declarer_ != nullptr) {
    if (auto reloaded = reload_events(); reloaded.has_error()) keep("events", reloaded.error().message);
  }
  log_.info("reloaded", {{"all_taken", std::string_view(all_taken ? "yes" : "no")}});
  return all_taken;
}

Result<void> Gateway::reload_tls() {
  auto tls = load_tls();
  if (tls.has_error()) return tls.error();
  server_->set_tls(std::move(*tls));
  return {};
}

bool Gateway::is_ready() const {
  return services_.readiness.ready(services_.clock.now());
}

bool Gateway::threads_make_progress() {
  return services_.progress.ask();
}

void Gateway::announce_shutdown() {
  services_.readiness.begin_shutdown();
  server_->begin_closing();
}

bool Gateway::shut_down() {
  return shut_down(options_.shutdown_grace);
}

bool Gateway::shut_down(core::Nanos grace) {
  announce_shutdown();
  const bool all_answered = server_->shut_down(grace);
  // Operators can see how the end goes on until it is over.
  if (admin_server_) admin_server_->shut_down(std::min(grace, kAdminGrace));
  const net::HttpServerCounts counts = server_->counts();
  log_.tell_left_out();
  log_.info("shut down", {{"requests", counts.requests},
                          {"connections_accepted", counts.connections_accepted},
                          {"all_answered", std::string_view(all_answered ? "yes" : "no")}});
  return all_answered;
}

void Gateway::cut_off() {
  server_->cut_off();
}

}  // namespace tacos::gateway
