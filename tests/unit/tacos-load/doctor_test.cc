#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tacos-load/doctor/assessment.h"
#include "tacos-load/doctor/capacity.h"
#include "tacos-load/doctor/doctor_text.h"
#include "tacos-load/doctor/machine_probe.h"

namespace tacos::load {
namespace {

using nlohmann::json;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

// Eight idle cores on which nothing stands in the way, not even of a connection for each user.
MachineSurvey strong_machine() {
  MachineSurvey m;
  m.kernel = "6.1.0";
  m.cpus_online = m.cpus_allowed = 8;
  m.governor = "performance";
  m.memory_bytes = 16ULL << 30;
  m.fd_soft = 1024;
  m.fd_hard = m.fd_per_process_max = 1'048'576;
  m.fd_system_max = 9'223'372'036'854'775'807ULL;
  m.first_port = 1024;
  m.last_port = 65535;
  m.listen_backlog = 4096;
  m.syn_backlog = 4096;
  m.tw_reuse = 2;
  m.clock_source = "tsc";
  m.clock_sources = {"tsc", "hpet"};
  return m;
}

MachineTimings good_timings() {
  MachineTimings t;
  t.clock.read_ns = 25;
  t.clock.smallest_step = nanoseconds(20);
  t.timer_lateness = Spread(microseconds(8), microseconds(60), microseconds(300));
  t.stolen.longest_gap = microseconds(90);
  t.stolen.share = 0.001;
  t.loopback = Spread(microseconds(12), microseconds(30), microseconds(200));
  t.request.requests = 20'000;
  t.request.client_cpu_us = 10;
  t.request.server_cpu_us = 10;
  return t;
}

Finding finding(const Assessment& assessment, const std::string& name) {
  const auto& all = assessment.findings;
  const auto found = std::find_if(all.begin(), all.end(), [&](const Finding& f) { return f.name == name; });
  return found == all.end() ? Finding() : *found;
}

Finding finding(const MachineSurvey& machine, const std::string& name) {
  return finding(assess(machine, good_timings()), name);
}

auto command(const std::string& text) {
  return Contains(Field(&Remedy::command, text));
}

TEST(Assessment, HasNothingToRaiseOnAStrongMachine) {
  const auto assessment = assess(strong_machine(), good_timings());
  for (const auto& f : assessment.findings) {
    EXPECT_EQ(f.verdict, Standing::kGood) << f.name;
    EXPECT_THAT(f.remedies, IsEmpty()) << f.name;
    EXPECT_NE(f.value, "") << f.name;
    EXPECT_NE(f.why, "") << f.name;
  }
  EXPECT_TRUE(assessment.capacity.headline.carries());
  EXPECT_TRUE(assessment.capacity.headline_here.carries());
}

TEST(Assessment, NamesTheCommandsThatRaiseAShellsDefaultOf1024Descriptors) {
  MachineSurvey m = strong_machine();
  m.fd_hard = 1024;
  const auto f = finding(m, "descriptors");
  EXPECT_EQ(f.verdict, Standing::kLimited);
  EXPECT_EQ(f.value, "1,024");
  EXPECT_THAT(f.remedies, command("ulimit -n 1048576"));
  EXPECT_THAT(f.remedies, command("echo '* - nofile 1048576' | sudo tee /etc/security/limits.d/99-tacos.conf"));
  EXPECT_THAT(f.remedies, Not(command("sudo sysctl -w fs.nr_open=1048576")));
  m.fd_per_process_max = 65'536;
  EXPECT_THAT(finding(m, "descriptors").remedies, command("sudo sysctl -w fs.nr_open=1048576"));
}

TEST(Assessment, TooFewDescriptorsForTheHeadlinesPoolAreAnObstacle) {
  MachineSurvey m = strong_machine();
  m.fd_hard = 512;
  const auto assessment = assess(m, good_timings());
  EXPECT_EQ(finding(assessment, "descriptors").verdict, Standing::kPoor);
  EXPECT_THAT(assessment.capacity.headline.obstacles, ElementsAre("448 connections can be open, 900 are wanted"));
}

TEST(Assessment, WidensTheDefaultPortRange) {
  MachineSurvey m = strong_machine();
  m.first_port = 32768;
  m.last_port = 60999;
  const auto f = finding(m, "ports");
  EXPECT_EQ(f.verdict, Standing::kLimited);
  EXPECT_THAT(f.why, HasSubstr("11 source addresses"));
  EXPECT_THAT(f.remedies, command("sudo sysctl -w net.ipv4.ip_local_port_range='1024 65535'"));
  EXPECT_THAT(f.remedies, command("tacos-load --connections per-user --source-address "
                                  "127.0.0.2,127.0.0.3,127.0.0.4,127.0.0.5,127.0.0.6"));
}

TEST(Assessment, ASlowClockSourceIsPoorAndTscIsOfferedWhereThereIsOne) {
  MachineSurvey m = strong_machine();
  m.clock_source = "hpet";
  auto f = finding(m, "clock source");
  EXPECT_EQ(f.verdict, Standing::kPoor);
  EXPECT_THAT(f.remedies,
              command("echo tsc | sudo tee /sys/devices/system/clocksource/clocksource0/current_clocksource"));
  m.clock_sources = {"hpet", "acpi_pm"};
  f = finding(m, "clock source");
  EXPECT_THAT(f.remedies, SizeIs(1));
  EXPECT_THAT(f.remedies[0].command, HasSubstr("dmesg"));
}

TEST(Assessment, AQuotaBelowTheCoresIsNamedWithItsFile) {
  MachineSurvey m = strong_machine();
  m.cpu_quota = 1.5;
  m.cpu_quota_file = "/sys/fs/cgroup/small/cpu.max";
  const auto assessment = assess(m, good_timings());
  EXPECT_EQ(assessment.capacity.cores, 1.5);
  EXPECT_EQ(finding(assessment, "cores").verdict, Standing::kPoor);
  EXPECT_THAT(finding(assessment, "cores").remedies, command("echo max | sudo tee /sys/fs/cgroup/small/cpu.max"));
}

TEST(Assessment, KernelSettingsBelowWhatTheHeadlineNeedsNameTheirSysctl) {
  MachineSurvey m = strong_machine();
  m.listen_backlog = 128;
  m.syn_backlog = 256;
  m.tw_reuse = 0;
  m.governor = "powersave";
  m.fd_system_max = 100'000;
  EXPECT_EQ(finding(m, "listen backlog").verdict, Standing::kPoor);
  EXPECT_THAT(finding(m, "listen backlog").remedies, command("sudo sysctl -w net.core.somaxconn=65535"));
  EXPECT_THAT(finding(m, "SYN backlog").remedies, command("sudo sysctl -w net.ipv4.tcp_max_syn_backlog=65535"));
  EXPECT_THAT(finding(m, "TIME_WAIT reuse").remedies, command("sudo sysctl -w net.ipv4.tcp_tw_reuse=1"));
  EXPECT_THAT(finding(m, "CPU governor").remedies, command("sudo cpupower frequency-set -g performance"));
  EXPECT_THAT(finding(m, "open files, all").remedies, command("sudo sysctl -w fs.file-max=2097152"));
}

TEST(Assessment, WhatTheSystemDoesNotTellIsNoFinding) {
  MachineSurvey m = strong_machine();
  m.fd_system_max = m.listen_backlog = m.syn_backlog = 0;
  m.tw_reuse = -1;
  m.clock_source = m.governor = "";
  for (const auto& f : assess(m, good_timings()).findings) EXPECT_EQ(f.verdict, Standing::kGood) << f.name;
}

TEST(Assessment, LateTimersAndAClockThatStepsBackSpoilTheHeadline) {
  MachineTimings t = good_timings();
  t.timer_lateness.p99 = milliseconds(7);
  t.clock.steady = false;
  const auto assessment = assess(strong_machine(), t);
  EXPECT_EQ(finding(assessment, "timer lateness").verdict, Standing::kPoor);
  EXPECT_EQ(finding(assessment, "clock reading").verdict, Standing::kPoor);
  EXPECT_THAT(assessment.capacity.headline.obstacles,
              ElementsAre(HasSubstr("timers wake 7.00 ms late"), HasSubstr("steps back")));
}

TEST(Capacity, ConnectionsAreBoundedByDescriptorsAndByPortsTimesSourceAddresses) {
  EXPECT_EQ(most_connections(20'000, 28'232, 1), 19'936u);
  EXPECT_EQ(most_connections(1'048'576, 28'232, 1), 28'232u);
  EXPECT_EQ(most_connections(1'048'576, 28'232, 11), 310'552u);
  EXPECT_EQ(most_connections(64, 28'232, 1), 0u);
  EXPECT_EQ(most_connections(3, 28'232, 1), 0u);
}

TEST(Capacity, OfThisMachineFollowsFromItsDescriptors) {
  MachineSurvey m = strong_machine();
  m.fd_hard = 20'000;
  m.first_port = 32768;
  m.last_port = 60999;
  const auto capacity = capacity_of(m, good_timings());
  EXPECT_EQ(capacity.connections, 19'936u);
  EXPECT_EQ(capacity.connections_here, 19'936u);
}

TEST(Capacity, ATargetHereSharesTheCoresAndOneElsewhereLeavesOneToTheSystem) {
  MachineSurvey m = strong_machine();
  MachineTimings t = good_timings();
  EXPECT_DOUBLE_EQ(sustainable_rate(1, 12), 50'000);
  EXPECT_EQ(sustainable_rate(1, 0), 0);
  m.cpus_allowed = 2;
  t.request.client_cpu_us = 12;
  t.request.server_cpu_us = 28;
  t.stolen.share = 0;
  const auto capacity = capacity_of(m, t);
  EXPECT_EQ(capacity.workers, 1u);
  EXPECT_DOUBLE_EQ(capacity.rate_per_second, sustainable_rate(1, kRunOverhead * 12));
  EXPECT_DOUBLE_EQ(capacity.rate_per_second_here, sustainable_rate(2, kRunOverhead * (12 + 28)));
}

TEST(Capacity, LeavesOutWhatOthersTakeOfTheCores) {
  MachineTimings t = good_timings();
  t.stolen.share = 0;
  const auto alone = capacity_of(strong_machine(), t);
  t.stolen.share = 0.25;
  const auto beside = capacity_of(strong_machine(), t);
  EXPECT_DOUBLE_EQ(beside.rate_per_second, 0.75 * alone.rate_per_second);
  EXPECT_DOUBLE_EQ(beside.rate_per_second_here, 0.75 * alone.rate_per_second_here);
  EXPECT_THAT(beside.headline.obstacles, ElementsAre(HasSubstr("others take 25% of a core")));
}

TEST(Capacity, UsersFollowFromMemory) {
  MachineSurvey m = strong_machine();
  m.memory_bytes = 43'000'000;  // 80% of it at 172 bytes each
  const auto capacity = capacity_of(m, good_timings());
  EXPECT_EQ(capacity.users, 200'000u);
  EXPECT_THAT(capacity.headline.obstacles, ElementsAre("memory for 200,000 users, 300,000 are wanted"));
}

TEST(StealShare, IsOfTheTimeBetweenTwoReadings) {
  EXPECT_DOUBLE_EQ(steal_share({1000, 10}, {2000, 60}), 0.05);
  EXPECT_EQ(steal_share({1000, 10}, {1000, 10}), 0);
  EXPECT_EQ(steal_share({1000, 10}, {2000, 5}), 0);  // a reboot, or a counter that went back
}

// A root with a /proc and a /sys of the test's own.
class MachineProbeTest : public testing::Test {
 protected:
  MachineProbeTest() {
    std::string name = (std::filesystem::temp_directory_path() / "machine-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
  }
  ~MachineProbeTest() override { std::filesystem::remove_all(root_); }

  void write(const std::string& path, const std::string& text) {
    const auto file = root_ / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  MachineProbe probe() const { return MachineProbe(root_.string()); }

  std::filesystem::path root_;
};

TEST_F(MachineProbeTest, ReadsWhatTheKernelTells) {
  write("proc/sys/kernel/osrelease", "6.1.0-18-amd64\n");
  write("sys/devices/system/cpu/online", "0-3,8,10-11\n");
  write("proc/self/status", "Name:\ttacos-load\nCpus_allowed:\t3\nCpus_allowed_list:\t0-1\n");
  write("proc/loadavg", "0.52 0.58 0.59 1/97 4242\n");
  write("proc/meminfo", "MemTotal:       4000000 kB\nMemAvailable:   2000000 kB\n");
  write("proc/self/limits",
        "Limit                     Soft Limit           Hard Limit           Units     \n"
        "Max open files            1024                 unlimited            files     \n");
  write("proc/sys/fs/nr_open", "1048576\n");
  write("proc/sys/fs/file-max", "9223372036854775807\n");
  write("proc/sys/net/ipv4/ip_local_port_range", "32768\t60999\n");
  write("proc/sys/net/core/somaxconn", "4096\n");
  write("proc/sys/net/ipv4/tcp_max_syn_backlog", "512\n");
  write("proc/sys/net/ipv4/tcp_tw_reuse", "2\n");
  write("sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet\n");
  write("sys/devices/system/clocksource/clocksource0/available_clocksource", "hpet acpi_pm \n");
  write("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave\n");
  const auto m = probe().survey();
  EXPECT_EQ(m.kernel, "6.1.0-18-amd64");
  EXPECT_EQ(m.cpus_online, 7u);
  EXPECT_EQ(m.cpus_allowed, 2u);
  EXPECT_EQ(m.cpu_quota, 0);
  EXPECT_EQ(m.load_average, 0.52);
  EXPECT_EQ(m.memory_bytes, 2'048'000'000u);
  EXPECT_EQ(m.memory_limit_file, "");
  EXPECT_EQ(m.fd_soft, 1024u);
  EXPECT_EQ(m.fd_hard, UINT64_MAX);
  EXPECT_EQ(m.fd_per_process_max, 1'048'576u);
  EXPECT_EQ(port_count(m), 28'232u);
  EXPECT_EQ(m.listen_backlog, 4096u);
  EXPECT_EQ(m.syn_backlog, 512u);
  EXPECT_EQ(m.tw_reuse, 2);
  EXPECT_EQ(m.clock_source, "hpet");
  EXPECT_THAT(m.clock_sources, ElementsAre("hpet", "acpi_pm"));
  EXPECT_EQ(m.governor, "powersave");
}

TEST_F(MachineProbeTest, TakesTheTightestLimitOfTheCgroupsItLiesIn) {
  write("proc/self/cgroup", "1:cpu:/old\n0::/outer/inner\n");
  write("proc/meminfo", "MemAvailable:   2000000 kB\n");
  write("sys/fs/cgroup/outer/inner/cpu.max", "max 100000\n");
  write("sys/fs/cgroup/outer/cpu.max", "150000 100000\n");
  write("sys/fs/cgroup/outer/inner/memory.max", "1000000000\n");
  write("sys/fs/cgroup/outer/inner/memory.current", "400000000\n");
  write("sys/fs/cgroup/outer/memory.max", "max\n");
  const auto m = probe().survey();
  EXPECT_EQ(m.cpu_quota, 1.5);
  EXPECT_EQ(m.cpu_quota_file, "/sys/fs/cgroup/outer/cpu.max");
  EXPECT_EQ(m.memory_bytes, 600'000'000u);
  EXPECT_EQ(m.memory_limit_file, "/sys/fs/cgroup/outer/inner/memory.max");
}

TEST_F(MachineProbeTest, KeepsItsDefaultsWhereNothingIsTold) {
  const auto m = probe().survey();
  EXPECT_EQ(m.cpus_online, 1u);
  EXPECT_EQ(m.cpus_allowed, 1u);
  EXPECT_EQ(m.fd_hard, 1024u);
  EXPECT_EQ(port_count(m), 28'232u);
  EXPECT_EQ(m.tw_reuse, -1);
  EXPECT_EQ(probe().cpu_ticks().total, 0u);
}

TEST_F(MachineProbeTest, CountsStolenTicks) {
  write("proc/stat", "cpu  100 20 30 1000 5 0 7 42 99 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n");
  const auto ticks = probe().cpu_ticks();
  EXPECT_EQ(ticks.total, 1204u);  // guest time is part of user time
  EXPECT_EQ(ticks.stolen, 42u);
}

Diagnosis weak() {
  Diagnosis d;
  d.machine.kernel = "6.1.0-18-amd64";
  d.machine.fd_hard = 512;
  d.machine.first_port = 40'000;
  d.machine.last_port = 41'000;
  d.machine.memory_bytes = 20'000'000;
  d.machine.memory_limit_file = "/sys/fs/cgroup/system.slice/a-rather-long-name-of-a-service.service/memory.max";
  d.machine.cpu_quota = 0.5;
  d.machine.cpu_quota_file = "/sys/fs/cgroup/system.slice/tacos.service/cpu.max";
  d.machine.governor = "powersave";
  d.machine.load_average = 12.5;
  d.machine.clock_source = "hpet";
  d.machine.clock_sources = {"tsc", "hpet"};
  d.machine.listen_backlog = d.machine.syn_backlog = 128;
  d.machine.tw_reuse = 0;
  d.machine.fd_system_max = 2000;
  d.machine.fd_per_process_max = 4096;
  d.timings.clock.read_ns = 1500;
  d.timings.clock.steady = false;
  d.timings.timer_lateness = d.timings.loopback =
      Spread(microseconds(1230), nanoseconds(123'456'789), milliseconds(999));
  d.timings.stolen.longest_gap = milliseconds(123);
  d.timings.stolen.share = 0.4;
  d.timings.steal_share = 0.123;
  d.timings.request.client_cpu_us = 100;
  d.timings.request.server_cpu_us = 100;
  d.assessment = assess(d.machine, d.timings);
  return d;
}

Diagnosis strong() {
  return {strong_machine(), good_timings(), assess(strong_machine(), good_timings())};
}

TEST(DoctorText, FitsEightyColumnsBesideWordsThatCanNotBeFolded) {
  for (const auto& diagnosis : {weak(), strong()}) {
    std::istringstream lines(doctor_text(diagnosis, false));
    for (std::string line; std::getline(lines, line);) {
      // A path longer than the line is one word: folding it would break the command.
      if (line.find("/sys/") != std::string::npos) continue;
      EXPECT_LE(line.size(), 80u) << line;
      EXPECT_EQ(line.find('\x1b'), std::string::npos) << line;
      EXPECT_FALSE(line.ends_with(" ")) << line;
    }
  }
}

TEST(DoctorText, SaysTheWorstFirstAndNothingWhereNothingIsToDo) {
  const std::string text = doctor_text(weak(), false);
  EXPECT_THAT(text, HasSubstr("target on another machine         NO\n"));
  EXPECT_LT(text.find("descriptors (poor"), text.find("TIME_WAIT reuse (limited"));
  EXPECT_THAT(text, HasSubstr("sudo sysctl -w net.ipv4.ip_local_port_range='1024 65535'\n"));
  EXPECT_THAT(text,
              HasSubstr("echo '* - nofile 1048576' | sudo tee \\\n        /etc/security/limits.d/99-tacos.conf\n"));
  EXPECT_THAT(doctor_text(strong(), false), HasSubstr("target on this machine            yes\n"));
  EXPECT_THAT(doctor_text(strong(), false), HasSubstr("\nNothing to raise.\n"));
  EXPECT_THAT(doctor_text(weak(), true), HasSubstr("\x1b[1;31mpoor\x1b[0m"));
}

// Every key is in the schema, and every key that the schema requires is there.
void expect_keys(const json& value, const json& rule, const json& root, const std::string& at) {
  if (rule.contains("$ref")) {
    return expect_keys(value, root.at(json::json_pointer(rule["$ref"].get<std::string>().substr(1))), root, at);
  }
  for (const auto& key : rule.value("required", json::array())) {
    EXPECT_TRUE(value.contains(key.get<std::string>())) << at << "/" << key;
  }
  if (value.is_array()) {
    for (const auto& item : value) expect_keys(item, rule.at("items"), root, at + "/[]");
  }
  if (!value.is_object()) return;
  for (const auto& [key, member] : value.items()) {
    ASSERT_TRUE(rule.at("properties").contains(key)) << at << "/" << key << " is not described";
    expect_keys(member, rule["properties"][key], root, at + "/" + key);
  }
}

TEST(DoctorJson, HasTheKeysOfItsSchema) {
  std::ifstream file(std::string(TACOS_SOURCE_DIR) + "/docs/schema/doctor-1.schema.json");
  const json schema = json::parse(file);
  for (const auto& diagnosis : {weak(), strong()}) {
    const json document = json::parse(doctor_json(diagnosis));
    expect_keys(document, schema, schema, "");
    EXPECT_EQ(document["schema"], schema["properties"]["schema"]["const"]);
  }
  const json document = json::parse(doctor_json(weak()));
  EXPECT_EQ(document["findings"][0]["verdict"], "poor");
  EXPECT_EQ(document["capacity"]["target_here"]["carries_headline"], false);
  EXPECT_EQ(document["machine"]["cpu_quota"], 0.5);
  EXPECT_EQ(json::parse(doctor_json(strong()))["machine"]["cpu_quota"], nullptr);
}

}  // namespace
}  // namespace tacos::load
