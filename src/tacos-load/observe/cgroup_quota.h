#pragma once

#include <string>
#include <vector>

namespace tacos::load {

// A process's limit on CPU time by cgroups(7), version 2.
struct CpuQuota {
  double cores = 0;  // cores' worth of time; 0: none
  std::string file;  // the cpu.max that says so
};

// The cgroup of a process ("self" or its number), such as "/kubepods/pod1"; empty where there is none. `root` is put
// before each path: "" but for tests.
std::string cgroup_of(const std::string& root, const std::string& process);

// A cgroup is limited by each of those it lies in: "/a/b", "/a" and "".
std::vector<std::string> upward(std::string cgroup);

// The tightest cpu.max from the cgroup upward.
CpuQuota cpu_quota(const std::string& root, const std::string& cgroup);

}  // namespace tacos::load
