#include "tacos-load/doctor/capacity.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/units.h"

namespace tacos::load {
namespace {

using core::format_count;

constexpr double kHeadroom = 0.6;
// The reference run of the headline peaked at 49 MiB with 300,000 users: 171.3 bytes each when everything is put down
// to them, tokens and the program itself included.
constexpr std::uint64_t kBytesPerUser = 172;
// A machine without a free page left swaps, and then nothing is on time.
constexpr double kUsableMemory = 0.8;
constexpr std::uint64_t kMostUsers = 10'000'000;  // of --users
// All of 127.0.0.0/8 is this machine: a run takes as many source addresses as it needs.
constexpr std::uint64_t kLoopbackAddresses = 250;
// A run whose dispatch lag is above 10 ms at the 99th percentile is invalid; half of that leaves room for the run.
constexpr core::Nanos kLatestTimer = std::chrono::milliseconds(5);

HeadlineFit fit(const Headline& headline, const Capacity& capacity, const MachineTimings& timings, bool here) {
  HeadlineFit found;
  const double rate = here ? capacity.rate_per_second_here : capacity.rate_per_second;
  const std::uint64_t connections = here ? capacity.connections_here : capacity.connections;
  const auto add = [&](std::string text) { found.obstacles.push_back(std::move(text)); };
  if (rate < headline.rate_per_second) {
    add(fmt::format("{} requests/s can be held, {} are wanted", format_count(static_cast<std::uint64_t>(rate)),
                    format_count(static_cast<std::uint64_t>(headline.rate_per_second))));
  }
  if (capacity.users < headline.users) {
    add(fmt::format("memory for {} users, {} are wanted", format_count(capacity.users), format_count(headline.users)));
  }
  if (connections < headline.connections) {
    add(fmt::format("{} connections can be open, {} are wanted", format_count(connections),
                    format_count(headline.connections)));
  }
  if (timings.timer_lateness.p99 > kLatestTimer) {
    add(fmt::format("timers wake {} late (p99); above 10 ms a run is invalid",
                    core::format_latency(timings.timer_lateness.p99)));
  }
  if (timings.stolen.share > kMostStolen) {
    add(fmt::format("others take {:.0f}% of a core just now; a run would measure them", timings.stolen.share * 100));
  }
  if (!timings.clock.steady) add("the clock steps back, so no latency can be trusted");
  return found;
}

}  // namespace

std::uint64_t most_connections(std::uint64_t descriptors, std::uint64_t ports, std::uint64_t source_addresses) {
  const std::uint64_t by_descriptors = descriptors - std::min(descriptors, kDescriptorsOfTheProgram);
  return std::min(by_descriptors, ports * source_addresses);
}

double sustainable_rate(double cores, double cpu_us_per_request) {
  return cpu_us_per_request > 0 ? cores * 1e6 / cpu_us_per_request * kHeadroom : 0;
}

double rate_per_core(const MachineTimings& timings) {
  return sustainable_rate(1 - timings.stolen.share, kRunOverhead * timings.request.client_cpu_us);
}

std::uint64_t port_count(const MachineSurvey& machine) {
  return std::uint64_t{machine.last_port} - machine.first_port + 1;
}

Capacity capacity_of(const MachineSurvey& machine, const MachineTimings& timings, const Headline& headline) {
  Capacity capacity;
  const std::uint64_t ports = port_count(machine);
  capacity.connections = most_connections(machine.fd_hard, ports, 1);
  capacity.connections_here = most_connections(machine.fd_hard, ports, kLoopbackAddresses);
  const auto usable = static_cast<std::uint64_t>(static_cast<double>(machine.memory_bytes) * kUsableMemory);
  capacity.users = std::min(kMostUsers, usable / kBytesPerUser);
  capacity.cores = machine.cpus_allowed;
  if (machine.cpu_quota > 0) capacity.cores = std::min(capacity.cores, machine.cpu_quota);
  // As run/preflight.cc chooses: one core is left to the system.
  capacity.workers = std::max(1u, machine.cpus_allowed - std::min(1u, machine.cpus_allowed));
  capacity.rate_per_second = std::min<double>(capacity.cores, capacity.workers) * rate_per_core(timings);
  const double both_ends = kRunOverhead * (timings.request.client_cpu_us + timings.request.server_cpu_us);
  // The workers remain the narrow place when the target costs next to nothing.
  capacity.rate_per_second_here =
      std::min(capacity.rate_per_second, sustainable_rate(capacity.cores * (1 - timings.stolen.share), both_ends));
  capacity.headline = fit(headline, capacity, timings, false);
  capacity.headline_here = fit(headline, capacity, timings, true);
  return capacity;
}

}  // namespace tacos::load
