#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/random.h"
#include "redis_under_test.h"

namespace tacos::gateway {
namespace {

using core::Rate;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Gateways on one Redis and one clock, each command as a call.
class RedisStoreTest : public testing::TestWithParam<std::uint32_t> {
 protected:
  std::unique_ptr<RedisGateway> start() { return std::make_unique<RedisGateway>(server, options, clock); }

  support::RedisServer& server = fresh_redis();
  core::ManualClock clock;
  RedisStoreOptions options{.buckets = GetParam(), .command_timeout = seconds(5)};
};

TEST_P(RedisStoreTest, AnswersAPing) {
  const auto gateway = start();
  std::promise<bool> told;
  gateway->store().ping([&](core::Result<core::Nanos> result) { told.set_value(result.has_value()); });
  EXPECT_TRUE(told.get_future().get());
}

TEST_P(RedisStoreTest, TwoGatewaysServeOneLine) {
  options.line.admission_rate = Rate::per_second(50);
  options.line.admission_burst = 5;
  const auto one = start();
  const auto two = start();
  std::vector<TicketRef> refs;
  std::set<TicketNumber> numbers;
  for (std::uint64_t user = 1; user <= 200; ++user) {
    refs.push_back(join(user % 2 == 0 ? *one : *two, user).ref);
    numbers.insert(refs.back().number);
  }
  EXPECT_EQ(numbers.size(), 200u) << "no ticket is given twice";
  EXPECT_EQ(join(*one, 1).ref, refs[0]) << "a user has the same ticket at both";

  // Both tick, out of step, and never more are let in than one bucket holds.
  for (int step = 1; step <= 200; ++step) {
    clock.advance(milliseconds(10));
    one->tick();
    if (step % 3 == 0) two->tick();
    EXPECT_LE(one->snapshot().admitted, 5u + static_cast<std::uint64_t>(step) * 50 / 100) << step;
  }
  EXPECT_EQ(two->snapshot().admitted, 104u) << "a full bucket at the first tick, then 1.99 s at 50/s";

  // Each enters at both; one grant is made.
  std::map<TicketNumber, std::int64_t> ends;
  for (std::size_t i = 0; i < 104; ++i) {
    const auto first = ask(i % 2 == 0 ? *one : *two, StoreCommand::Kind::kEnter, refs[i]);
    clock.advance(milliseconds(1));
    const auto replay = ask(i % 2 == 0 ? *two : *one, StoreCommand::Kind::kEnter, refs[i]);
    ASSERT_EQ(first.outcome, StoreOutcome::kOk) << i;
    EXPECT_EQ(replay.grant_expires_unix_ms, first.grant_expires_unix_ms);
    EXPECT_EQ(replay.user, first.user);
  }
  EXPECT_EQ(one->snapshot().entered, 104u);
  EXPECT_EQ(ask(*two, StoreCommand::Kind::kClaimGrant, refs[0]).outcome, StoreOutcome::kOk);
  EXPECT_EQ(ask(*one, StoreCommand::Kind::kClaimGrant, refs[0]).outcome, StoreOutcome::kInFlight);
}

// Departures through another gateway are learnt at the next refresh: until then a position is too high, and never is it
// too low, nor does it ever rise.
TEST_P(RedisStoreTest, APositionByWatermarkNeverRisesAndIsExactAfterARefresh) {
  options.line.admission_rate = Rate::per_second(40);
  options.line.admission_burst = 3;
  options.line.seats = 100'000;
  const auto one = start();
  const auto two = start();
  core::Random random(7);
  std::vector<TicketRef> refs;
  std::map<TicketNumber, std::uint64_t> told;
  std::set<TicketNumber> waiting;
  const auto watch = [&](const TicketRef& ref, const TicketView& view) {
    if (view.status != TicketStatus::kWaiting) return;
    auto& last = told.try_emplace(ref.number, view.position).first->second;
    EXPECT_LE(view.position, last) << ref.number;
    last = view.position;
  };
  for (int step = 0; step < 1500; ++step) {
    const std::uint64_t what = random.below(100);
    if (what < 45 || refs.empty()) {
      const auto joined = join(*one, 1000 + static_cast<std::uint64_t>(step));
      refs.push_back(joined.ref);
      watch(joined.ref, joined.view);
    } else if (what < 55) {
      ask(*two, StoreCommand::Kind::kLeave, refs[random.below(refs.size())]);
    } else if (what < 60) {
      clock.advance(milliseconds(20));
      (what < 58 ? one : two)->tick();
    } else if (what < 63) {
      one->refresh();
    } else {
      const TicketRef& ref = refs[random.below(refs.size())];
      watch(ref, status(*one, ref).view);
    }
  }
  one->refresh();
  std::uint64_t place = 0;
  for (const TicketRef& ref : refs) {
    const TicketView view = status(*one, ref).view;
    if (view.status != TicketStatus::kWaiting) continue;
    EXPECT_EQ(view.position, ++place);
  }
  EXPECT_EQ(place, one->snapshot().waiting);
  EXPECT_GT(place, 100u);
}

TEST_P(RedisStoreTest, WhoWaitsIsAnsweredWithoutACommand) {
  options.line.admission_rate = Rate::per_second(0);
  const auto gateway = start();
  const auto ref = join(*gateway, 1).ref;
  gateway->refresh();
  const double before = gateway->metric("store_commands_total");
  for (int i = 0; i < 100; ++i) EXPECT_EQ(status(*gateway, ref).view.position, 1u);
  EXPECT_EQ(gateway->metric("store_commands_total"), before);
  EXPECT_EQ(gateway->metric("store_mirror_answers_total"), 100);
}

TEST_P(RedisStoreTest, AGatewayThatStartsLaterKnowsTheLine) {
  options.line.admission_rate = Rate::per_second(0);
  const auto one = start();
  std::vector<TicketRef> refs;
  for (std::uint64_t user = 1; user <= 20; ++user) refs.push_back(join(*one, user).ref);
  for (std::size_t i = 0; i < 5; ++i) ask(*one, StoreCommand::Kind::kLeave, refs[i]);
  clock.advance(seconds(3));
  one->tick();
  const auto two = start();
  const auto answer = status(*two, refs[9]);
  EXPECT_EQ(answer.view.position, 5u) << "before its first refresh: who left before it started is not ahead";
  EXPECT_EQ(answer.view.waited, seconds(3));
  two->refresh();
  EXPECT_EQ(status(*two, refs[9]).view.position, 5u);
}

TEST_P(RedisStoreTest, AGatewayThatStartsLaterReadsDeparturesInAsManyPartsAsItTakes) {
  options.line.admission_rate = Rate::per_second(0);
  const auto one = start();
  constexpr std::size_t kLeft = 9000;  // a part has 4,000
  for (std::uint64_t user = 1; user <= kLeft; ++user) {
    ask(*one, StoreCommand::Kind::kLeave, join(*one, user).ref);
  }
  const auto first = join(*one, kLeft + 1).ref;
  const auto second = join(*one, kLeft + 2).ref;
  for (int i = 0; i < 5; ++i) {  // buckets hand on 1,000 each at a tick
    clock.advance(milliseconds(10));
    one->tick();
  }
  const auto two = start();
  const auto early = ask(*two, StoreCommand::Kind::kEnter, second);
  EXPECT_EQ(early.outcome, StoreOutcome::kNotReady);
  EXPECT_EQ(early.view.position, 2u);
  EXPECT_EQ(status(*two, first).view.position, 1u);
}

TEST_P(RedisStoreTest, AnEmptiedRedisIsAnotherLine) {
  const auto gateway = start();
  const auto old = join(*gateway, 1).ref;
  gateway->refresh();
  server.ask({"FLUSHALL"});
  gateway->refresh();
  EXPECT_EQ(status(*gateway, old).outcome, StoreOutcome::kNotFound);
  const auto joined = join(*gateway, 2);
  EXPECT_EQ(joined.outcome, StoreOutcome::kOk);
  EXPECT_NE(joined.ref.epoch, old.epoch);
  EXPECT_EQ(joined.view.position, 1u);
  EXPECT_EQ(status(*gateway, old).outcome, StoreOutcome::kNotFound);
}

TEST_P(RedisStoreTest, AGatewayThatKnowsAnEarlierLifeDoesTheNextOneNoHarm) {
  options.line.admission_rate = Rate::per_second(0);
  const auto one = start();
  const auto two = start();
  join(*two, 1);
  two->refresh();
  server.ask({"FLUSHALL"});
  clock.advance(seconds(1));
  const auto ref = join(*one, 2).ref;
  clock.advance(milliseconds(10));
  two->tick();
  EXPECT_EQ(status(*one, ref).outcome, StoreOutcome::kOk);
  EXPECT_EQ(one->snapshot().waiting, 1u);
}

TEST_P(RedisStoreTest, ALostRedisLeavesStatusForAWhileAndRefusesTheRest) {
  support::RedisServer own;
  options.command_timeout = milliseconds(50);
  RedisGateway gateway(own, options, clock);
  const auto ref = join(gateway, 1).ref;
  gateway.refresh();
  own.kill_now();
  clock.advance(seconds(1));
  EXPECT_FALSE(status(gateway, ref).view.stale);
  clock.advance(seconds(2));
  const auto stale = status(gateway, ref);
  EXPECT_EQ(stale.outcome, StoreOutcome::kOk);
  EXPECT_TRUE(stale.view.stale);
  EXPECT_EQ(stale.view.position, 1u);
  EXPECT_EQ(gateway.metric("store_stale_answers_total"), 1);
  EXPECT_EQ(ask(gateway, StoreCommand::Kind::kEnter, ref).outcome, StoreOutcome::kUnavailable);
  EXPECT_EQ(join(gateway, 2).outcome, StoreOutcome::kUnavailable);
  clock.advance(seconds(30));
  EXPECT_EQ(status(gateway, ref).outcome, StoreOutcome::kUnavailable);
}

TEST_P(RedisStoreTest, NobodyIsTakenForAbsentBecauseNobodyTicked) {
  options.line.admission_rate = Rate::per_second(0);
  options.line.heartbeat_ttl = seconds(10);
  const auto gateway = start();
  const auto ref = join(*gateway, 1).ref;
  gateway->tick();
  clock.advance(seconds(60));
  gateway->tick();
  gateway->refresh();
  EXPECT_EQ(gateway->snapshot().waiting, 1u) << "the outage was ours";
  for (int i = 0; i < 12; ++i) {
    clock.advance(seconds(1));
    gateway->tick();
  }
  EXPECT_EQ(gateway->snapshot().expired, 1u) << "but who stays away then is absent";
  gateway->refresh();
  EXPECT_EQ(status(*gateway, ref).view.status, TicketStatus::kExpired);
}

TEST_P(RedisStoreTest, AClaimThatNobodySettlesLapses) {
  options.line.seats = 1;
  options.line.heartbeat_ttl = std::chrono::hours(1);
  const auto gateway = start();
  const auto first = join(*gateway, 1).ref;
  const auto second = join(*gateway, 2).ref;
  gateway->tick();
  ask(*gateway, StoreCommand::Kind::kEnter, first);
  EXPECT_EQ(ask(*gateway, StoreCommand::Kind::kClaimGrant, first).outcome, StoreOutcome::kOk);
  clock.advance(std::chrono::minutes(5));
  gateway->tick();
  EXPECT_EQ(status(*gateway, second).view.status, TicketStatus::kReady);
  EXPECT_EQ(ask(*gateway, StoreCommand::Kind::kSpendGrant, first).outcome, StoreOutcome::kNotFound);
}

TEST_P(RedisStoreTest, AChangeForAllEventsIsTheNextOnesBeginning) {
  const auto gateway = start();
  EventControl change;
  change.admission_rate = Rate::per_second(0.25);
  change.paused = true;
  std::promise<std::size_t> told;
  join(*gateway, 1);
  gateway->store().control(change, [&](core::Result<std::size_t> result) { told.set_value(*result); });
  EXPECT_EQ(told.get_future().get(), 1u);
  server.ask({"DEL", "tacos:{events}"});  // so that the snapshot is of the later one alone
  const auto other = start();
  join(*other, 1, "later");
  EXPECT_EQ(other->snapshot().event_id, "later");
  EXPECT_EQ(other->snapshot().admission_rate.per_second(), 0.25);
  EXPECT_TRUE(other->snapshot().paused);
}

// The bucket counts whole millionths: however often it is asked, nothing is lost or gained.
TEST_P(RedisStoreTest, AdmissionIsExactHoweverOftenItIsAsked) {
  options.line.admission_rate = Rate::per_second(7.3);
  options.line.admission_burst = 2;
  const auto gateway = start();
  for (std::uint64_t user = 1; user <= 200; ++user) join(*gateway, user);
  for (int i = 0; i < 3000; ++i) {
    clock.advance(core::Nanos(3'337'000));
    gateway->tick();
  }
  EXPECT_EQ(gateway->snapshot().admitted, 2u + 73u) << "a full bucket at the first tick, then 10.008 s at 7.3/s";
}

INSTANTIATE_TEST_SUITE_P(OneSlot, RedisStoreTest, testing::Values(1u));
INSTANTIATE_TEST_SUITE_P(Buckets, RedisStoreTest, testing::Values(3u));

// More is under way than the keeper's link takes: heartbeats that it refuses wait for the next refresh.
TEST_P(RedisStoreTest, HeartbeatsThatALinkRefusesAreKeptForLater) {
  options.line.heartbeat_ttl = seconds(30);
  options.line.admission_rate = Rate::per_second(0);
  const auto gateway = start();
  const auto ref = join(*gateway, 1).ref;
  gateway->refresh();
  clock.advance(seconds(20));
  gateway->refresh();
  EXPECT_EQ(status(*gateway, ref).view.status, TicketStatus::kWaiting);
  RedisStore& store = gateway->store();
  for (std::uint64_t event = 1; event <= 40'000; ++event) store.parts().find_or_make(event);
  std::promise<void> refreshed;
  store.tick_then({});
  store.refresh_then([&] { refreshed.set_value(); });
  ASSERT_EQ(refreshed.get_future().wait_for(seconds(30)), std::future_status::ready);
  EXPECT_GT(gateway->metric("store_overflows_total"), 0);
  clock.advance(seconds(5));
  gateway->refresh();
  clock.advance(seconds(20));
  gateway->tick();
  EXPECT_EQ(status(*gateway, ref).view.status, TicketStatus::kWaiting);
}

}  // namespace
}  // namespace tacos::gateway
