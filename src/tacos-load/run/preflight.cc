#include "tacos-load/run/preflight.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <thread>

#include <fmt/format.h>

#include "core/units.h"

namespace tacos::load {
namespace {

// Descriptors that are not connections: standard streams, epoll, timers, files of the report.
constexpr std::uint64_t kOtherDescriptors = 64;
// One worker sends about 50,000 requests a second flat out; at half of that its send lag stays small.
constexpr double kRatePerWorker = 20'000;
// Enough that a request finds a free connection while answers take up to 30 ms (Little's law), without more than are
// useful.
constexpr double kSecondsOfConcurrency = 0.030;
constexpr std::uint32_t kFewestByDefault = 16;
constexpr std::uint32_t kMostByDefault = 1000;
// connect() looks for a free port one by one and slows badly when most of an address pair's are taken.
constexpr double kUsablePorts = 0.5;

std::uint32_t choose_workers(const Scenario& scenario, const MachineFacts& machine, double peak) {
  if (scenario.workers > 0) return scenario.workers;
  // One core is left to the system and, when it runs here, to the target.
  const std::uint32_t most = std::max(1u, machine.cpus - 1);
  return std::clamp(static_cast<std::uint32_t>(std::ceil(peak / kRatePerWorker)), 1u, most);
}

std::uint32_t choose_connections(double peak) {
  return std::clamp(static_cast<std::uint32_t>(std::ceil(peak * kSecondsOfConcurrency)), kFewestByDefault,
                    kMostByDefault);
}

core::Result<Engine> choose_engine(const Scenario& scenario) {
  const bool needs_curl = scenario.http2 || !scenario.proxy.empty();
  if (scenario.engine == Engine::kAsio && needs_curl) {
    return core::fail("--engine asio speaks HTTP/1.1 without proxies; use --engine curl for --http2 or --proxy");
  }
  if (!scenario.other_targets.empty() && (needs_curl || scenario.engine == Engine::kCurl)) {
    return core::fail("several --target need --engine asio: the curl engine (--http2, --proxy) takes one");
  }
  if (scenario.engine == Engine::kAuto) return needs_curl ? Engine::kCurl : Engine::kAsio;
  return scenario.engine;
}

std::string loopback_sources(std::uint32_t count) {
  std::string list;
  for (std::uint32_t i = 0; i < count; ++i)
    list += fmt::format("{}127.0.{}.{}", i == 0 ? "" : ",", 1 + i / 250, 1 + i % 250);
  return list;
}

}  // namespace

MachineFacts read_machine() {
  MachineFacts facts;
  facts.cpus = std::max(1u, std::thread::hardware_concurrency());
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
    facts.fd_limit = limit.rlim_cur;
  }
  std::ifstream ports("/proc/sys/net/ipv4/ip_local_port_range");
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  if (ports >> first >> last && first < last) {
    facts.first_port = first;
    facts.last_port = last;
  }
  utsname name{};
  if (uname(&name) == 0) facts.kernel = fmt::format("{} {}", name.sysname, name.release);
  return facts;
}

core::Result<ResourcePlan> plan_resources(const Scenario& scenario, const MachineFacts& machine,
                                          bool target_is_loopback) {
  ResourcePlan plan;
  const double peak = RateProfile(scenario.stages).peak_per_second();
  const auto engine = choose_engine(scenario);
  if (!engine) return engine.error();
  plan.engine = *engine;
  plan.workers = choose_workers(scenario, machine, peak);

  const bool asked = scenario.connections > 0 || scenario.connection_per_user;
  plan.connections = scenario.connection_per_user ? scenario.users
                     : scenario.connections > 0   ? scenario.connections
                                                  : choose_connections(peak);
  const std::size_t targets = 1 + scenario.other_targets.size();
  if (!scenario.connection_per_user && plan.connections < targets) {
    return core::fail(fmt::format("{} connections can't reach {} targets: each needs one; ask for {} or more",
                                  plan.connections, targets, targets));
  }
  const std::uint64_t most =
      machine.fd_limit > kOtherDescriptors * 2 ? machine.fd_limit - kOtherDescriptors : kOtherDescriptors;
  if (plan.connections > most) {
    if (asked) {
      return core::fail(fmt::format(
          "{} connections need more than the {} descriptors this process may hold: ask for at most {}, or raise the "
          "limit "
          "(ulimit -Hn, or LimitNOFILE= of the service) and try again",
          core::format_count(plan.connections), core::format_count(machine.fd_limit), core::format_count(most)));
    }
    plan.adapted.push_back(fmt::format("{} connections instead of {}: this process may hold {} descriptors", most,
                                       plan.connections, machine.fd_limit));
    plan.connections = static_cast<std::uint32_t>(most);
  }
  if (plan.workers > plan.connections) {
    plan.adapted.push_back(
        fmt::format("{} workers instead of {}: each needs a connection", plan.connections, plan.workers));
    plan.workers = plan.connections;
  }

  plan.source_addresses = scenario.source_addresses;
  const double ports = static_cast<double>(machine.last_port - machine.first_port + 1) * kUsablePorts;
  if (plan.source_addresses.empty() && plan.connections > ports) {
    const auto sources = static_cast<std::uint32_t>(std::ceil(plan.connections / ports)) + 1;
    if (target_is_loopback) {
      plan.source_addresses = loopback_sources(sources);
      plan.adapted.push_back(
          fmt::format("connections spread over {} source addresses of 127.0.0.0/8: one has only {} ports", sources,
                      machine.last_port - machine.first_port + 1));
    } else {
      plan.adapted.push_back(
          fmt::format("{} connections from one address use most of its {} ports: opening them will be slow; give "
                      "--source-address a "
                      "list of this machine's addresses",
                      plan.connections, machine.last_port - machine.first_port + 1));
    }
  }
  return plan;
}

}  // namespace tacos::load
