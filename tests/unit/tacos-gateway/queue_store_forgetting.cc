// What every QueueStore does with events that are over; a part of the contract.
#include "queue_store_contract.h"

namespace tacos::gateway {
namespace {

using core::Rate;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// The longest that a store may take to notice, over and above the time after which an event may go.
constexpr core::Nanos kLook = seconds(61);

TEST_P(QueueStoreForgetting, AnEventInWhichNothingHappensAnyMoreIsForgotten) {
  const auto first = join(1).ref;
  pass(milliseconds(20));
  EXPECT_EQ(leave(first).outcome, StoreOutcome::kOk);
  pass(options.forget_after - seconds(1));
  EXPECT_TRUE(knows());
  EXPECT_EQ(status(first).view.status, TicketStatus::kLeft);
  pass(kLook);
  EXPECT_FALSE(knows());
  EXPECT_EQ(status(first).outcome, StoreOutcome::kNotFound);
  EXPECT_EQ(enter(first).outcome, StoreOutcome::kNotFound);
}

TEST_P(QueueStoreForgetting, AJoinAfterwardsBeginsAnotherLife) {
  const auto first = join(1).ref;
  join(2);
  pass(options.heartbeat_ttl * 3 + options.forget_after + kLook);
  ASSERT_FALSE(knows());
  const auto again = join(1);
  EXPECT_EQ(again.outcome, StoreOutcome::kOk);
  EXPECT_EQ(again.ref.number, 1u);
  EXPECT_EQ(again.view.position, 1u);
  EXPECT_NE(again.ref.epoch, first.epoch);
  EXPECT_EQ(status(first).outcome, StoreOutcome::kNotFound) << "an old token names nobody in the new life";
  EXPECT_EQ(snapshot().joined, 1u);
  EXPECT_EQ(snapshot().inventory.free, 2u) << "seats too are as at first";
  const auto second = join(2).ref;
  pass(milliseconds(20));
  buy(again.ref, 1, 0, 1);
  EXPECT_EQ(leave(second).view.status, TicketStatus::kLeft);
}

TEST_P(QueueStoreForgetting, WhoeverWaitsKeepsTheEvent) {
  options.admission_rate = Rate::per_second(0);
  const auto ref = join(1).ref;
  for (int i = 0; i < 60; ++i) {
    pass(seconds(4));
    ASSERT_EQ(status(ref).view.status, TicketStatus::kWaiting) << i;
  }
}

TEST_P(QueueStoreForgetting, ATurnAndAGrantThatMayBeUsedKeepTheEvent) {
  options.turn_ttl = options.grant_ttl = minutes(8);
  const auto ref = join(1).ref;
  pass(minutes(4));
  EXPECT_EQ(status(ref).view.status, TicketStatus::kReady);
  EXPECT_EQ(enter(ref).outcome, StoreOutcome::kOk);
  pass(minutes(4));
  EXPECT_EQ(claim(ref).outcome, StoreOutcome::kOk);
}

TEST_P(QueueStoreForgetting, HeldSeatsKeepTheEvent) {
  const auto ref = join(1).ref;
  pass(milliseconds(20));
  buy(ref, 1, 1, 0);
  pass(options.forget_after + kLook * 2);
  EXPECT_TRUE(knows());
  report(ref, 1, 0, 1);
  pass(options.forget_after + kLook);
  EXPECT_FALSE(knows()) << "a sold seat does not";
}

TEST_P(QueueStoreForgetting, SoldOutIsOverHoweverManyWait) {
  options.seats = 1;
  const auto buyer = join(1).ref;
  pass(milliseconds(20));
  const auto late = join(2).ref;
  buy(buyer, 0, 0, 1);
  pass(options.forget_after - seconds(1));
  EXPECT_EQ(status(late).view.status, TicketStatus::kSoldOut);
  pass(kLook);
  EXPECT_FALSE(knows());
  EXPECT_EQ(join(2).outcome, StoreOutcome::kOk) << "and begins anew";
}

TEST_P(QueueStoreForgetting, QuestionsDoNotKeepAnEventButJoinsDo) {
  const auto ref = join(1).ref;
  leave(ref);
  for (int i = 0; i < 4; ++i) {
    pass(seconds(60));
    EXPECT_EQ(join(static_cast<std::uint64_t>(10 + i)).outcome, StoreOutcome::kOk) << i;
    EXPECT_EQ(status(ref).view.status, TicketStatus::kLeft) << i;
  }
  for (int i = 0; i < 30 && knows(); ++i) {
    pass(seconds(10));
    status(ref);
    join(1, "e2");
  }
  EXPECT_FALSE(knows());
  EXPECT_TRUE(knows("e2"));
}

TEST_P(QueueStoreForgetting, AnEventThatIsYetToOpenIsKept) {
  options.opening_delay = minutes(6);
  const auto ref = join(1).ref;
  leave(ref);
  pass(minutes(5));
  EXPECT_TRUE(knows());
  pass(minutes(1) + kLook);
  EXPECT_FALSE(knows());
}

TEST_P(QueueStoreForgetting, NothingIsForgottenWhenThatIsTurnedOff) {
  options.forget_after = core::Nanos(0);
  leave(join(1).ref);
  pass(minutes(6));
  EXPECT_TRUE(knows());
}

TEST_P(QueueStoreForgetting, ForgottenEventsMakeRoomForOthers) {
  for (const char* event : {"e1", "e2", "e3"}) {
    const auto ref = join(1, event).ref;
    pass(std::chrono::milliseconds(50));
    buy(ref, 1, 0, 1);
  }
  EXPECT_EQ(join(1, "e4").outcome, StoreOutcome::kOverloaded);
  pass(options.forget_after + kLook);
  EXPECT_EQ(join(1, "e4").outcome, StoreOutcome::kOk);
}

}  // namespace
}  // namespace tacos::gateway
