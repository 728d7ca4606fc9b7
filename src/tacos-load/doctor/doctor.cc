#include "tacos-load/doctor/doctor.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

#include <fmt/format.h>

#include "net/descriptor_limit.h"
#include "tacos-load/doctor/doctor_text.h"

namespace tacos::load {
namespace {

constexpr int kCouldNotMeasure = 3;
// Both ends of the loopback connections, two event loops and the standard streams: about eighty.
constexpr std::uint64_t kFewestDescriptors = 128;

core::Result<MachineTimings> measure_all(const MachineProbe& machine) {
  const auto descriptors = net::raise_descriptor_limit().soft;  // as a run does
  if (descriptors < kFewestDescriptors) {
    return core::fail(
        fmt::format("can't measure with the {} descriptors this process may hold: it takes {}; raise the "
                    "limit (sudo prlimit --pid $$ --nofile=1048576:1048576) and try again",
                    descriptors, kFewestDescriptors));
  }
  const core::SteadyClock clock;
  const TimingProbe timing(clock);
  const LoopbackProbe loopback(clock);
  MachineTimings timings;
  const CpuTicks before = machine.cpu_ticks();
  timings.clock = timing.clock_cost();
  const auto late = timing.timer_lateness();
  if (!late) return late.error();
  timings.timer_lateness = Spread(*late);
  timings.stolen = timing.stolen_time();
  const auto trips = loopback.round_trips();
  if (!trips) return trips.error();
  timings.loopback = Spread(*trips);
  const auto cost = loopback.request_cost();
  if (!cost) return cost.error();
  timings.request = *cost;
  timings.steal_share = steal_share(before, machine.cpu_ticks());
  return timings;
}

}  // namespace

int run_doctor(const std::string& format) {
  const MachineProbe probe;
  // Before the measurements, which are load themselves.
  const MachineSurvey machine = probe.survey();
  if (isatty(STDERR_FILENO) != 0) fmt::print(stderr, "Measuring for about five seconds...\n");
  const auto timings = measure_all(probe);
  if (!timings) {
    fmt::print(stderr, "tacos-load: {}\n", timings.error().message);
    return kCouldNotMeasure;
  }
  const Diagnosis diagnosis{machine, *timings, assess(machine, *timings)};
  const bool colour = isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
  fmt::print("{}", format == "json" ? doctor_json(diagnosis) : doctor_text(diagnosis, colour));
  return 0;
}

}  // namespace tacos::load
