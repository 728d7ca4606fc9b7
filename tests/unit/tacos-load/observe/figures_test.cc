// What is read from /proc, from INFO and from Prometheus's text, on texts that were recorded and on garbage.

#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tacos-load/observe/cgroup_quota.h"
#include "tacos-load/observe/proc_figures.h"
#include "tacos-load/observe/prometheus_text.h"
#include "tacos-load/observe/redis_info.h"

namespace tacos::load {
namespace {

using measure::Flow;
using measure::Level;

double counter(const Figures& figures, Flow flow) {
  return figures.counters[static_cast<std::size_t>(flow)].value_or(-1);
}
double level(const Figures& figures, Level level) {
  return figures.levels[static_cast<std::size_t>(level)].value_or(-1);
}

// A process that calls itself "a) R 1 (b".
constexpr const char* kStat =
    "21219 (a) R 1 (b) S 21218 21219 21219 0 -1 4194560 6036 63896 2 779 1234 66 47 19 20 0 7 0 3408943 5251072 988 "
    "18446744073709551615 94349567176704 94349567966109 140736310629792 0 0 0 65536 4 1132560123 1 0 0 17 0 0 0 0 0 "
    "0\n";

TEST(ProcessStat, ReadsTheFieldsBehindTheLastParenthesis) {
  const auto figures = parse_process_stat(kStat, 100);
  ASSERT_TRUE(figures.has_value()) << figures.error().message;
  EXPECT_DOUBLE_EQ(counter(*figures, Flow::kCpu), 13.0);  // 1234 + 66 ticks; the 47 + 19 of children are not in it
  EXPECT_EQ(level(*figures, Level::kThreads), 7);
  EXPECT_EQ(figures->life, "3408943");
}

TEST(ProcessStat, AnEndedProcessIsNoneAlthoughItsCountsStillStandThere) {
  std::string ended = kStat;
  ended.replace(ended.find(") S "), 4, ") Z ");
  const auto figures = parse_process_stat(ended, 100);
  ASSERT_FALSE(figures.has_value());
  EXPECT_EQ(figures.error().message, "it has ended");
}

TEST(ProcessStat, RefusesWhatEndsEarlyOrIsNoNumber) {
  for (const char* text : {"", "1 (x", "1 (x) S 1 2 3", "1 (x) S a b c d e f g h i j k l m n o p q r s t u v w"}) {
    EXPECT_FALSE(parse_process_stat(text, 100).has_value()) << text;
  }
  EXPECT_FALSE(parse_process_stat(kStat, 0).has_value());
}

TEST(ProcessStatus, ReadsResidentMemory) {
  Figures figures;
  add_process_status("Name:\tVmRSS:\nVmPeak:\t 900 kB\nVmRSS:\t    3948 kB\nThreads:\t7\n", figures);
  EXPECT_EQ(level(figures, Level::kMemory), 3948.0 * 1024);
  Figures none;
  add_process_status("Name:\tkernel thread\n", none);
  add_process_status("VmRSS: 12 MB\n", none);
  add_process_status("VmRSS:", none);
  EXPECT_TRUE(none.says_nothing());
}

TEST(MachineStat, CountsAllThatIsNeitherIdleNorWaiting) {
  const auto figures = parse_machine_stat("cpu  100 20 30 5000 600 7 8 9 1000 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n", 100);
  ASSERT_TRUE(figures.has_value());
  EXPECT_DOUBLE_EQ(counter(*figures, Flow::kCpu), 1.74);  // guest time is in user time already
  EXPECT_FALSE(parse_machine_stat("cpu 1 2 3\n", 100).has_value());
  EXPECT_FALSE(parse_machine_stat("intr 1 2 3 4 5 6 7 8 9\n", 100).has_value());
}

TEST(ReadProcess, KnowsItselfAndNobodyElse) {
  const auto self = read_process(::getpid());
  ASSERT_TRUE(self.has_value());
  EXPECT_GT(level(*self, Level::kMemory), 1e6);
  EXPECT_GE(counter(*self, Flow::kCpu), 0);
  EXPECT_GT(allowed_cores(::getpid()), 0);
  const auto nobody = read_process(2'000'000'000);
  ASSERT_FALSE(nobody.has_value());
  EXPECT_THAT(nobody.error().message, testing::HasSubstr("no process 2000000000"));
}

TEST(CpuQuota, IsTheTightestFromTheProcesssCgroupUpward) {
  namespace fs = std::filesystem;
  const fs::path root = fs::path(testing::TempDir()) / fmt::format("quota-{}", ::getpid());
  const auto write = [&](const char* path, const char* text) {
    fs::create_directories((root / path).parent_path());
    std::ofstream(root / path) << text;
  };
  write("proc/77/cgroup", "4:cpu:/old\n0::/kube/pod/container\n");
  EXPECT_EQ(cgroup_of(root.string(), "77"), "/kube/pod/container");
  EXPECT_EQ(cgroup_of(root.string(), "78"), "");
  EXPECT_EQ(cpu_quota(root.string(), "/kube/pod/container").cores, 0);
  write("sys/fs/cgroup/kube/pod/container/cpu.max", "max 100000\n");
  write("sys/fs/cgroup/kube/pod/cpu.max", "50000 100000\n");
  write("sys/fs/cgroup/kube/cpu.max", "400000 100000\n");
  EXPECT_EQ(cpu_quota(root.string(), "/kube/pod/container").cores, 0.5);
  EXPECT_EQ(cpu_quota(root.string(), "/kube/pod/container").file, "/sys/fs/cgroup/kube/pod/cpu.max");
  write("sys/fs/cgroup/kube/pod/cpu.max", "nonsense 0\n");
  EXPECT_EQ(cpu_quota(root.string(), "/kube/pod/container").cores, 4);
  EXPECT_EQ(cpu_quota(root.string(), "no slash").cores, 0);
  fs::remove_all(root);
}

// Redis 7.0.15, cut.
constexpr const char* kInfo =
    "# Server\r\nredis_version:7.0.15\r\nrun_id:5eab3f\r\nuptime_in_seconds:12\r\n\r\n"
    "# Clients\r\nconnected_clients:3\r\n\r\n# Memory\r\nused_memory:1048576\r\nused_memory_human:1.00M\r\n\r\n"
    "# Stats\r\ntotal_connections_received:4\r\ntotal_commands_processed:102\r\ninstantaneous_ops_per_sec:5\r\n"
    "total_net_input_bytes:2000\r\ntotal_net_output_bytes:3000\r\n\r\n"
    "# CPU\r\nused_cpu_sys:1.500000\r\nused_cpu_user:2.250000\r\nused_cpu_sys_children:9.0\r\n"
    "used_cpu_sys_main_thread:1.250000\r\nused_cpu_user_main_thread:2.000000\r\n\r\n"
    "# Commandstats\r\ncmdstat_ping:calls=100,usec=7,usec_per_call=0.07,rejected_calls=0,failed_calls=0\r\n"
    "cmdstat_config|get:calls=2,usec=39\r\n";

TEST(RedisInfo, ReadsCpuCommandsBytesAndMemory) {
  const auto figures = parse_redis_info(kInfo);
  ASSERT_TRUE(figures.has_value());
  EXPECT_DOUBLE_EQ(counter(*figures, Flow::kCpu), 3.75);  // children are processes of their own
  EXPECT_DOUBLE_EQ(counter(*figures, Flow::kMainThreadCpu), 3.25);
  EXPECT_EQ(counter(*figures, Flow::kCommands), 102);
  EXPECT_EQ(counter(*figures, Flow::kReceivedBytes), 2000);
  EXPECT_EQ(counter(*figures, Flow::kSentBytes), 3000);
  EXPECT_EQ(level(*figures, Level::kMemory), 1048576);
  EXPECT_EQ(level(*figures, Level::kConnections), 3);
  EXPECT_EQ(figures->life, "5eab3f");
  EXPECT_THAT(figures->calls, testing::ElementsAre(testing::Pair("config|get", 2), testing::Pair("ping", 100)));
}

TEST(RedisInfo, LeavesOutWhatIsNotThereOrNoNumber) {
  const auto old = parse_redis_info("used_cpu_sys:1\nused_cpu_user:2\nused_memory:lots\ntotal_commands_processed:-5\n");
  ASSERT_TRUE(old.has_value());
  EXPECT_EQ(counter(*old, Flow::kCpu), 3);
  EXPECT_FALSE(old->counters[static_cast<std::size_t>(Flow::kMainThreadCpu)].has_value());
  EXPECT_FALSE(old->counters[static_cast<std::size_t>(Flow::kCommands)].has_value());
  EXPECT_FALSE(old->levels[static_cast<std::size_t>(Level::kMemory)].has_value());
  // Half of a sum is none.
  EXPECT_TRUE(parse_redis_info("used_cpu_user:2\n")->says_nothing());
  EXPECT_TRUE(parse_redis_info("used_cpu_user:inf\nused_cpu_sys:1e300\ncmdstat_x:calls=nan\n")->says_nothing());
  EXPECT_FALSE(parse_redis_info("").has_value());
  EXPECT_FALSE(parse_redis_info("# Server\nnothing\n").has_value());
}

TEST(RedisInfo, KeepsLittleOfARunIdThatIsNone) {
  const auto figures = parse_redis_info("run_id:" + std::string(1'000'000, 'x') + "\r\nused_memory:1\r\n");
  ASSERT_TRUE(figures.has_value());
  EXPECT_EQ(figures->life.size(), 64U);
}

TEST(PrometheusText, ReadsProcessAndGateway) {
  const auto figures = parse_prometheus(
      "# HELP process_cpu_seconds_total User and system time.\n# TYPE process_cpu_seconds_total counter\n"
      "process_cpu_seconds_total 12.5\nprocess_resident_memory_bytes 1.5e+07\nstore_commands_total 400\n"
      "process_start_time_seconds 1.7e9\n"
      "http_server_requests_total{route=\"/queue/join\",method=\"POST\",status=\"202\"} 10 1700000000000\n"
      "http_server_requests_total{route=\"a } \\\"{\",method=\"GET\"} +5\n"
      "http_server_received_bytes_total 7\nhttp_server_sent_bytes_total 9\nhttp_server_connections 3\n");
  ASSERT_TRUE(figures.has_value());
  EXPECT_EQ(counter(*figures, Flow::kCpu), 12.5);
  EXPECT_EQ(counter(*figures, Flow::kCommands), 400);
  EXPECT_EQ(counter(*figures, Flow::kRequests), 15);
  EXPECT_EQ(counter(*figures, Flow::kReceivedBytes), 7);
  EXPECT_EQ(counter(*figures, Flow::kSentBytes), 9);
  EXPECT_EQ(level(*figures, Level::kMemory), 1.5e7);
  EXPECT_EQ(level(*figures, Level::kConnections), 3);
  EXPECT_FALSE(figures->life.empty());
}

TEST(PrometheusText, PassesOverWhatItCannotRead) {
  const auto figures = parse_prometheus(
      "process_cpu_seconds_total NaN\nprocess_cpu_seconds_total{a=\"never ends 1\n}{\n 5\nprocess_cpu_seconds_total\n"
      "process_resident_memory_bytes -1\nother_metric 1\nprocess_cpu_seconds_total 3x\nprocess_cpu_seconds_total "
      "+Inf\n");
  ASSERT_TRUE(figures.has_value());
  EXPECT_TRUE(figures->says_nothing());
  for (const char* text : {"", "<html><body>it works</body></html>", "{\"json\": 1}", "# only a comment\n"}) {
    EXPECT_FALSE(parse_prometheus(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace tacos::load
