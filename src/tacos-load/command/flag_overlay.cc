#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/units.h"
#include "net/url.h"
#include "tacos-load/command/command_line.h"

namespace tacos::load {
namespace {

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
    if (command.body) {
      plan->body = *command.body;
      if (!command.method) plan->method = "POST";  // as curl does: a body is there to be sent
    }
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
  lay.set("--abort-on-breach", command.abort_on_breach, lasting(core::Nanos(0), kDay),
          [&](core::Nanos d) { scenario.abort_on_breach = d; });
  if (command.history) scenario.history = *command.history;
  if (command.ca_file) scenario.ca_file = *command.ca_file;
  if (command.proxy) scenario.proxy = *command.proxy;
  if (command.source_addresses) scenario.source_addresses = *command.source_addresses;
  scenario.insecure |= command.insecure;
  scenario.http2 |= command.http2;
  scenario.headers.insert(scenario.headers.end(), command.headers.begin(), command.headers.end());
  scenario.observe.insert(scenario.observe.end(), command.observe.begin(), command.observe.end());
  scenario.gates.insert(scenario.gates.end(), command.gates.begin(), command.gates.end());
}

}  // namespace

core::Result<Scenario> scenario_from(const CommandLine& command, const std::string& scenario_text) {
  Scenario scenario;
  if (!command.scenario_file.empty()) {
    if (command.url) return core::fail("--url sends one request; it excludes a scenario file");
    auto read = read_scenario(scenario_text, command.scenario_file);
    if (!read) return read.error();
    scenario = std::move(*read);
  }
  Overlay lay;
  if (!command.targets.empty() && command.url) return core::fail("--url names the whole address; it excludes --target");
  if (!command.targets.empty()) {
    scenario.target = command.targets.front();
    scenario.other_targets.assign(command.targets.begin() + 1, command.targets.end());
  }
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
