#include "tacos-gateway/option_specs.h"

#include <algorithm>

#include <fmt/format.h>

#include "net/url.h"
#include "redis/redis_url.h"
#include "tacos-gateway/http/cors_policy.h"
#include "tacos-gateway/http/trusted_proxies.h"

namespace tacos::gateway {
namespace {

using core::fail;
using core::Nanos;
using core::Rate;
using core::Result;
using Set = std::function<Result<void>(GatewayOptions&, const std::string&)>;
using Show = std::function<std::string(const GatewayOptions&)>;

constexpr double kLeastJoinRate = 1.0 / 86'400;

// A Redis looks for clients whose WAIT is over when something wakes it, and hz times a second: 10 by default.
constexpr Nanos kRedisTick = std::chrono::milliseconds(100);

Set duration(Nanos GatewayOptions::*member, Nanos least, Nanos most) {
  return [=](GatewayOptions& options, const std::string& text) -> Result<void> {
    const auto parsed = core::parse_duration(text);
    if (parsed.has_error()) return parsed.error();
    if (*parsed < least || *parsed > most) {
      return fail(fmt::format("'{}' is out of range: it may be {} to {}", text, core::format_duration(least),
                              core::format_duration(most)));
    }
    options.*member = *parsed;
    return {};
  };
}
Show show_duration(Nanos GatewayOptions::*member) {
  return [=](const GatewayOptions& options) { return core::format_duration(options.*member); };
}

template <class Number>
Set count(Number GatewayOptions::*member, Number least, Number most) {
  return [=](GatewayOptions& options, const std::string& text) -> Result<void> {
    const auto parsed = core::parse_count(text, least, most);
    if (parsed.has_error()) return parsed.error();
    options.*member = static_cast<Number>(*parsed);
    return {};
  };
}
template <class Number>
Show show_count(Number GatewayOptions::*member) {
  return [=](const GatewayOptions& options) { return std::to_string(options.*member); };
}

Set text(std::string GatewayOptions::*member) {
  return [=](GatewayOptions& options, const std::string& value) -> Result<void> {
    if (value.empty()) return fail("the value is empty");
    options.*member = value;
    return {};
  };
}
Set one_of(std::string GatewayOptions::*member, std::vector<std::string> allowed) {
  return [=](GatewayOptions& options, const std::string& value) -> Result<void> {
    if (std::find(allowed.begin(), allowed.end(), value) == allowed.end()) {
      return fail(fmt::format("'{}' is not one of {}", value, fmt::join(allowed, ", ")));
    }
    options.*member = value;
    return {};
  };
}
Show show_text(std::string GatewayOptions::*member) {
  return [=](const GatewayOptions& options) { return options.*member; };
}

// Errors must not repeat the value: it may hold a password.
Result<void> set_store(GatewayOptions& options, const std::string& value) {
  if (value != "embedded") {
    if (value.find("://") == std::string::npos) {
      return fail(fmt::format("'{}' is neither 'embedded' nor a URL such as redis://127.0.0.1:6379", value));
    }
    if (const auto url = redis::parse_redis_url(value); url.has_error()) return url.error();
  }
  options.store = value;
  return {};
}

Result<void> set_rate(GatewayOptions& options, const std::string& value) {
  const auto rate = core::parse_rate(value);
  if (rate.has_error()) return rate.error();
  options.admission_rate = *rate;
  return {};
}

// 0, or so often that the time between two joins can be counted: once a day at least.
Set join_rate(Rate GatewayOptions::*member) {
  return [=](GatewayOptions& options, const std::string& value) -> Result<void> {
    const auto rate = core::parse_rate(value);
    if (rate.has_error()) return rate.error();
    if (rate->per_second() > 0 && rate->per_second() < kLeastJoinRate) {
      return fail(fmt::format("'{}' is less than once a day; it may be 0 (no limit) or {:.8f} to 1e9 per second", value,
                              kLeastJoinRate));
    }
    options.*member = *rate;
    return {};
  };
}

Set given(Set set) {
  return [=](GatewayOptions& options, const std::string& value) -> Result<void> {
    options.join_limit_given = true;
    return set(options, value);
  };
}

Result<void> set_anonymous(GatewayOptions& options, const std::string& value) {
  if (value != "yes" && value != "no") return fail(fmt::format("'{}' is neither yes nor no", value));
  options.anonymous = value == "yes";
  return {};
}

Result<void> set_trusted_proxies(GatewayOptions& options, const std::string& value) {
  if (const auto proxies = TrustedProxies::parse(value); proxies.has_error()) return proxies.error();
  options.trusted_proxies = value;
  return {};
}

Result<void> set_forget_events_after(GatewayOptions& options, const std::string& value) {
  const auto time = core::parse_duration(value);
  if (time.has_error()) return time.error();
  if (*time != Nanos(0) && (*time < std::chrono::seconds(1) || *time > std::chrono::hours(24 * 365))) {
    return fail(fmt::format("'{}' is out of range: it may be 1s to 365d, or 0s for never", value));
  }
  options.forget_events_after = *time;
  return {};
}

Result<void> set_currency(GatewayOptions& options, const std::string& value) {
  if (value.size() != 3 || !std::all_of(value.begin(), value.end(), [](char c) { return c >= 'A' && c <= 'Z'; })) {
    return fail(fmt::format("'{}' is no currency; write three capitals such as USD", value));
  }
  options.currency = value;
  return {};
}

Result<void> set_max_connections_per_address(GatewayOptions& options, const std::string& value) {
  const auto parsed = core::parse_count(value, 0, 1'000'000);
  if (parsed.has_error()) return parsed.error();
  options.max_connections_per_address = *parsed;
  return {};
}

Set address(std::string GatewayOptions::*member) {
  return [=](GatewayOptions& options, const std::string& value) -> Result<void> {
    const auto parsed = net::parse_listen_address(value);
    if (parsed.has_error()) return parsed.error();
    options.*member = value;
    return {};
  };
}

Result<void> set_cors_origins(GatewayOptions& options, const std::string& value) {
  auto origins = parse_origins(value);
  if (origins.has_error()) return origins.error();
  options.cors_origins = std::move(*origins);
  return {};
}

}  // namespace

const std::vector<OptionSpec>& option_specs() {
  using O = GatewayOptions;
  using namespace std::chrono_literals;
  constexpr Nanos kYear = 24h * 365;
  static const std::vector<OptionSpec> all = {
      {"The line", "store", "WHERE", "where the line is kept: embedded, or a Redis's URL (see below)", set_store,
       show_text(&O::store)},
      {"The line", "position", "HOW", "how places on a Redis are found: watermark, index or keys",
       one_of(&O::position, {"watermark", "index", "keys"}),
       [](const O& o) { return o.position.empty() ? std::string("watermark; embedded: index") : o.position; }},
      {"The line", "line-buckets", "N", "spread an event's tickets over N slots of a Redis Cluster (1: one slot)",
       count<std::uint32_t>(&O::line_buckets, 1, 256), show_count(&O::line_buckets)},
      {"The line", "store-timeout", "TIME", "a Redis that takes longer to answer counts as not there",
       duration(&O::store_timeout, 10ms, 1min), show_duration(&O::store_timeout)},
      {"The line", "store-replicas", "N", "replicas that must have a join, an entry or a claim before it is answered",
       count<unsigned>(&O::store_replicas, 0, 16), show_count(&O::store_replicas)},
      {"The line", "store-replicas-timeout", "TIME",
       "if fewer have it by then the answer is 503, and asking again is safe",
       duration(&O::store_replicas_timeout, 1ms, 10s), show_duration(&O::store_replicas_timeout)},
      {"The line", "facts-interval", "TIME", "how often the watermark is read, and heartbeats are written",
       duration(&O::facts_interval, 10ms, 1s), show_duration(&O::facts_interval)},
      {"The line", "admission-rate", "RATE", "users let in per second, for each event (0 lets nobody in)", set_rate,
       [](const O& o) { return fmt::format("{:g}", o.admission_rate.per_second()); }},
      {"The line", "admission-burst", "N", "users who may be let in at once after a lull",
       count<std::uint64_t>(&O::admission_burst, 1, 1'000'000'000), show_count(&O::admission_burst)},
      {"The line", "seats", "N", "seats of each event; admission follows the seats left",
       count<std::uint64_t>(&O::seats, 1, 10'000'000), show_count(&O::seats)},
      {"The line", "turn-ttl", "TIME", "how long a user whose turn it is may take to enter",
       duration(&O::turn_ttl, 100ms, 24h), show_duration(&O::turn_ttl)},
      {"The line", "grant-ttl", "TIME", "how long a user who entered may take to reserve",
       duration(&O::grant_ttl, 100ms, 24h), show_duration(&O::grant_ttl)},
      {"The line", "heartbeat-ttl", "TIME", "who has not asked for this long has left the line",
       duration(&O::heartbeat_ttl, 3s, 24h), show_duration(&O::heartbeat_ttl)},
      {"The line", "hold-ttl", "TIME", "how long reserved seats are kept for a payment",
       duration(&O::hold_ttl, 100ms, 24h), show_duration(&O::hold_ttl)},
      {"The line", "opening-delay", "TIME", "from the start to the first admission of events that declare no opens_at",
       duration(&O::opening_delay, 0s, kYear), show_duration(&O::opening_delay)},
      {"The line", "events", "WHICH",
       "any (a first join makes an event), declared (by operators alone), or a file that declares them; not given: "
       "any on loopback, else declared",
       text(&O::events), show_text(&O::events)},
      {"The line", "max-events", "N", "events that are declared, and again as many that are not",
       count<std::uint64_t>(&O::max_events, 1, 1'000'000), show_count(&O::max_events)},
      {"The line", "forget-events-after", "TIME",
       "an event that is over, and untouched this long, is forgotten with its orders (0s: never)",
       set_forget_events_after, show_duration(&O::forget_events_after)},
      {"Strangers", "identity", "HOW",
       "who joins: open (any free name) or assertion (whom the site vouches for by a signed token)",
       one_of(&O::identity, {"open", "assertion"}), show_text(&O::identity)},
      {"Strangers", "assertion-key-file", "FILE",
       "the site's keys: PEM blocks of Ed25519 public keys, lines 'hs256 HEX [kid=NAME]'", text(&O::assertion_key_file),
       show_text(&O::assertion_key_file)},
      {"Strangers", "assertion-audience", "NAME",
       "this gateway's name in the aud of assertions; without it one with an aud is refused",
       text(&O::assertion_audience), show_text(&O::assertion_audience)},
      {"Strangers", "anonymous", "YESNO", "whether a join may leave out the user_id (with --identity open)",
       set_anonymous, [](const O& o) { return std::string(o.anonymous ? "yes" : "no"); }},
      {"Strangers", "join-rate-per-address", "RATE",
       "joins per second of one IPv4 address or IPv6 /64 (0: no limit); beyond it 429. The default passes over "
       "this machine",
       given(join_rate(&O::join_rate_per_address)),
       [](const O& o) { return fmt::format("{:g}", o.join_rate_per_address.per_second()); }},
      {"Strangers", "join-burst-per-address", "N", "joins of one address at once",
       given(count<std::uint64_t>(&O::join_burst_per_address, 1, 1'000'000'000)),
       show_count(&O::join_burst_per_address)},
      {"Strangers", "join-rate-per-event", "RATE",
       "joins per second to one event, those with an assertion not counted (0: no limit)",
       join_rate(&O::join_rate_per_event),
       [](const O& o) { return fmt::format("{:g}", o.join_rate_per_event.per_second()); }},
      {"Strangers", "join-burst-per-event", "N", "joins to one event at once",
       count<std::uint64_t>(&O::join_burst_per_event, 1, 1'000'000'000), show_count(&O::join_burst_per_event)},
      {"Strangers", "max-tickets", "N", "tickets that one event gives out in all; beyond it 403",
       count<std::uint64_t>(&O::max_tickets, 1, 50'000'000), show_count(&O::max_tickets)},
      {"Strangers", "trusted-proxies", "LIST",
       "networks, addresses or 'unix' whose X-Forwarded-For names the client, such as 10.0.0.0/8,::1",
       set_trusted_proxies, show_text(&O::trusted_proxies)},
      {"Money", "price", "N", "of each seat, in the currency's smallest unit; payments must match it (0: free)",
       count<std::uint64_t>(&O::price, 0, 100'000'000'000), show_count(&O::price)},
      {"Money", "currency", "XXX", "of the price: three capitals, as in ISO 4217", set_currency,
       show_text(&O::currency)},
      {"Money", "max-intents-per-reservation", "N", "payment intents that one reservation may make, else 429",
       count<std::uint64_t>(&O::max_intents_per_reservation, 1, 10'000), show_count(&O::max_intents_per_reservation)},
      {"Money", "max-keys-per-grant", "N", "Idempotency-Keys of one grant at a time, else 429",
       count<std::uint64_t>(&O::max_keys_per_grant, 8, 10'000), show_count(&O::max_keys_per_grant)},
      {"Money", "max-keys", "N", "of all grants, in memory (embedded store), else 503",
       count<std::uint64_t>(&O::max_keys, 8, 100'000'000), show_count(&O::max_keys)},
      {"The server", "listen", "HOST:PORT", "where to listen (port 0: the system chooses), or unix:/PATH",
       address(&O::listen), show_text(&O::listen)},
      {"The server", "admin-listen", "ADDRESS",
       "a port of its own for /admin, /metrics and probes, which the public port then lacks (probes stay)",
       address(&O::admin_listen), show_text(&O::admin_listen)},
      {"The server", "threads", "N", "server threads; no more than there are cores",
       count<unsigned>(&O::threads, 1, 256), show_count(&O::threads)},
      {"The server", "max-connections", "N", "more than these are answered 503 and closed",
       count<std::uint64_t>(&O::max_connections, 1, 1'000'000), show_count(&O::max_connections)},
      {"The server", "max-connections-per-address", "N",
       "the same for one client address or IPv6 /64, answered 429 (0: no limit)", set_max_connections_per_address,
       [](const O& o) {
         return o.max_connections_per_address ? std::to_string(*o.max_connections_per_address)
                                              : fmt::format("{}; loopback: none", o.connections_per_address_used());
       }},
      {"The server", "max-buffered-bytes", "BYTES", "for all large requests and unread answers together; beyond it 503",
       count<std::uint64_t>(&O::max_buffered_bytes, 1'000'000, 1'000'000'000'000), show_count(&O::max_buffered_bytes)},
      {"The server", "request-timeout", "TIME", "first to last byte of a request, else 408",
       duration(&O::request_timeout, 10ms, 1h), show_duration(&O::request_timeout)},
      {"The server", "idle-timeout", "TIME", "a connection without a request is closed after",
       duration(&O::idle_timeout, 10ms, 24h), show_duration(&O::idle_timeout)},
      {"The server", "max-body", "BYTES", "longer bodies are answered 413",
       count<std::uint64_t>(&O::max_body, 256, 16'000'000), show_count(&O::max_body)},
      {"The server", "max-target", "BYTES", "longer targets are answered 414",
       count<std::uint64_t>(&O::max_target, 256, 60'000), show_count(&O::max_target)},
      {"The server", "max-headers", "BYTES", "longer request heads are answered 431",
       count<std::uint64_t>(&O::max_headers, 1024, 65'000), show_count(&O::max_headers)},
      {"The server", "cors-origin", "ORIGIN", "pages of these origins (comma between) may call the API from a browser",
       set_cors_origins, [](const O& o) { return fmt::format("{}", fmt::join(o.cors_origins, ",")); }},
      {"The server", "shutdown-delay", "TIME", "/readyz says 503 this long before the port closes",
       duration(&O::shutdown_delay, 0s, 1h), show_duration(&O::shutdown_delay)},
      {"The server", "shutdown-grace", "TIME", "what is in flight may take this long to finish",
       duration(&O::shutdown_grace, 0s, 1h), show_duration(&O::shutdown_grace)},
      {"Secrets", "admin-token", "TEXT", "opens /admin to who knows it (better: --admin-token-file)",
       text(&O::admin_token), show_text(&O::admin_token)},
      {"Secrets", "admin-token-file", "FILE",
       "the same, from the first line of a file; without either /admin is closed", text(&O::admin_token_file),
       show_text(&O::admin_token_file)},
      {"Secrets", "signing-key-file", "FILE",
       "keys that sign tokens, 64 hex digits a line, the first signs; random when absent", text(&O::signing_key_file),
       show_text(&O::signing_key_file)},
      {"Secrets", "tls-cert", "FILE", "PEM certificate chain; turns TLS on", text(&O::tls_cert),
       show_text(&O::tls_cert)},
      {"Secrets", "tls-key", "FILE", "PEM key of --tls-cert", text(&O::tls_key), show_text(&O::tls_key)},
      {"Secrets", "tls-client-ca", "FILE", "clients must show a certificate signed by these", text(&O::tls_client_ca),
       show_text(&O::tls_client_ca)},
      {"Logs", "log-level", "LEVEL", "debug, info, warn, error or off",
       one_of(&O::log_level, {"debug", "info", "warn", "error", "off"}), show_text(&O::log_level)},
      {"Logs", "log-format", "FORM", "json (one object a line) or text", one_of(&O::log_format, {"json", "text"}),
       show_text(&O::log_format)},
      {"Logs", "log-file", "FILE", "append to this file instead of standard error; SIGHUP opens it anew",
       text(&O::log_file), show_text(&O::log_file)},
  };
  return all;
}

Result<void> check_together(const GatewayOptions& options) {
  if (options.tls_cert.empty() != options.tls_key.empty()) {
    return fail(fmt::format("--tls-{} is given without --tls-{}; TLS needs both",
                            options.tls_cert.empty() ? "key" : "cert", options.tls_cert.empty() ? "cert" : "key"));
  }
  if (!options.tls_client_ca.empty() && !options.tls()) return fail("--tls-client-ca needs --tls-cert and --tls-key");
  if (!options.admin_token.empty() && !options.admin_token_file.empty()) {
    return fail("--admin-token and --admin-token-file exclude each other; keep the file");
  }
  if (options.admin_listen == options.listen) {
    const auto where = net::parse_listen_address(options.listen);
    if (where->is_unix() || where->port != 0) {
      return fail(fmt::format("--admin-listen: '{}' is --listen too; choose another port", options.admin_listen));
    }
  }
  if (options.embedded() && !options.position.empty() && options.position != "index") {
    return fail(
        fmt::format("--position: '{}' is a way of the Redis store; the embedded store's is 'index'", options.position));
  }
  if (options.embedded() && options.store_replicas > 0) {
    return fail(fmt::format("--store-replicas: {} needs a Redis that has replicas; name it with --store",
                            options.store_replicas));
  }
  // A request may wait for those of another before its own are asked for, and both must be over well before its time
  // is.
  if (options.store_replicas > 0 && options.store_replicas_timeout > options.store_timeout / 4) {
    return fail(fmt::format("--store-replicas-timeout ({}) may be a quarter of --store-timeout ({}) at most",
                            core::format_duration(options.store_replicas_timeout),
                            core::format_duration(options.store_timeout)));
  }
  const core::Nanos both_waits = 2 * (options.store_replicas_timeout + kRedisTick);
  if (options.store_replicas > 0 && both_waits > options.store_timeout) {
    return fail(
        fmt::format("--store-timeout ({}) is too short for --store-replicas-timeout ({}): {} at least, since a Redis "
                    "that has nothing else to do ends a WAIT up to {} late, and a request may wait for two",
                    core::format_duration(options.store_timeout), core::format_duration(options.store_replicas_timeout),
                    core::format_duration(both_waits), core::format_duration(kRedisTick)));
  }
  if (options.line_buckets > 1 && (options.embedded() || options.position_used() != "watermark")) {
    return fail(fmt::format("--line-buckets: {} buckets need a Redis and --position watermark; here it is {}, {}",
                            options.line_buckets, options.embedded() ? "embedded" : "a Redis",
                            options.position_used()));
  }
  // The longest request alone must fit, with what its buffer is larger than it.
  if (options.max_buffered_bytes < 2 * (options.max_headers + options.max_body)) {
    return fail(fmt::format(
        "--max-buffered-bytes ({}) must be twice --max-headers ({}) and --max-body ({}) together at least: {}",
        options.max_buffered_bytes, options.max_headers, options.max_body,
        2 * (options.max_headers + options.max_body)));
  }
  if (options.asserted() && options.assertion_key_file.empty()) {
    return fail("--identity assertion needs --assertion-key-file with the keys that the site signs with");
  }
  if (!options.asserted() && !options.assertion_audience.empty()) {
    return fail(
        "--assertion-audience is given, but --identity is open and would not read it; add --identity assertion");
  }
  if (!options.asserted() && !options.assertion_key_file.empty()) {
    return fail(
        "--assertion-key-file is given, but --identity is open and would not read it; add --identity assertion");
  }
  if (options.max_target >= options.max_headers) {
    return fail(fmt::format("--max-target ({}) must be less than --max-headers ({}), which counts the request line too",
                            options.max_target, options.max_headers));
  }
  return {};
}

}  // namespace tacos::gateway
