#include "redis_seats_under_test.h"
#include "seat_store_contract.h"
#include "support/redis_cluster_of_six.h"

namespace tacos::gateway {
namespace {

// Two gateways; the second knows the event from the Redis alone.
class RedisSeatsUnderTest final : public SeatsUnderTest {
 public:
  RedisSeatsUnderTest(const std::string& url, const SeatsSetup& setup)
      : one_(url, setup.line, setup.hold_ttl, std::chrono::seconds(5), clock_, setup.limits),
        two_(url, setup.line, setup.hold_ttl, std::chrono::seconds(5), clock_, setup.limits) {}

  QueueStore& line() override { return one_.redis.store(); }
  SeatStore& seats(std::size_t gateway) override { return gateway == 0 ? one_.seats : two_.seats; }
  boost::asio::any_io_executor executor() override { return one_.redis.loop().get_executor(); }
  void run_until(const std::function<bool()>& condition) override { one_.redis.run_until(condition); }
  void pass(core::Nanos time) override {
    clock_.advance(time);
    one_.redis.tick();
    one_.redis.refresh();
    two_.redis.refresh();
  }

 private:
  core::ManualClock clock_;
  RedisSeatGateway one_;
  RedisSeatGateway two_;
};

std::unique_ptr<SeatsUnderTest> on_one(const SeatsSetup& setup) {
  return std::make_unique<RedisSeatsUnderTest>("unix://" + fresh_redis().socket_path(), setup);
}

// Three primaries: the event is on one, idempotency keys are on all.
std::unique_ptr<SeatsUnderTest> on_cluster(const SeatsSetup& setup) {
  static support::RedisClusterOfSix cluster;
  EXPECT_EQ(cluster.fault(), "");
  for (std::size_t i = 0; i < support::RedisClusterOfSix::kPrimaries; ++i) cluster.node(i).ask({"FLUSHALL"});
  return std::make_unique<RedisSeatsUnderTest>(cluster.url(), setup);
}

INSTANTIATE_TEST_SUITE_P(Redis, SeatStoreContract, testing::Values(SeatsFactory(on_one)));
INSTANTIATE_TEST_SUITE_P(RedisCluster, SeatStoreContract, testing::Values(SeatsFactory(on_cluster)));

}  // namespace
}  // namespace tacos::gateway
