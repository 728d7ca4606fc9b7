#include "tacos-load/observe/redis_info.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

namespace tacos::load {
namespace {

using measure::Flow;
using measure::Level;

// A server has a few hundred commands; modules may add as many again.
constexpr std::size_t kMostCommands = 2000;
constexpr std::size_t kLongestCommand = 64;
constexpr std::size_t kLongestRunId = 64;  // it has 40, and every sample of the run keeps it

std::optional<double> number_of(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number) || number < 0 ||
      number > kLargestFigure) {
    return std::nullopt;
  }
  return number;
}

// "calls=12,usec=34,…"
std::optional<double> calls_of(std::string_view stats) {
  constexpr std::string_view kCalls = "calls=";
  if (!stats.starts_with(kCalls)) return std::nullopt;
  return number_of(stats.substr(kCalls.size(), stats.find(',') - kCalls.size()));
}

// User and system time, added up once both are there.
struct CpuTime {
  std::optional<double> user, system;
  void lay_on(Flow flow, Figures& figures) const {
    if (user && system) figures.count(flow, *user + *system);
  }
};

}  // namespace

core::Result<Figures> parse_redis_info(std::string_view text) {
  Figures figures;
  CpuTime all, main_thread;
  bool any = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    at = end + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::size_t colon = line.find(':');
    if (line.starts_with('#') || colon == std::string_view::npos) continue;
    any = true;
    const std::string_view name = line.substr(0, colon), value = line.substr(colon + 1);
    constexpr std::string_view kCommand = "cmdstat_";
    if (name == "run_id") {
      figures.life = std::string(value.substr(0, kLongestRunId));
    } else if (name.starts_with(kCommand)) {
      const auto calls = calls_of(value);
      if (calls && figures.calls.size() < kMostCommands && name.size() <= kLongestCommand) {
        figures.calls[std::string(name.substr(kCommand.size()))] = *calls;
      }
    } else if (const auto number = number_of(value)) {
      if (name == "used_cpu_user") all.user = number;
      if (name == "used_cpu_sys") all.system = number;
      if (name == "used_cpu_user_main_thread") main_thread.user = number;
      if (name == "used_cpu_sys_main_thread") main_thread.system = number;
      if (name == "total_commands_processed") figures.count(Flow::kCommands, *number);
      if (name == "total_net_input_bytes") figures.count(Flow::kReceivedBytes, *number);
      if (name == "total_net_output_bytes") figures.count(Flow::kSentBytes, *number);
      if (name == "used_memory") figures.hold(Level::kMemory, *number);
      if (name == "connected_clients") figures.hold(Level::kConnections, *number);
    }
  }
  if (!any) return core::fail("what it answered to INFO has no line name:value");
  all.lay_on(Flow::kCpu, figures);
  main_thread.lay_on(Flow::kMainThreadCpu, figures);
  return figures;
}

}  // namespace tacos::load
