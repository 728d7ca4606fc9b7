#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tacos-gateway/backend/idempotency_store.h"
#include "tacos-gateway/backend/payment_desk.h"
#include "tacos-gateway/backend/seat_inventory.h"

namespace tacos::gateway {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const TicketRef kAnn{1, 10, 1};
const TicketRef kBob{1, 10, 2};
const TicketRef kCat{1, 10, 3};

class SeatInventoryTest : public testing::Test {
 protected:
  core::ManualClock clock;
  SeatInventory seats{{.seats = 10, .hold_ttl = seconds(60)}, clock};
};

TEST_F(SeatInventoryTest, HoldsConfirmsAndCounts) {
  const auto held = seats.hold(kAnn, 2, {});
  ASSERT_EQ(held.outcome, SeatOutcome::kOk);
  EXPECT_EQ(held.seats, (std::vector<std::uint32_t>{1, 2}));
  EXPECT_EQ(held.inventory.free, 8u);
  EXPECT_EQ(held.inventory.held, 2u);
  const auto sold = seats.confirm(kAnn, held.reservation_id);
  EXPECT_EQ(sold.outcome, SeatOutcome::kOk);
  EXPECT_FALSE(sold.order_id.empty());
  EXPECT_EQ(sold.inventory.sold, 2u);
  EXPECT_EQ(seats.confirm(kAnn, held.reservation_id).order_id, sold.order_id) << "confirming again is the same order";
  EXPECT_EQ(seats.cancel(kAnn, held.reservation_id).outcome, SeatOutcome::kConfirmed);
}

TEST_F(SeatInventoryTest, ForgetsOneEventAndNoOther) {
  const TicketRef elsewhere{1, 11, 1};
  const auto sold = seats.hold(kAnn, 2, {});
  seats.confirm(kAnn, sold.reservation_id);
  const auto held = seats.hold(elsewhere, 1, {});
  seats.forget(kAnn.event);
  EXPECT_EQ(seats.find(kAnn, sold.reservation_id).outcome, SeatOutcome::kNotFound);
  EXPECT_EQ(seats.inventory(kAnn.event).free, 10u);
  EXPECT_EQ(seats.find(elsewhere, held.reservation_id).outcome, SeatOutcome::kOk);
  EXPECT_EQ(seats.hold(kAnn, 1, {}).outcome, SeatOutcome::kOk) << "a ticket of another life, of that number";
}

TEST_F(SeatInventoryTest, SeatsByNumberAreAllOrNothing) {
  ASSERT_EQ(seats.hold(kAnn, 0, {3, 4}).outcome, SeatOutcome::kOk);
  EXPECT_EQ(seats.hold(kBob, 0, {4, 5}).outcome, SeatOutcome::kTaken);
  EXPECT_EQ(seats.hold(kBob, 0, {5}).outcome, SeatOutcome::kOk) << "a refused wish takes nothing";
  EXPECT_EQ(seats.hold(kCat, 0, {11}).outcome, SeatOutcome::kNoSuchSeat);
  EXPECT_EQ(seats.hold(kCat, 0, {0}).outcome, SeatOutcome::kNoSuchSeat);
  EXPECT_EQ(seats.hold(kCat, 0, {6, 6}).outcome, SeatOutcome::kNoSuchSeat);
}

TEST_F(SeatInventoryTest, NeverSellsASeatTwice) {
  std::set<std::uint32_t> given;
  for (std::uint64_t ticket = 1; ticket <= 10; ++ticket) {
    const auto held = seats.hold({1, 10, ticket}, 1, {});
    ASSERT_EQ(held.outcome, SeatOutcome::kOk);
    EXPECT_TRUE(given.insert(held.seats.at(0)).second);
  }
  EXPECT_EQ(seats.hold({1, 10, 11}, 1, {}).outcome, SeatOutcome::kTaken) << "held is not sold out: it may come back";
}

TEST_F(SeatInventoryTest, AHoldThatRunsOutFreesItsSeats) {
  const auto held = seats.hold(kAnn, 10, {});
  clock.advance(seconds(60));
  EXPECT_EQ(seats.confirm(kAnn, held.reservation_id).outcome, SeatOutcome::kLapsed);
  EXPECT_EQ(seats.hold(kBob, 10, {}).outcome, SeatOutcome::kOk);
}

TEST_F(SeatInventoryTest, TheSweepFreesWhatNobodyAskedAboutAndReportsTheEvents) {
  seats.hold(kAnn, 4, {});
  const auto sold = seats.hold(kBob, 2, {});
  seats.confirm(kBob, sold.reservation_id);
  clock.advance(seconds(61));
  const auto changes = seats.sweep();
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].event, 10u);
  EXPECT_EQ(changes[0].inventory.free, 8u);
  EXPECT_EQ(changes[0].inventory.sold, 2u);
  EXPECT_TRUE(seats.sweep().empty());
}

TEST_F(SeatInventoryTest, ReservationsBelongToTheTicketThatMadeThem) {
  const auto held = seats.hold(kAnn, 1, {});
  EXPECT_EQ(seats.confirm(kBob, held.reservation_id).outcome, SeatOutcome::kNotFound);
  EXPECT_EQ(seats.cancel(kBob, held.reservation_id).outcome, SeatOutcome::kNotFound);
  EXPECT_EQ(seats.find(kBob, held.reservation_id).outcome, SeatOutcome::kNotFound);
  EXPECT_EQ(seats.cancel(kAnn, held.reservation_id).outcome, SeatOutcome::kOk);
  EXPECT_EQ(seats.cancel(kAnn, held.reservation_id).outcome, SeatOutcome::kOk);
  EXPECT_EQ(seats.confirm(kAnn, held.reservation_id).outcome, SeatOutcome::kLapsed);
}

TEST(PaymentDesk, SettlesAnIntentOnceAndForgetsItLater) {
  core::ManualClock clock;
  PaymentDesk desk(clock);
  const auto intent = desk.create("res_1", 250, "USD");
  EXPECT_EQ(desk.find(intent.id).status, PaymentStatus::kCreated);
  EXPECT_EQ(desk.process(intent.id, true).status, PaymentStatus::kApproved);
  EXPECT_EQ(desk.process(intent.id, false).status, PaymentStatus::kApproved);
  EXPECT_FALSE(desk.process("pay_nothing", true).found);
  clock.advance(hours(1));
  desk.sweep();
  EXPECT_FALSE(desk.find(intent.id).found);
}

TEST(IdempotencyStore, ClaimsBeforeTheWorkAndReplaysAfterIt) {
  core::ManualClock clock;
  IdempotencyStore store({.ttl = minutes(1), .max_entries = 10}, clock);
  EXPECT_EQ(store.claim("k", "body").claim, Claim::kFresh);
  EXPECT_EQ(store.claim("k", "body").claim, Claim::kInFlight);
  EXPECT_EQ(store.claim("k", "other").claim, Claim::kConflict);
  store.finish("k", 201, "answer");
  const auto replay = store.claim("k", "body");
  EXPECT_EQ(replay.claim, Claim::kReplay);
  EXPECT_EQ(replay.status, 201);
  EXPECT_EQ(replay.body, "answer");
  EXPECT_EQ(store.claim("k", "other").claim, Claim::kConflict);
  clock.advance(minutes(1));
  store.sweep();
  EXPECT_EQ(store.claim("k", "other").claim, Claim::kFresh);
}

TEST(IdempotencyStore, WorkThatFailedMayBeTriedAgain) {
  core::ManualClock clock;
  IdempotencyStore store({}, clock);
  store.claim("k", "body");
  store.abandon("k");
  EXPECT_EQ(store.claim("k", "body").claim, Claim::kFresh);
  store.finish("k", 503, "busy");
  EXPECT_EQ(store.claim("k", "body").claim, Claim::kFresh);
}

TEST(IdempotencyStore, FullItForgetsTheOldestAnswerAndNeverWorkInFlight) {
  core::ManualClock clock;
  IdempotencyStore store({.ttl = minutes(1), .max_entries = 2}, clock);
  store.claim("a", "");
  store.claim("b", "");
  EXPECT_EQ(store.claim("c", "").claim, Claim::kFull);
  store.finish("a", 200, "");
  EXPECT_EQ(store.claim("c", "").claim, Claim::kFresh);
  EXPECT_EQ(store.claim("b", "").claim, Claim::kInFlight);
}

}  // namespace
}  // namespace tacos::gateway
