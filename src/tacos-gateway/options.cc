#include "tacos-gateway/options.h"

#include <algorithm>
#include <set>
#include <thread>
#include <unistd.h>
#include <vector>

#include <boost/program_options/errors.hpp>
#include <boost/program_options/options_description.hpp>
#include <boost/program_options/parsers.hpp>
#include <boost/program_options/value_semantic.hpp>
#include <fmt/format.h>

#include "net/url.h"
#include "tacos-gateway/config_file.h"
#include "tacos-gateway/option_specs.h"
#include "tacos-gateway/process/operator_file.h"

namespace tacos::gateway {
namespace {

namespace po = boost::program_options;
using core::fail;
using core::Result;

constexpr std::string_view kEnvironmentPrefix = "TACOS_GATEWAY_";
constexpr std::size_t kMostWarnings = 20;

// A value as somebody wrote it, and where.
struct Given {
  std::string text;
  std::string origin;
};
using GivenValues = std::map<std::string, Given>;

po::options_description describe() {
  po::options_description description;
  for (const OptionSpec& spec : option_specs()) description.add_options()(spec.name, po::value<std::string>(), "");
  description.add_options()("config", po::value<std::string>(), "")("help,h", "")("version", "");
  return description;
}

std::string environment_name(const std::string& option) {
  std::string name(kEnvironmentPrefix);
  for (const char c : option) name += c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return name;
}

Result<void> read_flags(std::span<const char* const> arguments, GivenValues& given) {
  try {
    const std::vector<std::string> words(arguments.begin(), arguments.end());
    const auto description = describe();
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

bool is_option(std::string_view name) {
  return std::any_of(option_specs().begin(), option_specs().end(),
                     [name](const OptionSpec& spec) { return name == spec.name; });
}

// Values named before stay: the caller goes from the strongest source to the weakest.
Result<void> read_file(const std::string& path, GivenValues& given) {
  const auto file = read_operator_file(path);
  if (file.has_error()) {
    return fail(fmt::format("--config: {}; name a readable file of 'option = value' lines", file.error().message));
  }
  const auto lines = parse_config(file->text, path);
  if (lines.has_error()) return fail("--config: " + lines.error().message);
  for (const ConfigLine& line : *lines) {
    if (!is_option(line.name)) {
      return fail(
          fmt::format("--config: line {} of {}: unrecognised option '{}'; write lines such as 'admission-rate "
                      "= 1000'",
                      line.number, path, line.name));
    }
    given.emplace(line.name, Given{line.value, line.name + " in " + path});
  }
  return {};
}

// In a pod Kubernetes adds variables for each Service; one named tacos-gateway makes TACOS_GATEWAY_PORT and the like.
bool is_service_link(std::string_view name) {
  name.remove_prefix(kEnvironmentPrefix.size());
  return name == "PORT" || name.starts_with("PORT_") || name == "SERVICE_HOST" || name.starts_with("SERVICE_PORT");
}

void read_environment(const std::map<std::string, std::string>& environment, GivenValues& given,
                      std::vector<std::string>& warnings) {
  std::set<std::string> known{environment_name("config")};
  for (const OptionSpec& spec : option_specs()) {
    const std::string& name = *known.insert(environment_name(spec.name)).first;
    const auto found = environment.find(name);
    if (found != environment.end()) given.emplace(spec.name, Given{found->second, found->first});
  }
  for (const auto& [name, value] : environment) {
    if (!name.starts_with(kEnvironmentPrefix) || known.contains(name) || is_service_link(name)) continue;
    if (warnings.size() == kMostWarnings) return;
    warnings.push_back(fmt::format("the variable {} names no option and is passed over", name));
  }
}

GatewayOptions defaults() {
  GatewayOptions options;
  options.threads = std::clamp(std::thread::hardware_concurrency(), 1u, options.threads);
  return options;
}

}  // namespace

bool GatewayOptions::listens_on_loopback() const {
  const auto address = net::parse_listen_address(listen);
  return address.has_value() && net::is_loopback(address->host);
}

Result<GatewayCommand> parse_gateway_options(std::span<const char* const> arguments,
                                             const std::map<std::string, std::string>& environment) {
  GatewayCommand command;
  command.options = defaults();
  GivenValues given;
  if (auto read = read_flags(arguments, given); read.has_error()) return read.error();
  if (given.contains("help")) command.action = GatewayCommand::Action::kHelp;
  if (given.contains("version")) command.action = GatewayCommand::Action::kVersion;
  if (command.action != GatewayCommand::Action::kRun) return command;

  if (const auto found = environment.find(environment_name("config")); found != environment.end()) {
    given.emplace("config", Given{found->second, found->first});
  }
  if (const auto config = given.find("config"); config != given.end()) {
    if (config->second.text.empty()) return fail(config->second.origin + ": the value is empty; name a file");
    if (auto read = read_file(config->second.text, given); read.has_error()) return read.error();
  }
  read_environment(environment, given, command.warnings);

  for (const OptionSpec& spec : option_specs()) {
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
  for (const OptionSpec& spec : option_specs()) {
    if (section != spec.section) {
      section = spec.section;
      help += fmt::format("\n{}:\n", section);
    }
    const std::string value = spec.show(shown);
    help += fmt::format("  {:<29} {}{}\n", fmt::format("--{} {}", spec.name, spec.value), spec.help,
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
      "TIME is a number and a unit (50ms, 30s, 5m, 1h). SIGTERM or SIGINT shuts down gracefully,\n"
      "SIGQUIT at once; SIGHUP opens --log-file anew and reads the certificates and the file of --events again.\n\n"
      "Exit codes: 0 shut down as asked · 2 an option or a file is wrong · 3 it could not run (port in use, …) ·\n"
      "4 shut down, but requests were still unanswered after --shutdown-grace\n";
  return help;
}

}  // namespace tacos::gateway
