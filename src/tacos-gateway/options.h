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
  // the server
  std::string listen = "127.0.0.1:8080";
  unsigned threads = 2;  // or the number of cores, when that is less
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

  std::uint64_t connections_per_address_used() const {
    return max_connections_per_address.value_or(std::max<std::uint64_t>(max_connections / 16, 64));
  }
  bool tls() const { return !tls_cert.empty(); }
  bool embedded() const { return store == "embedded"; }
  std::string position_used() const { return !position.empty() ? position : embedded() ? "index" : "watermark"; }
};

// What the command line asks for.
struct GatewayCommand {
  enum class Action { kRun, kHelp, kVersion };
  Action action = Action::kRun;
  GatewayOptions options;
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
