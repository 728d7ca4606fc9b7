#include "queue_store_contract.h"
#include "redis_under_test.h"
#include "support/redis_cluster_of_six.h"

namespace tacos::gateway {
namespace {

using std::chrono::milliseconds;

class RedisUnderTest final : public StoreUnderTest {
 public:
  RedisUnderTest(const std::string& url, const LineOptions& line, PositionStrategy position, std::uint32_t buckets = 1)
      : gateway_(url,
                 {.line = line,
                  .max_events = 3,
                  .position = position,
                  .buckets = buckets,
                  .command_timeout = std::chrono::seconds(5)},
                 clock_) {}

  QueueStore& store() override { return gateway_.store(); }
  boost::asio::any_io_executor executor() override { return gateway_.loop().get_executor(); }
  void run_until(const std::function<bool()>& condition) override { gateway_.run_until(condition); }

  void leap(core::Nanos time) override { clock_.advance(time); }
  // The scripts' calendar is the test's clock.
  std::int64_t unix_ms_now() override { return clock_.now().since_origin() / milliseconds(1); }

  // Long stretches in longer steps, each a tick; a refresh as often as in production, and at the end.
  void pass(core::Nanos time) override {
    const core::Nanos step =
        std::clamp<core::Nanos>(time / 200, core::Nanos(milliseconds(10)), core::Nanos(milliseconds(250)));
    core::Nanos since_refresh{0};
    for (core::Nanos left = time; left > core::Nanos(0);) {
      const core::Nanos now = std::min(left, step);
      clock_.advance(now);
      left -= now;
      gateway_.tick();
      since_refresh += now;
      if (since_refresh >= milliseconds(250) || left == core::Nanos(0)) {
        gateway_.refresh();
        since_refresh = core::Nanos(0);
      }
    }
  }

 private:
  core::ManualClock clock_;
  RedisGateway gateway_;
};

StoreFactory redis(PositionStrategy position) {
  return [position](const LineOptions& options) {
    return std::make_unique<RedisUnderTest>("unix://" + fresh_redis().socket_path(), options, position);
  };
}

std::unique_ptr<StoreUnderTest> in_buckets(const LineOptions& options) {
  return std::make_unique<RedisUnderTest>("unix://" + fresh_redis().socket_path(), options,
                                          PositionStrategy::kWatermark, 4);
}

// Three primaries, of which each event has one; in buckets, some of each.
std::unique_ptr<StoreUnderTest> on_cluster(const LineOptions& options, std::uint32_t buckets) {
  static support::RedisClusterOfSix cluster;
  EXPECT_EQ(cluster.fault(), "");
  for (std::size_t i = 0; i < support::RedisClusterOfSix::kPrimaries; ++i) cluster.node(i).ask({"FLUSHALL"});
  return std::make_unique<RedisUnderTest>(cluster.url(), options, PositionStrategy::kWatermark, buckets);
}
StoreFactory on_cluster(std::uint32_t buckets) {
  return [buckets](const LineOptions& options) { return on_cluster(options, buckets); };
}

INSTANTIATE_TEST_SUITE_P(RedisWatermark, QueueStoreContract, testing::Values(redis(PositionStrategy::kWatermark)));
INSTANTIATE_TEST_SUITE_P(RedisBuckets, QueueStoreContract, testing::Values(StoreFactory(in_buckets)));
INSTANTIATE_TEST_SUITE_P(RedisIndex, QueueStoreContract, testing::Values(redis(PositionStrategy::kIndex)));
INSTANTIATE_TEST_SUITE_P(RedisCluster, QueueStoreContract, testing::Values(on_cluster(1), on_cluster(6)));
INSTANTIATE_TEST_SUITE_P(RedisKeys, QueueStoreContract, testing::Values(redis(PositionStrategy::kKeys)));
INSTANTIATE_TEST_SUITE_P(RedisWatermark, QueueStoreEvents, testing::Values(redis(PositionStrategy::kWatermark)));
INSTANTIATE_TEST_SUITE_P(RedisBuckets, QueueStoreEvents, testing::Values(StoreFactory(in_buckets)));
INSTANTIATE_TEST_SUITE_P(RedisIndex, QueueStoreEvents, testing::Values(redis(PositionStrategy::kIndex)));
INSTANTIATE_TEST_SUITE_P(RedisCluster, QueueStoreEvents, testing::Values(on_cluster(1), on_cluster(6)));
INSTANTIATE_TEST_SUITE_P(RedisWatermark, QueueStoreForgetting, testing::Values(redis(PositionStrategy::kWatermark)));
INSTANTIATE_TEST_SUITE_P(RedisBuckets, QueueStoreForgetting, testing::Values(StoreFactory(in_buckets)));
INSTANTIATE_TEST_SUITE_P(RedisIndex, QueueStoreForgetting, testing::Values(redis(PositionStrategy::kIndex)));
INSTANTIATE_TEST_SUITE_P(RedisCluster, QueueStoreForgetting, testing::Values(on_cluster(6)));
INSTANTIATE_TEST_SUITE_P(RedisKeys, QueueStoreForgetting, testing::Values(redis(PositionStrategy::kKeys)));

}  // namespace
}  // namespace tacos::gateway
