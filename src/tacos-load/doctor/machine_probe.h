#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tacos::load {

// What a machine allows this process, as the kernel tells it. A zero or an empty text means: not told, or no limit.
struct MachineSurvey {
  std::string kernel;
  std::uint32_t cpus_online = 1;
  std::uint32_t cpus_allowed = 1;  // by affinity (taskset, cpusets)
  double cpu_quota = 0;            // cores' worth of time, the tightest cpu.max from the process's cgroup upward
  std::string cpu_quota_file;      // the cpu.max that says so
  std::string governor;            // of CPU 0; virtual machines have none
  double load_average = 0;         // of the last minute
  std::uint64_t memory_bytes = 0;  // MemAvailable, or what the tightest memory.max leaves when that is less
  std::string memory_limit_file;   // the memory.max that says so; empty when MemAvailable is less
  std::uint64_t fd_soft = 1024;    // RLIMIT_NOFILE; a run raises soft to hard by itself
  std::uint64_t fd_hard = 1024;
  std::uint64_t fd_per_process_max = 0;  // fs.nr_open: as high as the hard limit may be set
  std::uint64_t fd_system_max = 0;       // fs.file-max
  std::uint32_t first_port = 32768;      // net.ipv4.ip_local_port_range
  std::uint32_t last_port = 60999;
  std::uint64_t listen_backlog = 0;  // net.core.somaxconn
  std::uint64_t syn_backlog = 0;     // net.ipv4.tcp_max_syn_backlog
  int tw_reuse = -1;                 // net.ipv4.tcp_tw_reuse; -1: not told
  std::string clock_source;
  std::vector<std::string> clock_sources;  // to choose from
};

// CPU time of all cores since boot, in clock ticks, from the first line of /proc/stat.
struct CpuTicks {
  std::uint64_t total = 0;
  std::uint64_t stolen = 0;  // the hypervisor ran somebody else
};

// The share of time between two readings that the hypervisor took away: 0 to 1.
double steal_share(const CpuTicks& before, const CpuTicks& after);

// Reads /proc and /sys, and nothing else: under another root it reads a tree that a test has made. What is missing
// there keeps its default. Holds no state but the root.
class MachineProbe {
 public:
  explicit MachineProbe(std::string root = "") : root_(std::move(root)) {}

  MachineSurvey survey() const;
  CpuTicks cpu_ticks() const;

 private:
  std::string text(const std::string& path) const;
  std::uint64_t number(const std::string& path) const;
  std::string cgroup() const;
  void read_processors(MachineSurvey& survey) const;
  void read_memory(MachineSurvey& survey) const;
  void read_descriptors(MachineSurvey& survey) const;
  void read_network(MachineSurvey& survey) const;
  void read_clock(MachineSurvey& survey) const;

  std::string root_;
};

}  // namespace tacos::load
