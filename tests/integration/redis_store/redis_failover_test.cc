// What becomes of a line when its server comes back without the last moments before, as a replica does that takes over.
// Here one server starts again from what it saved a while before: the same loss, and the same at every run.
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "redis_under_test.h"

namespace tacos::gateway {
namespace {

using core::Rate;
using std::chrono::milliseconds;
using std::chrono::seconds;

class RedisFailoverTest : public testing::TestWithParam<std::uint32_t> {
 protected:
  void SetUp() override {
    options.buckets = GetParam();
    options.line.heartbeat_ttl = std::chrono::hours(1);
    options.line.turn_ttl = std::chrono::hours(1);
  }

  std::unique_ptr<RedisGateway> start() { return std::make_unique<RedisGateway>(server, options, clock); }

  // The server loses what it was told since it last saved, and is back a second later.
  void fail_over() {
    server.kill_now();
    server.start_again();
    ASSERT_EQ(server.fault(), "");
    clock.advance(seconds(1));
  }
  void save() { ASSERT_EQ(server.ask({"SAVE"}), "+OK"); }

  void tick(RedisGateway& gateway, int times, core::Nanos step = milliseconds(10)) {
    for (int i = 0; i < times; ++i) {
      clock.advance(step);
      gateway.tick();
    }
  }

  support::RedisServer server;
  core::ManualClock clock;
  RedisStoreOptions options{.command_timeout = seconds(5)};
};

TEST_P(RedisFailoverTest, NoNumberIsGivenTwiceAndALostTicketStandsWhereItStood) {
  options.line.admission_rate = Rate::per_second(0);
  const auto one = start();
  const auto two = start();
  std::vector<TicketRef> refs;
  for (std::uint64_t user = 1; user <= 10; ++user) refs.push_back(join(*one, user).ref);
  save();
  for (std::uint64_t user = 11; user <= 20; ++user) refs.push_back(join(user % 2 == 0 ? *one : *two, user).ref);
  std::map<TicketNumber, std::uint64_t> told;
  for (const TicketRef& ref : refs) told[ref.number] = status(*one, ref).view.position;
  fail_over();

  // The first to come is somebody new, before any gateway has looked after the line.
  const auto late = join(*two, 99);
  ASSERT_EQ(late.outcome, StoreOutcome::kOk);
  EXPECT_GT(late.ref.number, refs.back().number);
  EXPECT_EQ(late.ref.epoch, refs.back().epoch) << "it is the same line";
  tick(*one, 2);
  tick(*two, 2);
  one->refresh();
  two->refresh();
  for (const TicketRef& ref : refs) {
    const auto answer = status(*two, ref);
    ASSERT_EQ(answer.outcome, StoreOutcome::kOk) << ref.number;
    EXPECT_EQ(answer.view.status, TicketStatus::kWaiting);
    EXPECT_LE(answer.view.position, told[ref.number]) << "a position never rises";
  }
  EXPECT_EQ(one->snapshot().tickets_lost, 10u);
  EXPECT_GE(one->snapshot().failovers, 1u);
  const std::uint64_t place = status(*two, late.ref).view.position;
  EXPECT_LE(place, 21u);
  EXPECT_GE(place, 20u) << "one of those before it only the other gateway knew";

  // A user who lost the answer and asks again has the ticket, or, where even that is gone, one behind all others.
  EXPECT_EQ(join(*one, 5).ref, refs[4]);
}

TEST_P(RedisFailoverTest, HeartbeatsPutBackWhoSaysNothingElse) {
  options.line.admission_rate = Rate::per_second(0);
  options.line.heartbeat_ttl = seconds(30);
  const auto gateway = start();
  const auto kept = join(*gateway, 1).ref;
  gateway->refresh();
  save();
  const auto lost = join(*gateway, 2).ref;
  gateway->refresh();
  fail_over();
  tick(*gateway, 2);
  gateway->refresh();
  clock.advance(seconds(11));
  EXPECT_EQ(status(*gateway, lost).view.position, 2u);
  EXPECT_EQ(status(*gateway, kept).view.position, 1u);
  gateway->refresh();
  const EventSnapshot now = gateway->snapshot();
  EXPECT_EQ(now.joined, 2u);
  EXPECT_EQ(now.waiting, 2u);
  EXPECT_EQ(now.tickets_restored, 1u);
}

// As when a server takes over, gives numbers, and is lost before its replica has heard of any of it: the next one
// begins where it began.
TEST_P(RedisFailoverTest, AFailoverThatTheNextOneUndoesGivesNoNumberTwice) {
  options.line.admission_rate = Rate::per_second(0);
  const auto one = start();
  const auto two = start();
  std::vector<TicketRef> refs;
  std::uint64_t user = 0;
  const auto join_some = [&](RedisGateway& gateway) {
    for (int n = 0; n < 5; ++n) refs.push_back(join(gateway, ++user).ref);
    one->refresh();
    two->refresh();
  };
  join_some(*one);
  tick(*one, 1);
  save();
  join_some(*two);
  clock.advance(seconds(2));
  fail_over();
  join_some(*one);
  tick(*one, 1);
  clock.advance(seconds(2));
  fail_over();
  join_some(*two);
  std::set<TicketNumber> numbers;
  for (const TicketRef& ref : refs) numbers.insert(ref.number);
  EXPECT_EQ(numbers.size(), 20u) << "each its own";

  tick(*one, 2);
  tick(*two, 2);
  one->refresh();
  two->refresh();
  std::set<std::uint64_t> positions;
  for (const TicketRef& ref : refs) {
    const auto answer = status(*one, ref);
    ASSERT_EQ(answer.outcome, StoreOutcome::kOk) << ref.number;
    EXPECT_EQ(answer.view.status, TicketStatus::kWaiting) << ref.number;
  }
  one->refresh();
  two->refresh();
  for (const TicketRef& ref : refs) positions.insert(status(*two, ref).view.position);
  EXPECT_EQ(positions.size(), 20u);
  EXPECT_EQ(*positions.rbegin(), 20u) << "no gap is taken for people";
  const EventSnapshot now = one->snapshot();
  EXPECT_EQ(now.joined, 20u);
  EXPECT_EQ(now.tickets_lost, 10u);
  EXPECT_EQ(now.tickets_restored, 10u);

  // The line goes on, past the gaps at once.
  EventControl change;
  change.admission_rate = Rate::per_second(100);
  one->store().control(change, [](core::Result<std::size_t>) {});
  tick(*one, 150);
  tick(*two, 10);
  one->refresh();
  std::size_t ready = 0;
  for (const TicketRef& ref : refs) ready += status(*one, ref).view.status == TicketStatus::kReady;
  EXPECT_EQ(ready, 20u);
}

// The server between gave no number: nobody is to be looked for behind its gap.
TEST_P(RedisFailoverTest, AServerBetweenThatGaveNoNumberHasLostNobody) {
  options.line.admission_rate = Rate::per_second(0);
  const auto gateway = start();
  std::vector<TicketRef> refs;
  for (std::uint64_t user = 1; user <= 5; ++user) refs.push_back(join(*gateway, user).ref);
  gateway->refresh();
  tick(*gateway, 1);
  save();
  for (int lives = 0; lives < 2; ++lives) {
    clock.advance(seconds(2));
    fail_over();
    tick(*gateway, 2);
    gateway->refresh();
  }
  tick(*gateway, 5);
  EXPECT_EQ(gateway->snapshot().tickets_lost, 0u);
  EXPECT_EQ(gateway->snapshot().joined, 5u);
  const auto late = join(*start(), 6).ref;
  gateway->refresh();
  EXPECT_EQ(status(*gateway, late).view.position, 6u);
}

TEST_P(RedisFailoverTest, TheAdmissionBoundHoldsAcrossIt) {
  options.line.admission_rate = Rate::per_second(100);
  options.line.admission_burst = 10;
  const auto gateway = start();
  std::vector<TicketRef> refs;
  for (std::uint64_t user = 1; user <= 400; ++user) refs.push_back(join(*gateway, user).ref);
  gateway->refresh();
  tick(*gateway, 50);
  save();
  tick(*gateway, 50);
  std::set<TicketNumber> ready;
  const auto take_stock = [&] {
    std::size_t before = ready.size();
    for (const TicketRef& ref : refs) {
      if (status(*gateway, ref).view.status == TicketStatus::kReady) ready.insert(ref.number);
    }
    return ready.size() - before;
  };
  EXPECT_EQ(take_stock(), 109u) << "a full bucket, then 0.99 s of the rate";
  fail_over();
  tick(*gateway, 3);
  gateway->refresh();
  EXPECT_EQ(take_stock(), 0u) << "a second in which nobody is let in, and what was saved up is gone";
  for (const TicketNumber number : ready) {
    EXPECT_EQ(status(*gateway, refs[number - 1]).view.status, TicketStatus::kReady)
        << "ticket " << number << " was ready, and waits again";
  }
  EXPECT_GE(gateway->snapshot().failovers, 1u);
  tick(*gateway, 100);
  tick(*gateway, 100);
  EXPECT_LE(take_stock(), 2u * 100 + 10);
  EXPECT_GT(ready.size(), 109u + 90) << "it goes on";
}

TEST_P(RedisFailoverTest, EnterFailsClosedWhileItIsAway) {
  options.line.heartbeat_ttl = seconds(60);
  options.command_timeout = milliseconds(100);
  const auto gateway = start();
  const auto ref = join(*gateway, 1).ref;
  tick(*gateway, 3);
  EXPECT_EQ(status(*gateway, ref).view.status, TicketStatus::kReady);
  server.kill_now();
  EXPECT_EQ(ask(*gateway, StoreCommand::Kind::kEnter, ref).outcome, StoreOutcome::kUnavailable);
}

INSTANTIATE_TEST_SUITE_P(OneSlot, RedisFailoverTest, testing::Values(1u));
INSTANTIATE_TEST_SUITE_P(Buckets, RedisFailoverTest, testing::Values(4u));

}  // namespace
}  // namespace tacos::gateway
