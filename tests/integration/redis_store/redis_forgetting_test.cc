// Forgetting on a Redis: what is left there, and what gateways that share a line make of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "redis_under_test.h"

namespace tacos::gateway {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using Kind = StoreCommand::Kind;

class RedisForgettingTest : public testing::Test {
 protected:
  RedisForgettingTest() {
    options.line.forget_after = minutes(2);
    options.line.heartbeat_ttl = seconds(10);
    options.line.seats = 5;
  }

  // Ticks and refreshes, by each gateway in turn.
  void pass(core::Nanos time, std::vector<RedisGateway*> gateways) {
    for (core::Nanos left = time; left > core::Nanos(0); left -= seconds(1)) {
      clock.advance(seconds(1));
      for (RedisGateway* gateway : gateways) {
        gateway->tick();
        gateway->refresh();
      }
    }
  }
  std::string event_key_of(const TicketRef& ref) { return std::string(LineKey::of_event(ref.event).text()); }

  support::RedisServer& server = fresh_redis();
  core::ManualClock clock;
  RedisStoreOptions options;
};

TEST_F(RedisForgettingTest, NoKeyOfItIsLeft) {
  for (const PositionStrategy position :
       {PositionStrategy::kWatermark, PositionStrategy::kIndex, PositionStrategy::kKeys}) {
    for (const std::uint32_t buckets : {1u, 4u}) {
      if (buckets > 1 && position != PositionStrategy::kWatermark) continue;
      server.ask({"FLUSHALL"});
      options.position = position;
      options.buckets = buckets;
      RedisGateway gateway(server, options, clock);
      std::vector<TicketRef> refs;
      for (std::uint64_t user = 1; user <= 20; ++user) refs.push_back(join(gateway, user).ref);
      pass(seconds(1), {&gateway});
      ask(gateway, Kind::kEnter, refs[0]);
      ask(gateway, Kind::kClaimGrant, refs[0]);
      ask(gateway, Kind::kSpendGrant, refs[0]);
      ask(gateway, Kind::kLeave, refs[15]);
      const std::string key = event_key_of(refs[0]);
      for (const char* more : {":seats", ":away", ":admissions"}) server.ask({"SET", key + more, "x"});
      EXPECT_GT(server.ask_number({"DBSIZE"}), 5);
      pass(minutes(6), {&gateway});
      // What is left is about no event: the counter of registrations.
      EXPECT_EQ(server.ask_number({"DBSIZE"}), 1) << name_of(position) << " " << buckets;
      EXPECT_EQ(server.ask_number({"HLEN", "tacos:{events}:serials"}), 1);
    }
  }
}

TEST_F(RedisForgettingTest, ALongLineGoesInSlicesAndIsNoneFromTheFirst) {
  RedisGateway gateway(server, options, clock);
  const TicketRef ref = join(gateway, 1).ref;
  ask(gateway, Kind::kLeave, ref);
  const std::string key = event_key_of(ref);
  // As though three million had joined: 2,930 blocks of tickets, a thousand to a slice.
  server.ask({"HSET", key, "next", "3000000", "head", "3000000"});
  for (int block = 0; block <= 2929; ++block) server.send({"SET", key + ":t:" + std::to_string(block), "x"});
  server.settle();
  pass(minutes(2) + seconds(61), {&gateway});
  EXPECT_EQ(server.ask_number({"DBSIZE"}), 1);
}

TEST_F(RedisForgettingTest, AnotherGatewayGoesOnWithWhatOneHasBegun) {
  RedisGateway gateway(server, options, clock);
  const TicketRef ref = join(gateway, 1).ref;
  ask(gateway, Kind::kLeave, ref);
  const std::string key = event_key_of(ref);
  server.ask({"DEL", key});
  server.ask({"HSET", key, "forgetting", std::to_string(ref.epoch) + " 1 watermark 2000000"});
  EXPECT_EQ(ask(gateway, Kind::kStatus, ref).outcome, StoreOutcome::kNotFound);
  EXPECT_EQ(join(gateway, 2).outcome, StoreOutcome::kUnavailable) << "no new life before the old one is gone";
  pass(seconds(90), {&gateway});
  EXPECT_EQ(server.ask_number({"EXISTS", key}), 0);
  EXPECT_EQ(server.ask_number({"SCARD", "tacos:{events}"}), 0);
  EXPECT_EQ(join(gateway, 2).outcome, StoreOutcome::kOk);
}

TEST_F(RedisForgettingTest, WhoForgetsLateDoesNotUnlistANewLife) {
  RedisGateway gateway(server, options, clock);
  const TicketRef ref = join(gateway, 1).ref;
  EXPECT_EQ(server.ask({"HGET", "tacos:{events}:serials", event_key_of(ref).substr(7, 16)}), "$1");
  server.ask({"DEL", event_key_of(ref)});
  EXPECT_EQ(join(gateway, 1).outcome, StoreOutcome::kOk);
  EXPECT_EQ(server.ask({"HGET", "tacos:{events}:serials", event_key_of(ref).substr(7, 16)}), "$2")
      << "a registration of its own, which the serial 1 does not take away";
  EXPECT_EQ(server.ask_number({"SCARD", "tacos:{events}"}), 1);
}

TEST_F(RedisForgettingTest, TwoGatewaysForgetTogetherAndMeetAgainInTheNextLife) {
  RedisGateway one(server, options, clock);
  RedisGateway two(server, options, clock);
  const TicketRef ref = join(one, 1).ref;
  EXPECT_EQ(ask(two, Kind::kStatus, ref).outcome, StoreOutcome::kOk);
  pass(minutes(5), {&one, &two});
  for (RedisGateway* gateway : {&one, &two}) {
    EXPECT_EQ(ask(*gateway, Kind::kStatus, ref).outcome, StoreOutcome::kNotFound);
    EXPECT_TRUE(gateway->store().parts().events().empty()) << "nothing is asked about it any more";
    EXPECT_LT(gateway->store().parts().find(ref.event)->memory_bytes(), 100u);
  }
  const TicketRef again = join(two, 1).ref;
  EXPECT_NE(again.epoch, ref.epoch);
  pass(seconds(2), {&one, &two});
  EXPECT_EQ(ask(one, Kind::kStatus, again).view.status, TicketStatus::kReady);
  EXPECT_EQ(one.store().parts().events().size(), 1u);
}

// A gateway that has not heard yet that the line is over goes on ticking its buckets for a moment.
TEST_F(RedisForgettingTest, NoBucketComesBackForAGatewayThatHearsLate) {
  options.buckets = 4;
  RedisGateway one(server, options, clock);
  RedisGateway two(server, options, clock);
  for (std::uint64_t user = 1; user <= 8; ++user) join(one, user);
  pass(minutes(6), {&one, &two});
  EXPECT_EQ(server.ask_number({"SCARD", "tacos:{events}"}), 0);
  EXPECT_EQ(server.ask_number({"DBSIZE"}), 1) << "the counter of registrations";
}

TEST_F(RedisForgettingTest, AnEventThatIsListedButNotThereIsUnlistedInTime) {
  RedisGateway gateway(server, options, clock);
  server.ask({"SADD", "tacos:{events}", "0123456789abcdefghost"});
  pass(seconds(90), {&gateway});
  EXPECT_EQ(server.ask_number({"SCARD", "tacos:{events}"}), 1) << "it may be being opened";
  pass(minutes(4), {&gateway});
  EXPECT_EQ(server.ask_number({"SCARD", "tacos:{events}"}), 0);
}

}  // namespace
}  // namespace tacos::gateway
