#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tacos::measure {

// What a part of the system does per second: from counters that only grow, as differences between samples.
enum class Flow : std::uint8_t { kCpu, kMainThreadCpu, kCommands, kRequests, kReceivedBytes, kSentBytes };
inline constexpr std::array<std::string_view, 6> kFlowNames{
    "cpu_cores",        "main_thread_cores",      "commands_per_sec",
    "requests_per_sec", "received_bytes_per_sec", "sent_bytes_per_sec"};
// What it holds at a moment.
enum class Level : std::uint8_t { kMemory, kThreads, kConnections };
inline constexpr std::array<std::string_view, 3> kLevelNames{"memory_bytes", "threads", "connections"};

template <class T>
using OfFlows = std::array<std::optional<T>, kFlowNames.size()>;
template <class T>
using OfLevels = std::array<std::optional<T>, kLevelNames.size()>;

// What one part used over a stretch of the run. What nobody could tell is absent, never 0.
struct ComponentUse {
  double observed_sec = 0;                              // how much of the stretch lies between samples
  OfFlows<double> flows{};                              // means per second; CPU in cores
  OfLevels<double> levels{};                            // the most there was
  std::optional<double> utilisation{};                  // share of the component's limit
  std::vector<std::pair<std::string, double>> calls{};  // per second, of the run's busiest commands

  const std::optional<double>& of(Flow flow) const { return flows[static_cast<std::size_t>(flow)]; }
  const std::optional<double>& of(Level level) const { return levels[static_cast<std::size_t>(level)]; }
};

// A part of the system that was watched while the load ran.
struct Component {
  std::string name;
  std::string source;      // without passwords
  std::string kind;        // process, redis, prometheus, generator or machine
  double limit_cores = 0;  // what it may use; 0: not known
  std::uint64_t samples = 0;
  std::uint64_t missed_samples = 0;          // it did not answer, or not in time
  std::uint64_t restarts = 0;                // its counters began again
  std::string note{};                        // why samples are missing; empty when none are
  ComponentUse mean{};                       // of the measured time
  std::optional<double> peak_utilisation{};  // of the busiest interval
  double peak_at_sec = 0;
};

// What all parts used in one interval of the run; those that were not observed in it are not there.
struct ComponentInterval {
  double t_sec = 0;
  std::vector<std::pair<std::string, ComponentUse>> components{};
};

// Which part of the system gave out first.
struct Bottleneck {
  std::string component{};  // empty: none was near its limit, or nothing gave out
  double utilisation = 0;
  double from_rps = 0;  // the planned rate at which it did
  std::string text{};
};

// The share of its limit that a part uses. A Redis executes its commands on one thread, so that thread's core is what
// binds, whatever the others do; with a limit of its own, the whole process counts as well. Nothing when the limit or
// the CPU is not known.
std::optional<double> utilisation_of(const ComponentUse& use, const Component& component);

// Means over stretches: flows weighted by how long each was observed, levels at their most.
class ComponentMean {
 public:
  void add(const ComponentUse& use);
  ComponentUse mean(const Component& component) const;

 private:
  struct Sum {
    double weighted = 0;
    double seconds = 0;
  };
  double observed_sec_ = 0;
  std::array<Sum, kFlowNames.size()> flows_{};
  OfLevels<double> levels_{};
  std::vector<std::pair<std::string, Sum>> calls_;
};

}  // namespace tacos::measure
