#include "tacos-load/observe/cgroup_quota.h"

#include <cstdlib>
#include <fstream>

namespace tacos::load {

std::string cgroup_of(const std::string& root, const std::string& process) {
  constexpr std::string_view kUnified = "0::";
  std::ifstream file(root + "/proc/" + process + "/cgroup");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(kUnified)) return line.substr(kUnified.size());
  }
  return "";
}

std::vector<std::string> upward(std::string cgroup) {
  std::vector<std::string> paths;
  while (!cgroup.empty() && cgroup != "/") {
    paths.push_back(cgroup);
    const auto slash = cgroup.rfind('/');
    cgroup.resize(slash == std::string::npos ? 0 : slash);
  }
  paths.emplace_back();
  return paths;
}

CpuQuota cpu_quota(const std::string& root, const std::string& cgroup) {
  CpuQuota tightest;
  for (const auto& path : upward(cgroup)) {
    const std::string name = "/sys/fs/cgroup" + path + "/cpu.max";
    std::ifstream file(root + name);
    std::string quota;
    double period = 0;
    if (!(file >> quota >> period) || quota == "max" || period <= 0) continue;
    const double cores = std::strtod(quota.c_str(), nullptr) / period;
    if (cores <= 0 || (tightest.cores > 0 && tightest.cores <= cores)) continue;
    tightest = {cores, name};
  }
  return tightest;
}

}  // namespace tacos::load
