#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "core/units.h"

namespace tacos::gateway {

// Everything an operator may set, with its default. --help is printed from this, so the two can't disagree.
struct GatewayOptions {
  // events
  std::string events;  // any, declared, or a file; empty: any where only this machine can ask, else declared
  // the line
  std::string store = "embedded";
  std::string position;  // empty: the store's own, as position_used() says
  core::Nanos store_timeout = std::chrono::seconds(1);
  std::uint32_t line_buckets = 1;  // slots over which the tickets of an event are spread on a Redis
  core::Nanos facts_interval = std::chrono::milliseconds(250);
  unsigned store_replicas = 0;
  core::Nanos store_replicas_timeout = std::chrono::milliseconds(100);
  core::Rate admission_rate = core::Rate::per_second(1000);
  std::uint64_t admission_burst = 100;
  std::uint64_t seats = 10'000;
  core::Nanos turn_ttl = std::chrono::seconds(30);
  core::Nanos grant_ttl = std::chrono::seconds(30);
  core::Nanos heartbeat_ttl = std::chrono::seconds(60);
  core::Nanos hold_ttl = std::chrono::minutes(2);
  core::Nanos opening_delay{0};
  std::uint64_t max_events = 1000;
  core::Nanos forget_events_after = std::chrono::hours(24);  // 0: never
  // money
  std::uint64_t price = 100;  // of a seat, in the currency's smallest unit
  std::string currency = "USD";
  std::uint64_t max_intents_per_reservation = 20;
  std::uint64_t max_keys_per_grant = 64;
  std::uint64_t max_keys = 1'000'000;  // of all grants, in this process's memory
  // strangers
  std::string identity = "open";
  std::string assertion_key_file;
  std::string assertion_audience;  // empty: an assertion with an aud is refused
  bool anonymous = true;
  core::Rate join_rate_per_address = core::Rate::per_second(50);
  std::uint64_t join_burst_per_address = 500;
  bool join_limit_given = false;   // then it covers clients of this machine too
  core::Rate join_rate_per_event;  // 0: no limit
  std::uint64_t join_burst_per_event = 1000;
  std::uint64_t max_tickets = 5'000'000;
  std::string trusted_proxies;
  // the server
  std::string listen = "127.0.0.1:8080";
  std::string admin_listen;  // empty: /admin and /metrics are on the public port
  unsigned threads = 2;      // or the number of cores, when that is less
  std::uint64_t max_connections = 16'000;
  // Not given: a sixteenth of max_connections, and none for loopback, from where a proxy or a load generator comes.
  std::optional<std::uint64_t> max_connections_per_address;
  std::uint64_t max_buffered_bytes = 64 * 1024 * 1024;
  core::Nanos request_timeout = std::chrono::seconds(10);
  core::Nanos idle_timeout = std::chrono::seconds(75);
  std::uint64_t max_body = 64 * 1024;
  std::uint64_t max_target = 8 * 1024;
  std::uint64_t max_headers = 16 * 1024;
  std::vector<std::string> cors_origins;  // as browsers send them
  core::Nanos shutdown_delay{0};
  core::Nanos shutdown_grace = std::chrono::seconds(10);
  // secrets
  std::string admin_token;
  std::string admin_token_file;
  std::string signing_key_file;
  std::string tls_cert;
  std::string tls_key;
  std::string tls_client_ca;
  // logs
  std::string log_level = "info";
  std::string log_format = "json";
  std::string log_file;  // empty: standard error

  std::uint64_t connections_per_address_used() const {
    return max_connections_per_address.value_or(std::max<std::uint64_t>(max_connections / 16, 64));
  }
  bool tls() const { return !tls_cert.empty(); }
  bool asserted() const { return identity == "assertion"; }
  bool embedded() const { return store == "embedded"; }
  // Whether a first join may bring an event into being that is not declared.
  bool any_event() const { return events == "any" || (events.empty() && listens_on_loopback()); }
  // The file that declares events; empty when there is none.
  std::string events_file() const { return events == "any" || events == "declared" ? std::string() : events; }
  bool listens_on_loopback() const;
  std::string position_used() const { return !position.empty() ? position : embedded() ? "index" : "watermark"; }
};

// What the command line asks for.
struct GatewayCommand {
  enum class Action { kRun, kHelp, kVersion };
  Action action = Action::kRun;
  GatewayOptions options;
  std::vector<std::string> warnings;  // for the log, once there is one
};

// Reads the options from the flags, then the file named by --config ("key = value" lines), then environment variables
// (TACOS_GATEWAY_ADMISSION_RATE for --admission-rate): the first that names an option wins. arguments are those behind
// the program's name. Reads the config file, and nothing else.
core::Result<GatewayCommand> parse_gateway_options(std::span<const char* const> arguments,
                                                   const std::map<std::string, std::string>& environment);

// This process's environment, as far as it concerns the gateway.
std::map<std::string, std::string> gateway_environment();

// What --help prints.
std::string gateway_help();

}  // namespace tacos::gateway
