#include "tacos-load/observe/proc_figures.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>
#include <sched.h>
#include <sstream>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>

#include "tacos-load/observe/cgroup_quota.h"

namespace tacos::load {
namespace {

using measure::Flow;
using measure::Level;

constexpr std::string_view kBlanks = " \t\n";

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t from = line.find_first_not_of(kBlanks, at);
    if (from == std::string_view::npos) break;
    at = std::min(line.find_first_of(kBlanks, from), line.size());
    words.push_back(line.substr(from, at - from));
  }
  return words;
}

std::optional<double> whole(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return static_cast<double>(number);
}

std::optional<std::string> text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) return std::nullopt;
  return text.str();
}

double ticks_per_sec() {
  return static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace

bool Figures::says_nothing() const {
  for (const auto& counter : counters) {
    if (counter) return false;
  }
  for (const auto& level : levels) {
    if (level) return false;
  }
  return true;
}

core::Result<Figures> parse_process_stat(std::string_view text, double per_sec) {
  // Fields are counted from 1; behind the name's last ')' comes field 3.
  constexpr std::size_t kFirst = 3, kUser = 14, kSystem = 15, kThreads = 20, kStart = 22;
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string_view::npos) return core::fail("its stat file has no name in parentheses");
  const auto fields = words_of(text.substr(name_end + 1));
  if (fields.size() <= kStart - kFirst) return core::fail("its stat file ends early");
  // A process that ended stands there, with its last counts, until its parent takes note.
  if (fields[0] == "Z" || fields[0] == "X") return core::fail("it has ended");
  const auto field = [&](std::size_t number) { return whole(fields[number - kFirst]); };
  const auto user = field(kUser), system = field(kSystem), threads = field(kThreads), start = field(kStart);
  if (!user || !system || !threads || !start || !(per_sec > 0)) {
    return core::fail("its stat file holds something else than numbers");
  }
  Figures figures;
  figures.life = std::string(fields[kStart - kFirst]);
  figures.count(Flow::kCpu, (*user + *system) / per_sec);
  figures.hold(Level::kThreads, *threads);
  return figures;
}

void add_process_status(std::string_view text, Figures& figures) {
  constexpr std::string_view kName = "VmRSS:";
  const std::size_t at = text.starts_with(kName) ? 0 : text.find("\nVmRSS:");
  if (at == std::string_view::npos) return;
  const std::size_t from = text.find(':', at) + 1;
  const auto words = words_of(text.substr(from, text.find('\n', from) - from));
  if (words.size() != 2 || words[1] != "kB") return;
  if (const auto kib = whole(words[0])) figures.hold(Level::kMemory, *kib * 1024);
}

core::Result<Figures> parse_machine_stat(std::string_view text, double per_sec) {
  // user nice system idle iowait irq softirq steal; guest time is in user and nice already.
  constexpr std::size_t kIdle = 3, kWaiting = 4, kFields = 8;
  const auto words = words_of(text.substr(0, text.find('\n')));
  if (words.empty() || words[0] != "cpu" || words.size() < kFields + 1 || !(per_sec > 0)) {
    return core::fail("/proc/stat does not begin with a line for all CPUs");
  }
  double busy = 0;
  for (std::size_t f = 0; f < kFields; ++f) {
    const auto ticks = whole(words[f + 1]);
    if (!ticks) return core::fail("/proc/stat holds something else than numbers");
    if (f != kIdle && f != kWaiting) busy += *ticks;
  }
  Figures figures;
  figures.count(Flow::kCpu, busy / per_sec);
  return figures;
}

core::Result<Figures> read_process(pid_t pid) {
  const std::string place = fmt::format("/proc/{}/", pid);
  const auto stat = text_of(place + "stat");
  if (!stat || stat->empty()) return core::fail(fmt::format("no process {} runs on this machine", pid));
  auto figures = parse_process_stat(*stat, ticks_per_sec());
  if (!figures) return core::fail(fmt::format("process {}: {}", pid, figures.error().message));
  if (const auto status = text_of(place + "status")) add_process_status(*status, *figures);
  return figures;
}

core::Result<Figures> read_machine_use() {
  const auto stat = text_of("/proc/stat");
  if (!stat) return core::fail("/proc/stat can't be read");
  return parse_machine_stat(*stat, ticks_per_sec());
}

double allowed_cores(pid_t pid) {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(pid, sizeof set, &set) != 0) return 0;
  const double cores = CPU_COUNT(&set);
  const double quota = cpu_quota("", cgroup_of("", pid == 0 ? "self" : std::to_string(pid))).cores;
  return quota > 0 ? std::min(cores, quota) : cores;
}

double machine_cores() {
  return static_cast<double>(::sysconf(_SC_NPROCESSORS_ONLN));
}

}  // namespace tacos::load
