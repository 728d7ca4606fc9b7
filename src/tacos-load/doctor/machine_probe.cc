#include "tacos-load/doctor/machine_probe.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <limits>
#include <sstream>

#include "tacos-load/observe/cgroup_quota.h"

namespace tacos::load {
namespace {

// Numbers as the kernel writes them; "max" and "unlimited" are as high as a number goes.
std::uint64_t as_number(const std::string& word) {
  if (word == "max" || word == "unlimited") return std::numeric_limits<std::uint64_t>::max();
  std::uint64_t value = 0;
  std::istringstream(word) >> value;
  return value;
}

// How many a list such as "0-3,8,10-11" names (cpuset(7), list format).
std::uint32_t count_of_list(const std::string& list) {
  std::uint32_t count = 0;
  std::istringstream parts(list);
  for (std::string part; std::getline(parts, part, ',');) {
    const auto dash = part.find('-');
    const auto first = as_number(part.substr(0, dash));
    const auto last = dash == std::string::npos ? first : as_number(part.substr(dash + 1));
    if (last >= first) count += static_cast<std::uint32_t>(last - first + 1);
  }
  return count;
}

// What follows a line's first words, such as "MemAvailable:"; empty when no line starts with them.
std::string after(const std::string& text, const std::string& key) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(key)) return line.substr(std::min(line.size(), line.find_first_not_of(" \t", key.size())));
  }
  return "";
}

}  // namespace

double steal_share(const CpuTicks& before, const CpuTicks& after) {
  if (after.total <= before.total || after.stolen < before.stolen) return 0;
  return static_cast<double>(after.stolen - before.stolen) / static_cast<double>(after.total - before.total);
}

std::string MachineProbe::text(const std::string& path) const {
  std::ifstream file(root_ + path);
  std::string all(std::istreambuf_iterator<char>(file), {});
  while (!all.empty() && (all.back() == '\n' || all.back() == ' ')) all.pop_back();
  return all;
}

std::uint64_t MachineProbe::number(const std::string& path) const {
  return as_number(text(path));
}

std::string MachineProbe::cgroup() const {
  return cgroup_of(root_, "self");
}

CpuTicks MachineProbe::cpu_ticks() const {
  // user nice system idle iowait irq softirq steal; guest time is in user time already (proc(5)).
  constexpr int kColumns = 8;
  constexpr int kSteal = 7;
  CpuTicks ticks;
  std::istringstream columns(after(text("/proc/stat"), "cpu "));
  std::uint64_t value = 0;
  for (int i = 0; i < kColumns && columns >> value; ++i) {
    ticks.total += value;
    if (i == kSteal) ticks.stolen = value;
  }
  return ticks;
}

void MachineProbe::read_processors(MachineSurvey& survey) const {
  survey.cpus_online = std::max(1u, count_of_list(text("/sys/devices/system/cpu/online")));
  survey.cpus_allowed = count_of_list(after(text("/proc/self/status"), "Cpus_allowed_list:"));
  if (survey.cpus_allowed == 0) survey.cpus_allowed = survey.cpus_online;
  const CpuQuota quota = cpu_quota(root_, cgroup());
  survey.cpu_quota = quota.cores;
  survey.cpu_quota_file = quota.file;
  survey.governor = text("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  std::istringstream(text("/proc/loadavg")) >> survey.load_average;
}

void MachineProbe::read_memory(MachineSurvey& survey) const {
  survey.memory_bytes = as_number(after(text("/proc/meminfo"), "MemAvailable:")) * 1024;
  for (const auto& path : upward(cgroup())) {
    const std::string folder = "/sys/fs/cgroup" + path;
    const std::string limit = text(folder + "/memory.max");
    if (limit.empty() || limit == "max") continue;
    const std::uint64_t most = as_number(limit);
    const std::uint64_t left = most - std::min(most, number(folder + "/memory.current"));
    if (survey.memory_bytes > 0 && survey.memory_bytes <= left) continue;
    survey.memory_bytes = left;
    survey.memory_limit_file = folder + "/memory.max";
  }
}

void MachineProbe::read_descriptors(MachineSurvey& survey) const {
  std::string soft;
  std::string hard;
  if (std::istringstream(after(text("/proc/self/limits"), "Max open files")) >> soft >> hard) {
    survey.fd_soft = as_number(soft);
    survey.fd_hard = as_number(hard);
  }
  survey.fd_per_process_max = number("/proc/sys/fs/nr_open");
  survey.fd_system_max = number("/proc/sys/fs/file-max");
}

void MachineProbe::read_network(MachineSurvey& survey) const {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  if (std::istringstream(text("/proc/sys/net/ipv4/ip_local_port_range")) >> first >> last && first <= last) {
    survey.first_port = first;
    survey.last_port = last;
  }
  survey.listen_backlog = number("/proc/sys/net/core/somaxconn");
  survey.syn_backlog = number("/proc/sys/net/ipv4/tcp_max_syn_backlog");
  const std::string reuse = text("/proc/sys/net/ipv4/tcp_tw_reuse");
  if (!reuse.empty()) survey.tw_reuse = static_cast<int>(as_number(reuse));
}

void MachineProbe::read_clock(MachineSurvey& survey) const {
  const std::string folder = "/sys/devices/system/clocksource/clocksource0/";
  survey.clock_source = text(folder + "current_clocksource");
  std::istringstream names(text(folder + "available_clocksource"));
  for (std::string name; names >> name;) survey.clock_sources.push_back(name);
}

MachineSurvey MachineProbe::survey() const {
  MachineSurvey survey;
  survey.kernel = text("/proc/sys/kernel/osrelease");
  read_processors(survey);
  read_memory(survey);
  read_descriptors(survey);
  read_network(survey);
  read_clock(survey);
  return survey;
}

}  // namespace tacos::load
