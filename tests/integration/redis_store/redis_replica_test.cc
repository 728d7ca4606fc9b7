// A line on a primary that has a replica, and what --store-replicas and min-replicas-to-write make of it.

#include <memory>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "redis_under_test.h"

namespace tacos::gateway {
namespace {

using Kind = StoreCommand::Kind;
using std::chrono::milliseconds;
using std::chrono::seconds;

class RedisReplicaTest : public testing::Test {
 protected:
  RedisReplicaTest() {
    EXPECT_EQ(primary.fault(), "");
    options.wait_replicas = 1;
    options.wait_timeout = milliseconds(100);
  }

  void start_replica() {
    replica = std::make_unique<support::RedisServer>(support::RedisServerOptions{.replica_of = primary.port()});
    ASSERT_EQ(replica->fault(), "");
    ASSERT_TRUE(primary.has_replicas(1));
  }
  void start_gateway() { gateway = std::make_unique<RedisGateway>(primary, options, clock); }
  TicketRef called() {
    const TicketRef ref = join(*gateway, 1).ref;
    clock.advance(seconds(1));
    gateway->tick();
    EXPECT_EQ(ask(*gateway, Kind::kStatus, ref).view.status, TicketStatus::kReady);
    return ref;
  }

  support::RedisServer primary{{.port = support::free_port()}};
  std::unique_ptr<support::RedisServer> replica;
  core::ManualClock clock;
  RedisStoreOptions options{.command_timeout = seconds(5)};
  std::unique_ptr<RedisGateway> gateway;
};

TEST_F(RedisReplicaTest, WhatIsAnsweredIsAtTheReplica) {
  start_replica();
  start_gateway();
  const TicketRef ref = called();
  EXPECT_EQ(ask(*gateway, Kind::kEnter, ref).outcome, StoreOutcome::kOk);
  // The replica has all that the primary has, without being asked to catch up.
  EXPECT_EQ(replica->ask_number({"DBSIZE"}), primary.ask_number({"DBSIZE"}));
  EXPECT_GE(gateway->metric("store_waits_total"), 2) << "a join and an entry";
  EXPECT_EQ(gateway->metric("store_waits_short_total"), 0);
}

TEST_F(RedisReplicaTest, AnEntryThatTheReplicaDoesNotHaveIsRefusedAndItsRepeatGivesTheSameGrant) {
  start_replica();
  start_gateway();
  const TicketRef ref = called();
  replica->pause();
  EXPECT_EQ(ask(*gateway, Kind::kEnter, ref).outcome, StoreOutcome::kUnavailable);
  clock.advance(milliseconds(50));
  EXPECT_EQ(ask(*gateway, Kind::kEnter, ref).outcome, StoreOutcome::kUnavailable) << "and so is its repeat";
  EXPECT_GE(gateway->metric("store_waits_short_total"), 1);
  EXPECT_EQ(ask(*gateway, Kind::kStatus, ref).outcome, StoreOutcome::kOk) << "a question needs no replica";
  replica->resume();
  ASSERT_TRUE(primary.has_replicas(1));
  clock.advance(milliseconds(50));
  const StoreCommand entered = ask(*gateway, Kind::kEnter, ref);
  ASSERT_EQ(entered.outcome, StoreOutcome::kOk);
  clock.advance(milliseconds(50));
  EXPECT_EQ(ask(*gateway, Kind::kEnter, ref).grant_expires_unix_ms, entered.grant_expires_unix_ms);
  const auto granted_at = clock.now() - core::Instant() - milliseconds(150);
  EXPECT_EQ(entered.grant_expires_unix_ms, (granted_at + options.line.grant_ttl) / milliseconds(1))
      << "the grant is that of the first attempt";
  EXPECT_EQ(gateway->metric("store_disconnects_total"), 0);
}

TEST_F(RedisReplicaTest, AJoinIsRefusedAndChangesNothingWhereWritesNeedAReplicaThatIsNotThere) {
  options.wait_replicas = 0;
  primary.ask({"CONFIG", "SET", "min-replicas-to-write", "1"});
  start_gateway();
  EXPECT_EQ(join(*gateway, 1).outcome, StoreOutcome::kUnavailable);
  EXPECT_GE(gateway->metric("store_noreplicas_total"), 1);
  EXPECT_EQ(primary.ask_number({"DBSIZE"}), 0);
  start_replica();
  // The primary counts its good replicas once a second.
  for (int tries = 0; tries < 100 && join(*gateway, 1).outcome != StoreOutcome::kOk; ++tries) {
    gateway->loop().restart();
    gateway->loop().run_one_for(milliseconds(1));
    primary.ask_number({"WAIT", "2", "30"});
  }
  const StoreCommand joined = join(*gateway, 1);
  EXPECT_EQ(joined.outcome, StoreOutcome::kOk);
  EXPECT_EQ(joined.ref.number, 1u);
}

}  // namespace
}  // namespace tacos::gateway
