#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tacos-load/doctor/machine_probe.h"
#include "tacos-load/doctor/machine_timings.h"

namespace tacos::load {

// What tacos-load offers without any flags, and what a machine is held against.
struct Headline {
  double rate_per_second = 30'000;
  std::uint32_t users = 300'000;
  // The pool that a run chooses for that rate (run/preflight.h): 30,000/s × 30 ms.
  std::uint32_t connections = 900;
};

// Whether the headline fits, and what is in its way when it doesn't.
struct HeadlineFit {
  bool carries() const { return obstacles.empty(); }
  std::vector<std::string> obstacles;
};

struct Capacity {
  std::uint64_t connections = 0;       // at most, to one target on another machine from one address
  std::uint64_t connections_here = 0;  // at most, to one target on this machine
  std::uint64_t users = 0;
  double cores = 1;                 // that this process may use
  std::uint32_t workers = 1;        // that a run would start at most by itself
  double rate_per_second = 0;       // that can be held with the target on another machine
  double rate_per_second_here = 0;  // and with the target on this one, sharing its cores
  HeadlineFit headline;             // the target on another machine
  HeadlineFit headline_here;
};

// Descriptors that are not connections: standard streams, epoll, timers, files of the report.
constexpr std::uint64_t kDescriptorsOfTheProgram = 64;

// Of a busy second. A thread that loses more is late so often that a run measures the neighbours, not the target.
constexpr double kMostStolen = 0.15;

// connections = min(descriptors − 64, ports × source addresses): each connection to one address and port needs a
// descriptor, and a local address and port of its own (tcp(7)).
std::uint64_t most_connections(std::uint64_t descriptors, std::uint64_t ports, std::uint64_t source_addresses);

// A run does more for a request than the transport that the doctor measures: schedule, journey, records. Flat out on
// one machine the headline took 7.9 to 9.0 us a request and the transport alone 6.5 us; for the gateway against a
// server that answers at once the figures were 9.2 and 6.5 us.
constexpr double kRunOverhead = 1.4;

// rate = cores × 10⁶ µs/s ÷ CPU time per request (µs) × 0.6. The rest is headroom: above about two thirds of a core,
// waiting for it grows faster than the load (M/M/1: wait ∝ u ÷ (1 − u)), and a worker's lag is that waiting. The CPU
// time is that of a core that is full; an idle one spends more on each request, having a turn of its loop for each.
double sustainable_rate(double cores, double cpu_us_per_request);

// With the run's overhead and what others take of the cores: the rate that a core can generate.
double rate_per_core(const MachineTimings& timings);

std::uint64_t port_count(const MachineSurvey& machine);

// Pure.
Capacity capacity_of(const MachineSurvey& machine, const MachineTimings& timings, const Headline& headline = {});

}  // namespace tacos::load
