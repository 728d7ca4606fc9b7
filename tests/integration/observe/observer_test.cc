#include "tacos-load/observe/observer.h"

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/redis_cluster_of_six.h"
#include "support/redis_server.h"
#include "support/scripted_server.h"
#include "tacos-load/observe/component_series.h"

namespace tacos::load {
namespace {

using measure::Flow;
using measure::Level;
using std::chrono::milliseconds;
using std::chrono::seconds;
using support::ScriptedServer;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr core::Nanos kPeriod = milliseconds(100);

class ObserverTest : public testing::Test {
 protected:
  core::Result<std::unique_ptr<Observer>> open(const std::string& text) {
    const auto observations = parse_observations({text});
    EXPECT_TRUE(observations.has_value()) << observations.error().message;
    return Observer::open(*observations, {}, clock_);
  }
  void begin(const std::string& text) {
    auto opened = open(text);
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    observer_ = std::move(*opened);
    observer_->start(clock_.now(), kPeriod);
  }
  std::string fault_of(const std::string& text) {
    const auto opened = open(text);
    return opened ? "" : opened.error().message;
  }
  static const ObservedComponent* named(const std::vector<ObservedComponent>& seen, const std::string& name) {
    for (const auto& component : seen) {
      if (component.name == name) return &component;
    }
    return nullptr;
  }
  static double counter(const ObservedComponent::Sample& sample, Flow flow) {
    return sample.figures.counters[static_cast<std::size_t>(flow)].value_or(-1);
  }

  core::SteadyClock clock_;
  std::unique_ptr<Observer> observer_;
};

TEST_F(ObserverTest, CountsWhatARedisDid) {
  support::RedisServer server;
  ASSERT_EQ(server.fault(), "");
  begin("redis=unix://" + server.socket_path());
  for (int n = 0; n < 500; ++n) server.send({"SET", "key", std::to_string(n)});
  server.settle();
  std::this_thread::sleep_for(3 * kPeriod);
  const auto seen = observer_->stop();
  const auto* redis = named(seen, "redis");
  ASSERT_NE(redis, nullptr);
  ASSERT_GE(redis->samples.size(), 2U);
  EXPECT_LT(redis->samples.front().at, core::Nanos(0)) << "the first sample is from before the load";
  EXPECT_EQ(redis->limit_cores, 1);
  EXPECT_GE(counter(redis->samples.back(), Flow::kCommands) - counter(redis->samples.front(), Flow::kCommands), 500);
  EXPECT_EQ(redis->samples.back().figures.calls.at("set"), 500);
  EXPECT_GE(counter(redis->samples.back(), Flow::kMainThreadCpu), 0);
  EXPECT_NE(named(seen, "generator"), nullptr);
}

TEST_F(ObserverTest, ARedisThatIsKilledLeavesAGapAndARestart) {
  support::RedisServer server;
  ASSERT_EQ(server.fault(), "");
  begin("redis=unix://" + server.socket_path());
  std::this_thread::sleep_for(3 * kPeriod);
  server.kill_now();
  std::this_thread::sleep_for(3 * kPeriod);
  server.start_again();
  ASSERT_EQ(server.fault(), "");
  std::this_thread::sleep_for(milliseconds(1200));
  const auto seen = observer_->stop();
  const auto* redis = named(seen, "redis");
  EXPECT_GT(redis->missed, 0U);
  const auto series = component_series({*redis}, kPeriod, 20);
  EXPECT_EQ(series.components[0].restarts, 1U);
  EXPECT_THAT(series.components[0].note, HasSubstr("samples are missing"));
}

TEST_F(ObserverTest, WatchesEachPrimaryOfACluster) {
  support::RedisClusterOfSix cluster;
  ASSERT_EQ(cluster.fault(), "");
  begin("redis=" + cluster.url());
  std::this_thread::sleep_for(2 * kPeriod);
  const auto seen = observer_->stop();
  for (std::size_t primary = 0; primary < support::RedisClusterOfSix::kPrimaries; ++primary) {
    const auto* node = named(seen, fmt::format("redis[{}]", cluster.address(primary)));
    ASSERT_NE(node, nullptr) << cluster.address(primary);
    EXPECT_GE(node->samples.size(), 2U);
  }
  EXPECT_EQ(named(seen, fmt::format("redis[{}]", cluster.address(3))), nullptr) << "a replica";
}

TEST_F(ObserverTest, ReadsAPrometheusPage) {
  ScriptedServer server;
  server.on("/metrics", support::answer(200, "process_cpu_seconds_total 12.5\nprocess_resident_memory_bytes 4096\n"));
  begin(fmt::format("api=http://127.0.0.1:{}/metrics,cores=4", server.port()));
  std::this_thread::sleep_for(3 * kPeriod);
  const auto seen = observer_->stop();
  const auto* api = named(seen, "api");
  ASSERT_NE(api, nullptr);
  EXPECT_GE(api->samples.size(), 3U);
  EXPECT_EQ(counter(api->samples.back(), Flow::kCpu), 12.5);
  EXPECT_EQ(api->limit_cores, 4);
  EXPECT_THAT(server.last_request("/metrics"), HasSubstr("Host: 127.0.0.1"));
}

TEST_F(ObserverTest, APageThatStallsIsMissedAndHoldsUpNothing) {
  ScriptedServer server;
  server.on("/metrics", support::answer(200, "process_cpu_seconds_total 1\n"));
  auto observations = parse_observations(
      {fmt::format("api=http://127.0.0.1:{}/metrics", server.port()), fmt::format("self=pid:{}", ::getpid())});
  ASSERT_TRUE(observations.has_value());
  auto opened = Observer::open(*observations, {}, clock_);
  ASSERT_TRUE(opened.has_value()) << opened.error().message;
  server.on("/metrics", support::silence());
  (*opened)->start(clock_.now(), kPeriod);
  std::this_thread::sleep_for(6 * kPeriod);
  const auto asked = clock_.now();
  const auto seen = (*opened)->stop();
  EXPECT_LT(clock_.now() - asked, core::Nanos(seconds(1))) << "the end of a run waits for nobody long";
  EXPECT_EQ(named(seen, "api")->samples.size(), 1U);
  EXPECT_GE(named(seen, "api")->missed, 3U);
  EXPECT_GE(named(seen, "self")->samples.size(), 5U) << "the others are asked in time";
  EXPECT_EQ(named(seen, "self")->missed, 0U);
}

TEST_F(ObserverTest, WhoCannotBeReadBeforeTheLoadIsNamed) {
  EXPECT_THAT(fault_of(fmt::format("redis=redis://:s3cret@127.0.0.1:{}", support::free_port())),
              AllOf(HasSubstr("--observe redis="), HasSubstr("before the load is sent"), Not(HasSubstr("s3cret"))));
  EXPECT_THAT(fault_of(fmt::format("api=http://127.0.0.1:{}/metrics", support::free_port())),
              AllOf(HasSubstr("can't be reached"), HasSubstr("is it running")));
  ScriptedServer server;
  server.on("/nothing", support::answer(404));
  server.on("/page", support::answer(200, "<html>it works</html>"));
  server.on("/other", support::answer(200, "some_metric 1\n"));
  const auto at = [&](const char* path) { return fmt::format("api=http://127.0.0.1:{}{}", server.port(), path); };
  EXPECT_THAT(fault_of(at("/nothing")), HasSubstr("status 404"));
  EXPECT_THAT(fault_of(at("/page")), HasSubstr("no line of Prometheus"));
  EXPECT_THAT(fault_of(at("/other")), HasSubstr("tells nothing that is known"));
}

TEST_F(ObserverTest, AWrongPasswordIsSaidSoAndNotRepeated) {
  support::RedisServer server({.settings = {"--requirepass", "right"}});
  EXPECT_THAT(fault_of("redis=unix://:s3cret@" + server.socket_path()),
              AllOf(HasSubstr("WRONGPASS"), Not(HasSubstr("s3cret"))));
}

TEST(CheckProcesses, NamesTheOneThatIsNotThere) {
  const auto there = parse_observations({fmt::format("self=pid:{}", ::getpid())});
  EXPECT_TRUE(check_processes(*there).has_value());
  const auto gone = parse_observations({"gateway=pid:2000000000"});
  const auto checked = check_processes(*gone);
  ASSERT_FALSE(checked.has_value());
  EXPECT_THAT(checked.error().message, AllOf(HasSubstr("--observe gateway=pid:2000000000"), HasSubstr("pgrep")));
}

}  // namespace
}  // namespace tacos::load
