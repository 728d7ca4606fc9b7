#include "tacos-load/command_line.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/units.h"
#include "net/url.h"
#include "tacos-load/version.h"

namespace tacos::load {
namespace {

constexpr const char* kDescription =
    R"(tacos-load: offers a planned rate of requests to a waiting room and tells the truth about latency.

With no command it runs the headline: 300,000 users who join, poll, enter and buy, a ramp from 1,000 to
--rps requests per second, then a hold. The schedule is settled before anything is sent; every latency
counts from when a request was due, so a slow target can't hide behind the requests it delays.)";

constexpr const char* kFooter = R"(Examples:
  tacos-load --rps 30000                                    the headline run against http://127.0.0.1:8080
  tacos-load --rps 5000 --users 50000 --ramp 20s --hold 20s --gate 'p99(status) < 20ms'
  tacos-load run scenarios/ticket-open.json --target http://10.0.0.7:8080
  tacos-load --url http://127.0.0.1:8080/healthz --rps 1000 --duration 60s --connections 100

Exit codes: 0 passed · 1 a gate failed · 2 the command line or a file is wrong · 3 it could not run
            4 the run is invalid (the generator was the bottleneck, or it was interrupted))";

void add_target_options(CLI::App& app, CommandLine& to) {
  app.add_option("--target", to.target, "Where the waiting room is (default http://127.0.0.1:8080)")
      ->type_name("URL")
      ->group("What to load");
  app.add_option("--url", to.url, "Send this one request instead of journeys, at --rps for --duration")
      ->type_name("URL")
      ->group("What to load");
  app.add_option("--method", to.method, "With --url: GET, POST or DELETE (default GET)")->group("What to load");
  app.add_option("--body", to.body, "With --url: the JSON body to send")->type_name("TEXT")->group("What to load");
  app.add_option("--header", to.headers, "Send this header with every request; may be repeated")
      ->type_name("'NAME: VALUE'")
      ->group("What to load");
  app.add_option("--event-id", to.event_id, "The event to queue for; {run} is the start time (default sale-{run})")
      ->type_name("ID")
      ->group("What to load");
}

void add_rate_options(CLI::App& app, CommandLine& to) {
  app.add_option("--rps", to.rps, "Requests per second at the top of the ramp (default 30000; with --url 1000)")
      ->type_name("RATE")
      ->group("How much");
  app.add_option("--from-rps", to.from_rps, "Requests per second at its foot (default 1000)")
      ->type_name("RATE")
      ->group("How much");
  app.add_option("--ramp", to.ramp, "How long the ramp takes (default 60s)")->type_name("TIME")->group("How much");
  app.add_option("--hold", to.hold, "How long the top is held (default 30s)")->type_name("TIME")->group("How much");
  app.add_option("--duration", to.duration, "A constant --rps for this long, without a ramp (with --url default 30s)")
      ->type_name("TIME")
      ->group("How much");
  app.add_option("--warmup", to.warmup, "Send --from-rps for this long first, kept out of percentiles and gates")
      ->type_name("TIME")
      ->group("How much");
  app.add_option("--users", to.users, "People in the crowd (default 300000)")->type_name("COUNT")->group("How much");
  app.add_option("--poll-interval", to.poll_interval, "How often a waiting user asks (default 10s)")
      ->type_name("TIME")
      ->group("How much");
  app.add_flag("--honour-poll-after", to.honour_poll_after, "Ask again when the server says (poll_after_ms) instead")
      ->group("How much");
  app.add_option("--model", to.model,
                 "What the rate counts: requests (exact) or users, who arrive at it (default requests)")
      ->type_name("requests|users")
      ->group("How much");
  app.add_option("--spacing", to.spacing, "even, or poisson as strangers arrive (default even)")
      ->type_name("even|poisson")
      ->group("How much");
  app.add_option("--seed", to.seed, "Seed of everything random; it is in the report (default 1)")
      ->type_name("NUMBER")
      ->group("How much");
}

void add_transport_options(CLI::App& app, CommandLine& to) {
  app.add_option("--connections", to.connections,
                 "Keep-alive connections the users share, or per-user (default: by the rate)")
      ->type_name("COUNT|per-user")
      ->group("How it is sent");
  app.add_option("--engine", to.engine, "asio (HTTP/1.1), curl (HTTP/2, proxies) or auto (default auto)")
      ->type_name("auto|asio|curl")
      ->group("How it is sent");
  app.add_option("--workers", to.workers, "Threads that send (default: by the rate and the cores)")
      ->type_name("COUNT")
      ->group("How it is sent");
  app.add_option("--timeout", to.timeout, "Give a request up this long after it was due (default 10s)")
      ->type_name("TIME")
      ->group("How it is sent");
  app.add_option("--source-address", to.source_addresses, "Local addresses to spread connections over, comma separated")
      ->type_name("ADDRESSES")
      ->group("How it is sent");
  app.add_option("--ca-file", to.ca_file, "Trust these PEM certificates instead of the system's")
      ->type_name("FILE")
      ->group("How it is sent");
  app.add_flag("--insecure", to.insecure, "Do not verify the server's certificate")->group("How it is sent");
  app.add_flag("--http2", to.http2, "Speak HTTP/2 (curl engine)")->group("How it is sent");
  app.add_option("--proxy", to.proxy, "Send through this proxy (curl engine)")
      ->type_name("URL")
      ->group("How it is sent");
}

void add_output_options(CLI::App& app, CommandLine& to) {
  app.add_option("--gate", to.gates, "Fail the run unless this holds, such as 'p99(status) < 50ms'; may be repeated")
      ->type_name("EXPRESSION")
      ->group("What comes out");
  app.add_option("--report", to.report_dir, "Write the report here (default reports/runs/NAME-TIME)")
      ->type_name("DIR")
      ->group("What comes out");
  app.add_flag("--quiet", to.quiet, "No progress lines; the summary still comes")->group("What comes out");
}

void add_doctor_command(CLI::App& app, CommandLine& to) {
  CLI::App* doctor = app.add_subcommand("doctor", "Measure what this machine can do, and say how to raise its limits");
  doctor->add_option("--format", to.doctor, "text or json (schema tacos.doctor/1) (default text)")
      ->type_name("text|json")
      ->check(CLI::IsMember({"text", "json"}));
  doctor->callback([&to] { to.doctor = to.doctor.value_or("text"); });
}

// One parsed flag, laid over the scenario. fail() names the flag in front of what is wrong with its value.
class Overlay {
 public:
  template <class Parse, class Store>
  void set(const char* flag, const std::optional<std::string>& text, Parse parse, Store store) {
    if (!text || error_) return;
    auto value = parse(*text);
    if (value) {
      store(*value);
    } else {
      error_ = core::fail(fmt::format("{}: {}", flag, value.error().message));
    }
  }
  void fail(std::string message) {
    if (!error_) error_ = core::fail(std::move(message));
  }
  const std::optional<core::Error>& error() const { return error_; }

 private:
  std::optional<core::Error> error_;
};

core::Result<std::size_t> choose(const std::string& text, const std::vector<std::string>& names) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (text == names[i]) return i;
  }
  return core::fail(fmt::format("'{}' is not one of {}", text, fmt::join(names, ", ")));
}

auto counted(std::uint64_t least, std::uint64_t most) {
  return [=](const std::string& text) { return core::parse_count(text, least, most); };
}

auto lasting(core::Nanos least, core::Nanos most) {
  return [=](const std::string& text) -> core::Result<core::Nanos> {
    auto parsed = core::parse_duration(text);
    if (parsed && (*parsed < least || *parsed > most)) {
      return core::fail(
          fmt::format("'{}' is not from {} to {}", text, core::format_duration(least), core::format_duration(most)));
    }
    return parsed;
  };
}

constexpr core::Nanos kDay = std::chrono::hours(24);
constexpr core::Nanos kShortest = std::chrono::milliseconds(1);

auto a_rate() {
  return [](const std::string& text) -> core::Result<core::Rate> {
    auto parsed = core::parse_rate(text);
    if (parsed && parsed->per_second() > 1e7)
      return core::fail(fmt::format("'{}' is above 10,000,000 per second", text));
    return parsed;
  };
}

void lay_rates(const CommandLine& command, Scenario& scenario, Overlay& lay) {
  const bool single = command.url.has_value();
  core::Rate top = core::Rate::per_second(single ? 1000 : 30'000);
  std::optional<core::Rate> foot;
  core::Nanos ramp = std::chrono::seconds(60);
  core::Nanos hold = std::chrono::seconds(30);
  core::Nanos constant{0};
  core::Nanos warmup{0};
  lay.set("--rps", command.rps, a_rate(), [&](core::Rate r) { top = r; });
  lay.set("--from-rps", command.from_rps, a_rate(), [&](core::Rate r) { foot = r; });
  lay.set("--ramp", command.ramp, lasting(core::Nanos(0), kDay), [&](core::Nanos d) { ramp = d; });
  lay.set("--hold", command.hold, lasting(core::Nanos(0), kDay), [&](core::Nanos d) { hold = d; });
  lay.set("--duration", command.duration, lasting(kShortest, kDay), [&](core::Nanos d) { constant = d; });
  lay.set("--warmup", command.warmup, lasting(core::Nanos(0), kDay), [&](core::Nanos d) { warmup = d; });
  if (command.duration && (command.ramp || command.hold || command.from_rps)) {
    lay.fail("--duration is a constant rate; it excludes --from-rps, --ramp and --hold");
  }
  const bool asks =
      command.rps || command.from_rps || command.ramp || command.hold || command.duration || command.warmup;
  if (!asks && !scenario.stages.empty() && !single) return;
  if (single && constant == core::Nanos(0) && !command.ramp && !command.hold) constant = std::chrono::seconds(30);
  const core::Rate from = foot.value_or(core::Rate::per_second(std::min(1000.0, top.per_second())));
  scenario.stages.clear();
  if (warmup > core::Nanos(0)) {
    const core::Rate at = constant > core::Nanos(0) ? top : from;
    scenario.stages.push_back({.name = "warm-up", .from = at, .to = at, .duration = warmup, .warmup = true});
  }
  auto stages = constant > core::Nanos(0) ? ramp_and_hold(top, top, core::Nanos(0), constant)
                                          : ramp_and_hold(from, top, ramp, hold);
  for (auto& stage : stages) scenario.stages.push_back(std::move(stage));
}

void lay_journey(const CommandLine& command, Scenario& scenario, Overlay& lay) {
  if (auto* plan = std::get_if<SingleRequestPlan>(&scenario.journey)) {
    lay.set(
        "--method", command.method,
        [](const std::string& t) {
          return choose(t, {"GET", "POST", "DELETE"});
        },
        [&](std::size_t) { plan->method = *command.method; });
    if (command.body) plan->body = *command.body;
    return;
  }
  auto& plan = std::get<QueueJourneyPlan>(scenario.journey);
  lay.set("--poll-interval", command.poll_interval, lasting(std::chrono::milliseconds(10), std::chrono::hours(1)),
          [&](core::Nanos d) { plan.poll_interval = d; });
  if (command.event_id) plan.event_id = *command.event_id;
  if (command.honour_poll_after) plan.honour_poll_after = true;
  if (command.method || command.body) lay.fail("--method and --body go with --url");
}

void lay_rest(const CommandLine& command, Scenario& scenario, Overlay& lay) {
  lay.set("--users", command.users, counted(1, 10'000'000),
          [&](std::uint64_t n) { scenario.users = static_cast<std::uint32_t>(n); });
  lay.set("--seed", command.seed, counted(0, 0xFFFFFFFFFFFFULL), [&](std::uint64_t n) { scenario.seed = n; });
  lay.set("--workers", command.workers, counted(1, 256),
          [&](std::uint64_t n) { scenario.workers = static_cast<std::uint32_t>(n); });
  lay.set("--timeout", command.timeout, lasting(kShortest, std::chrono::hours(1)),
          [&](core::Nanos d) { scenario.timeout = d; });
  lay.set(
      "--model", command.model,
      [](const std::string& t) {
        return choose(t, {"requests", "users"});
      },
      [&](std::size_t i) { scenario.model = static_cast<LoadModel>(i); });
  lay.set(
      "--spacing", command.spacing,
      [](const std::string& t) {
        return choose(t, {"even", "poisson"});
      },
      [&](std::size_t i) { scenario.spacing = static_cast<Spacing>(i); });
  lay.set(
      "--engine", command.engine,
      [](const std::string& t) {
        return choose(t, {"auto", "asio", "curl"});
      },
      [&](std::size_t i) { scenario.engine = static_cast<Engine>(i); });
  if (command.connections == "per-user") {
    scenario.connection_per_user = true;
  } else {
    lay.set("--connections", command.connections, counted(1, 1'000'000),
            [&](std::uint64_t n) { scenario.connections = static_cast<std::uint32_t>(n); });
  }
  if (command.ca_file) scenario.ca_file = *command.ca_file;
  if (command.proxy) scenario.proxy = *command.proxy;
  if (command.source_addresses) scenario.source_addresses = *command.source_addresses;
  scenario.insecure |= command.insecure;
  scenario.http2 |= command.http2;
  scenario.headers.insert(scenario.headers.end(), command.headers.begin(), command.headers.end());
  scenario.gates.insert(scenario.gates.end(), command.gates.begin(), command.gates.end());
}

}  // namespace

Parsed parse_command_line(int argc, const char* const* argv) {
  CommandLine command;
  CLI::App app(kDescription, "tacos-load");
  app.footer(kFooter);
  app.set_version_flag("--version", std::string("tacos-load ") + kVersion);
  app.get_formatter()->column_width(36);
  const auto add_all = [&](CLI::App& to) {
    add_target_options(to, command);
    add_rate_options(to, command);
    add_transport_options(to, command);
    add_output_options(to, command);
  };
  add_all(app);
  CLI::App* run = app.add_subcommand("run", "Run a scenario file; every flag overrides what the file says");
  run->add_option("FILE", command.scenario_file, "A scenario (schema tacos.scenario/1), such as scenarios/ladder.json")
      ->required();
  add_all(*run);
  add_doctor_command(app, command);

  Parsed parsed;
  try {
    app.parse(argc, argv);
    parsed.command = std::move(command);
  } catch (const CLI::ParseError& error) {
    std::ostringstream out;
    std::ostringstream problem;
    const int code = app.exit(error, out, problem);
    parsed.exit_code = code == 0 ? 0 : 2;
    parsed.output = code == 0 ? out.str() : fmt::format("tacos-load: {}\nSee tacos-load --help\n", error.what());
  }
  return parsed;
}

core::Result<Scenario> scenario_from(const CommandLine& command, const std::string& scenario_text) {
  Scenario scenario;
  if (!command.scenario_file.empty()) {
    if (command.url) return core::fail("--url sends one request; it excludes a scenario file");
    auto read = read_scenario(scenario_text, command.scenario_file);
    if (!read) return read.error();
    scenario = std::move(*read);
  }
  Overlay lay;
  if (command.target && command.url) return core::fail("--url names the whole address; it excludes --target");
  if (command.target) scenario.target = *command.target;
  if (command.url) {
    auto url = net::parse_url(*command.url);
    if (!url) return core::fail(fmt::format("--url: {}", url.error().message));
    scenario.name = "fixed-rate";
    scenario.target = *command.url;
    SingleRequestPlan plan;
    plan.target = url->target;
    scenario.journey = plan;
  }
  lay_rates(command, scenario, lay);
  lay_journey(command, scenario, lay);
  lay_rest(command, scenario, lay);
  if (lay.error()) return *lay.error();
  if (const auto checked = check_scenario(scenario); !checked) return checked.error();
  return scenario;
}

}  // namespace tacos::load
