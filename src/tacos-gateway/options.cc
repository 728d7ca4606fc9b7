#include "tacos-gateway/options.h"

#include <algorithm>
#include <fstream>
#include <functional>
#include <optional>
#include <thread>
#include <unistd.h>
#include <vector>

#include <boost/program_options/errors.hpp>
#include <boost/program_options/options_description.hpp>
#include <boost/program_options/parsers.hpp>
#include <boost/program_options/value_semantic.hpp>
#include <fmt/format.h>

#include "net/url.h"
#include "redis/redis_url.h"

namespace tacos::gateway {
namespace {

namespace po = boost::program_options;
using core::fail;
using core::Nanos;
using core::Result;
using Set = std::function<Result<void>(GatewayOptions&, const std::string&)>;
using Show = std::function<std::string(const GatewayOptions&)>;

constexpr std::string_view kEnvironmentPrefix = "TACOS_GATEWAY_";
// A Redis looks for clients whose WAIT is over when something wakes it, and hz times a second: 10 by default.
constexpr Nanos kRedisTick = std::chrono::milliseconds(100);

struct OptionSpec {
  const char* section;
  const char* name;
  const char* value;
  const char* help;
  Set set;
  Show show;
};

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

Result<void> set_forget_events_after(GatewayOptions& options, const std::string& value) {
  const auto time = core::parse_duration(value);
  if (time.has_error()) return time.error();
  if (*time != Nanos(0) && (*time < std::chrono::seconds(1) || *time > std::chrono::hours(24 * 365))) {
    return fail(fmt::format("'{}' is out of range: it may be 1s to 365d, or 0s for never", value));
  }
  options.forget_events_after = *time;
  return {};
}

Result<void> set_listen(GatewayOptions& options, const std::string& value) {
  const auto parsed = net::parse_host_port(value);
  if (parsed.has_error()) return parsed.error();
  options.listen = value;
  return {};
}

const std::vector<OptionSpec>& specs() {
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
      {"The line", "opening-delay", "TIME", "from an event's first join to its first admission",
       duration(&O::opening_delay, 0s, kYear), show_duration(&O::opening_delay)},
      {"The line", "max-events", "N", "events kept at the same time",
       count<std::uint64_t>(&O::max_events, 1, 1'000'000), show_count(&O::max_events)},
      {"The line", "forget-events-after", "TIME",
       "an event that is over, and untouched this long, is forgotten with its orders (0s: never)",
       set_forget_events_after, show_duration(&O::forget_events_after)},
      {"The server", "listen", "HOST:PORT", "where to listen; port 0 lets the system choose", set_listen,
       show_text(&O::listen)},
      {"The server", "threads", "N", "server threads; no more than there are cores",
       count<unsigned>(&O::threads, 1, 256), show_count(&O::threads)},
      {"The server", "max-connections", "N", "more than these are answered 503 and closed",
       count<std::uint64_t>(&O::max_connections, 1, 1'000'000), show_count(&O::max_connections)},
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
  };
  return all;
}

// A value as somebody wrote it, and where.
struct Given {
  std::string text;
  std::string origin;
};
using GivenValues = std::map<std::string, Given>;

po::options_description describe(bool with_commands) {
  po::options_description description;
  for (const OptionSpec& spec : specs()) description.add_options()(spec.name, po::value<std::string>(), "");
  if (with_commands) {
    description.add_options()("config", po::value<std::string>(), "")("help,h", "")("version", "");
  }
  return description;
}

// Values named before stay: the caller goes from the strongest source to the weakest.
template <class Parsed>
void take(const Parsed& parsed, const std::function<std::string(const std::string&)>& origin_of, GivenValues& given) {
  for (const auto& option : parsed.options) {
    given.emplace(option.string_key,
                  Given{option.value.empty() ? "" : option.value.back(), origin_of(option.string_key)});
  }
}

std::string environment_name(const std::string& option) {
  std::string name(kEnvironmentPrefix);
  for (const char c : option) name += c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return name;
}

Result<void> read_flags(std::span<const char* const> arguments, GivenValues& given) {
  try {
    const std::vector<std::string> words(arguments.begin(), arguments.end());
    const auto description = describe(true);
    const auto style = po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
    const po::positional_options_description no_positional;
    const auto parsed =
        po::command_line_parser(words).options(description).positional(no_positional).style(style).run();
    for (const auto& option : parsed.options) {
      if (given.contains(option.string_key)) {
        return fail(fmt::format("--{} is given twice; give it once", option.string_key));
      }
      given.emplace(option.string_key,
                    Given{option.value.empty() ? "" : option.value.back(), "--" + option.string_key});
    }
  } catch (const po::error& error) {
    return fail(fmt::format("{}; 'tacos-gateway --help' lists the options", error.what()));
  }
  return {};
}

Result<void> read_file(const std::string& path, GivenValues& given) {
  std::ifstream file(path);
  if (!file)
    return fail(fmt::format("--config: cannot read '{}'; name a readable file of 'option = value' lines", path));
  try {
    take(
        po::parse_config_file(file, describe(false)), [&](const std::string& name) { return name + " in " + path; },
        given);
  } catch (const po::error& error) {
    return fail(fmt::format("{}: {}; write lines such as 'admission-rate = 1000'", path, error.what()));
  }
  return {};
}

void read_environment(const std::map<std::string, std::string>& environment, GivenValues& given) {
  for (const OptionSpec& spec : specs()) {
    const auto found = environment.find(environment_name(spec.name));
    if (found != environment.end()) given.emplace(spec.name, Given{found->second, found->first});
  }
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
  if (options.max_target >= options.max_headers) {
    return fail(fmt::format("--max-target ({}) must be less than --max-headers ({}), which counts the request line too",
                            options.max_target, options.max_headers));
  }
  return {};
}

GatewayOptions defaults() {
  GatewayOptions options;
  options.threads = std::clamp(std::thread::hardware_concurrency(), 1u, options.threads);
  return options;
}

}  // namespace

Result<GatewayCommand> parse_gateway_options(std::span<const char* const> arguments,
                                             const std::map<std::string, std::string>& environment) {
  GatewayCommand command;
  command.options = defaults();
  GivenValues given;
  if (auto read = read_flags(arguments, given); read.has_error()) return read.error();
  if (given.contains("help")) command.action = GatewayCommand::Action::kHelp;
  if (given.contains("version")) command.action = GatewayCommand::Action::kVersion;
  if (command.action != GatewayCommand::Action::kRun) return command;

  std::string config = given.contains("config") ? given["config"].text : std::string();
  if (const auto found = environment.find(environment_name("config")); config.empty() && found != environment.end()) {
    config = found->second;
  }
  if (!config.empty()) {
    if (auto read = read_file(config, given); read.has_error()) return read.error();
  }
  read_environment(environment, given);

  for (const OptionSpec& spec : specs()) {
    const auto found = given.find(spec.name);
    if (found == given.end()) continue;
    if (auto set = spec.set(command.options, found->second.text); set.has_error()) {
      return fail(fmt::format("{}: {}", found->second.origin, set.error().message));
    }
  }
  if (auto checked = check_together(command.options); checked.has_error()) return checked.error();
  return command;
}

std::map<std::string, std::string> gateway_environment() {
  std::map<std::string, std::string> found;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view line(*entry);
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos || !line.starts_with(kEnvironmentPrefix)) continue;
    found.emplace(line.substr(0, equals), line.substr(equals + 1));
  }
  return found;
}

std::string gateway_help() {
  std::string help =
      "tacos-gateway: a waiting room for the moment a popular sale opens. Users join a line, are let in at a rate the\n"
      "backend can carry, and reserve, pay for and confirm seats that are never sold twice.\n\n"
      "Usage: tacos-gateway [OPTIONS]\n\n"
      "Examples:\n"
      "  tacos-gateway                                        a line on 127.0.0.1:8080 with 10,000 seats per event\n"
      "  tacos-gateway --admission-rate 500 --seats 2000      slower, smaller\n"
      "  tacos-gateway --store redis://127.0.0.1:6379         a line that several gateways share\n"
      "  tacos-gateway --config gateway.conf --listen :8080   from a file, on every interface\n"
      "  curl -d '{\"event_id\":\"show\"}' http://127.0.0.1:8080/queue/join\n";
  const GatewayOptions shown = defaults();
  std::string section;
  for (const OptionSpec& spec : specs()) {
    if (section != spec.section) {
      section = spec.section;
      help += fmt::format("\n{}:\n", section);
    }
    const std::string value = spec.show(shown);
    help += fmt::format("  {:<30}{}{}\n", fmt::format("--{} {}", spec.name, spec.value), spec.help,
                        value.empty() ? "" : fmt::format(" [{}]", value));
  }
  help +=
      "\nStores:\n"
      "  embedded                                          this process's memory: one gateway, gone when it ends\n"
      "  redis://[user:password@]host[:port][/database]    one server; every gateway that names it serves the same "
      "line\n"
      "  rediss://…?ca_file=FILE                           the same over TLS\n"
      "  unix:///path                                      the same over a socket\n"
      "  redis+cluster://host:port[,host:port…]            a cluster; each event lies in one slot\n"
      "Gateways that share a line must share --signing-key-file too.\n"
      "\nOther:\n"
      "  --config FILE                 read options from a file of 'option = value' lines\n"
      "  --version                     print the version\n"
      "  -h, --help                    print this\n\n"
      "An option that is not given as a flag is taken from the config file, then from the environment\n"
      "(TACOS_GATEWAY_ADMISSION_RATE for --admission-rate), then from the default in brackets.\n"
      "TIME is a number and a unit (50ms, 30s, 5m, 1h). SIGTERM or SIGINT shuts down gracefully.\n\n"
      "Exit codes: 0 shut down as asked · 2 an option or a file is wrong · 3 it could not run (port in use, …) ·\n"
      "4 shut down, but requests were still unanswered after --shutdown-grace\n";
  return help;
}

}  // namespace tacos::gateway
