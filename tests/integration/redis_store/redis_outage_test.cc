// A primary of a cluster that is away and stays so: what its replica can still tell.
#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "redis/redis_slots.h"
#include "redis_under_test.h"
#include "support/redis_cluster_of_six.h"

namespace tacos::gateway {
namespace {

using Kind = StoreCommand::Kind;
using std::chrono::milliseconds;
using std::chrono::seconds;

class RedisOutageTest : public testing::TestWithParam<std::uint32_t> {
 protected:
  void SetUp() override {
    ASSERT_EQ(cluster.fault(), "");
    for (std::size_t node = 0; node < support::RedisClusterOfSix::kNodes; ++node) {
      cluster.node(node).ask({"CONFIG", "SET", "cluster-replica-no-failover", "yes"});
      cluster.node(node).ask({"CONFIG", "SET", "cluster-allow-reads-when-down", "yes"});
    }
    options.buckets = GetParam();
    options.line.admission_rate = core::Rate::per_second(1);
    options.line.admission_burst = 1;
    options.line.heartbeat_ttl = std::chrono::hours(1);
    options.line.turn_ttl = std::chrono::hours(1);
  }
  void lose_primary_of(const TicketRef& ref) {
    const LineKey key =
        options.buckets == 1
            ? LineKey::of_event(ref.event)
            : LineKey::of_bucket(ref.event, static_cast<std::uint32_t>((ref.number - 1) % options.buckets));
    cluster.node(cluster.primary_of(redis::redis_slot(key.text()), 0)).kill_now();
  }
  // Until it is answered: the way to a replica is found when it is needed first.
  static StoreCommand status_in_time(RedisGateway& gateway, const TicketRef& ref) {
    const auto until = std::chrono::steady_clock::now() + seconds(20);
    StoreCommand told = status(gateway, ref);
    while (told.outcome != StoreOutcome::kOk && std::chrono::steady_clock::now() < until) told = status(gateway, ref);
    return told;
  }

  support::RedisClusterOfSix cluster;
  core::ManualClock clock;
  RedisStoreOptions options{.command_timeout = milliseconds(300)};
};

TEST_P(RedisOutageTest, AReplicaTellsHowATicketStoodThatTheGatewayHasNotMet) {
  RedisGateway one(cluster.url(), options, clock);
  RedisGateway two(cluster.url(), options, clock);
  std::vector<TicketRef> refs;
  for (std::uint64_t user = 1; user <= 40; ++user) refs.push_back(join(one, user).ref);
  clock.advance(milliseconds(10));
  for (int n = 0; n < 3; ++n) one.tick();
  // The second gateway has met the event, and one ticket of each bucket.
  for (std::size_t n = 30; n < 40; ++n) ASSERT_EQ(status(two, refs[n]).outcome, StoreOutcome::kOk);
  two.refresh();
  const StoreCommand before = status(one, refs[20]);
  ASSERT_EQ(before.view.status, TicketStatus::kWaiting);
  ASSERT_FALSE(before.view.stale);
  lose_primary_of(refs[20]);

  const StoreCommand told = status_in_time(two, refs[20]);
  ASSERT_EQ(told.outcome, StoreOutcome::kOk);
  EXPECT_TRUE(told.view.stale);
  EXPECT_EQ(told.view.status, TicketStatus::kWaiting);
  EXPECT_EQ(told.view.position, before.view.position);
  EXPECT_GE(two.metric("store_replica_reads_total"), 1);
  EXPECT_GE(two.metric("store_stale_answers_total"), 1);
  // What is not there is not known to be nowhere; and nothing but statuses is asked of a replica.
  TicketRef unknown = refs[20];
  unknown.number += 10'000 * options.buckets;
  EXPECT_EQ(status(two, unknown).outcome, StoreOutcome::kUnavailable);
  EXPECT_EQ(ask(two, Kind::kEnter, refs[20]).outcome, StoreOutcome::kUnavailable);
  EXPECT_EQ(ask(two, Kind::kLeave, refs[20]).outcome, StoreOutcome::kUnavailable);

  // Once the gateway knows itself to be out of touch, the replica is asked at once.
  if (options.buckets == 1) {
    clock.advance(EventMirror::kStale + milliseconds(1));
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_TRUE(status(two, refs[21]).view.stale);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, options.command_timeout);
  }
}

TEST_P(RedisOutageTest, WhoHasATurnIsToldSo) {
  options.line.admission_rate = core::Rate::per_second(100);
  RedisGateway one(cluster.url(), options, clock);
  RedisGateway two(cluster.url(), options, clock);
  std::vector<TicketRef> refs;
  for (std::uint64_t user = 1; user <= 20; ++user) refs.push_back(join(one, user).ref);
  ASSERT_EQ(status(two, refs[19]).outcome, StoreOutcome::kOk);
  two.refresh();
  for (int n = 0; n < 300 && status(one, refs[5]).view.status != TicketStatus::kReady; ++n) {
    clock.advance(milliseconds(10));
    one.tick();
  }
  two.refresh();
  lose_primary_of(refs[5]);
  const StoreCommand called = status_in_time(two, refs[5]);
  ASSERT_EQ(called.outcome, StoreOutcome::kOk);
  EXPECT_EQ(called.view.status, TicketStatus::kReady);
  EXPECT_TRUE(called.view.stale);
}

INSTANTIATE_TEST_SUITE_P(Lines, RedisOutageTest, testing::Values(1u, 4u),
                         [](const auto& line) { return "of" + std::to_string(line.param); });

}  // namespace
}  // namespace tacos::gateway
