#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tacos-gateway/backend/idempotency_store.h"
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

  Reservation confirm(const TicketRef& owner, const Reservation& of) {
    const auto intent = seats.make_intent(owner, of.reservation_id, of.amount, of.currency).intent;
    seats.pay(owner, intent.id, true);
    return seats.confirm(owner, of.reservation_id, intent.id);
  }
};

TEST_F(SeatInventoryTest, HoldsConfirmsAndCounts) {
  const auto held = seats.hold(kAnn, 2, {});
  ASSERT_EQ(held.outcome, SeatOutcome::kOk);
  EXPECT_EQ(held.seats, (std::vector<std::uint32_t>{1, 2}));
  EXPECT_EQ(held.inventory.free, 8u);
  EXPECT_EQ(held.inventory.held, 2u);
  const auto sold = confirm(kAnn, held);
  EXPECT_EQ(sold.outcome, SeatOutcome::kOk);
  EXPECT_FALSE(sold.order_id.empty());
  EXPECT_EQ(sold.inventory.sold, 2u);
  EXPECT_EQ(seats.cancel(kAnn, held.reservation_id).outcome, SeatOutcome::kConfirmed);
}

TEST_F(SeatInventoryTest, ForgetsOneEventAndNoOther) {
  const TicketRef elsewhere{1, 11, 1};
  const auto sold = seats.hold(kAnn, 2, {});
  confirm(kAnn, sold);
  const auto held = seats.hold(elsewhere, 1, {});
  seats.forget(kAnn.event);
  EXPECT_EQ(seats.find(kAnn).outcome, SeatOutcome::kNotFound);
  EXPECT_EQ(seats.inventory(kAnn.event).free, 10u);
  EXPECT_EQ(seats.find(elsewhere).reservation_id, held.reservation_id);
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
  EXPECT_EQ(seats.confirm(kAnn, held.reservation_id, "pay_none").outcome, SeatOutcome::kLapsed);
  EXPECT_EQ(seats.hold(kBob, 10, {}).outcome, SeatOutcome::kOk);
}

TEST_F(SeatInventoryTest, TheSweepFreesWhatNobodyAskedAboutAndReportsTheEvents) {
  seats.hold(kAnn, 4, {});
  const auto sold = seats.hold(kBob, 2, {});
  confirm(kBob, sold);
  clock.advance(seconds(61));
  const auto changes = seats.sweep();
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].event, 10u);
  EXPECT_EQ(changes[0].inventory.free, 8u);
  EXPECT_EQ(changes[0].inventory.sold, 2u);
  EXPECT_TRUE(seats.sweep().empty());
}

TEST_F(SeatInventoryTest, RemembersTheNewestOfWhatCameToNothing) {
  SeatInventory small({.seats = 10, .hold_ttl = seconds(60), .max_released = 2}, clock);
  for (const TicketRef& owner : {kAnn, kBob, kCat}) small.cancel(owner, small.hold(owner, 1, {}).reservation_id);
  small.sweep();
  EXPECT_EQ(small.find(kAnn).outcome, SeatOutcome::kNotFound);
  EXPECT_EQ(small.find(kBob).outcome, SeatOutcome::kLapsed);
  EXPECT_EQ(small.find(kCat).outcome, SeatOutcome::kLapsed);
  EXPECT_EQ(small.kept().reservations, 2u);
  EXPECT_EQ(small.kept().forgotten_early, 1u);
  clock.advance(hours(1));
  small.sweep();
  EXPECT_EQ(small.kept().reservations, 0u);
}

TEST_F(SeatInventoryTest, EventsMaySellOtherSeatsAtOtherPrices) {
  int asked = 0;
  SeatInventory various({.terms_of =
                             [&](std::uint64_t event) {
                               ++asked;
                               return SeatTerms{.seats = event, .price = 7 * event, .currency = "CHF"};
                             }},
                        clock);
  const auto ten = various.hold(kAnn, 2, {});
  EXPECT_EQ(ten.amount, 140u);
  EXPECT_EQ(ten.currency, "CHF");
  EXPECT_EQ(ten.inventory.free, 8u);
  EXPECT_EQ(various.hold({1, 20, 1}, 1, {}).amount, 140u);
  EXPECT_EQ(various.hold(kBob, 1, {}).amount, 70u);
  EXPECT_EQ(asked, 2) << "once for each event";
}

// A reservation has one payment, so that making many costs no memory.
TEST_F(SeatInventoryTest, NeitherRefusedNorReplacedIntentsAreKept) {
  const auto held = seats.hold(kAnn, 1, {});
  int made = 0;
  for (int i = 0; i < 307'000; ++i) {
    made += seats.make_intent(kAnn, held.reservation_id, 100, "USD").outcome == SeatOutcome::kOk;
  }
  EXPECT_EQ(made, 20);
  EXPECT_EQ(seats.kept().reservations, 1u);
}

const TicketRef kOwner{1, 10, 1};

TEST(IdempotencyStore, ClaimsBeforeTheWorkAndReplaysAfterIt) {
  core::ManualClock clock;
  IdempotencyStore store({.ttl = minutes(1), .max_entries = 10, .per_grant = 8}, clock);
  EXPECT_EQ(store.claim(kOwner, "k", "body").claim, Claim::kFresh);
  EXPECT_EQ(store.claim(kOwner, "k", "body").claim, Claim::kInFlight);
  EXPECT_EQ(store.claim(kOwner, "k", "other").claim, Claim::kConflict);
  store.finish(kOwner, "k", 201, "answer");
  const auto replay = store.claim(kOwner, "k", "body");
  EXPECT_EQ(replay.claim, Claim::kReplay);
  EXPECT_EQ(replay.status, 201);
  EXPECT_EQ(replay.body, "answer");
  EXPECT_EQ(store.claim(kOwner, "k", "other").claim, Claim::kConflict);
  clock.advance(minutes(1));
  store.sweep();
  EXPECT_EQ(store.claim(kOwner, "k", "other").claim, Claim::kFresh);
}

TEST(IdempotencyStore, WorkThatFailedMayBeTriedAgain) {
  core::ManualClock clock;
  IdempotencyStore store({}, clock);
  store.claim(kOwner, "k", "body");
  store.abandon(kOwner, "k");
  EXPECT_EQ(store.claim(kOwner, "k", "body").claim, Claim::kFresh);
  store.finish(kOwner, "k", 503, "busy");
  EXPECT_EQ(store.claim(kOwner, "k", "body").claim, Claim::kFresh);
}

TEST(IdempotencyStore, FullItRefusesNewKeysAndForgetsNoAnswerBeforeItsTime) {
  core::ManualClock clock;
  IdempotencyStore store({.ttl = minutes(1), .max_entries = 100'000, .per_grant = 64}, clock);
  store.claim(kOwner, "honest", "body");
  store.finish(kOwner, "honest", 200, "the answer");
  clock.advance(seconds(1));
  std::uint64_t refused = 0;
  for (TicketNumber ticket = 2; ticket <= 2'000; ++ticket) {
    for (int i = 0; i < 64; ++i) {
      const TicketRef other{1, 10, ticket};
      const std::string key = std::to_string(i);
      refused += store.claim(other, key, "").claim == Claim::kFull;
      store.finish(other, key, 200, "");
    }
  }
  EXPECT_EQ(refused, 1'999u * 64 - 99'999);
  EXPECT_EQ(store.entries(), 100'000u);
  EXPECT_EQ(store.claim(kOwner, "honest", "body").body, "the answer");
  EXPECT_EQ(store.claim(kOwner, "second", "body").claim, Claim::kFull);
  clock.advance(seconds(59));
  store.sweep();
  EXPECT_EQ(store.entries(), 99'999u);
  EXPECT_EQ(store.claim(kOwner, "second", "body").claim, Claim::kFresh);
}

TEST(IdempotencyStore, ForgetsTicketsThatHaveNoKeysAndAnEventsTicketsAtOnce) {
  core::ManualClock clock;
  IdempotencyStore store({.ttl = minutes(1), .max_entries = 2}, clock);
  for (TicketNumber ticket = 1; ticket <= 2; ++ticket) {
    EXPECT_EQ(store.claim({1, 10, ticket}, "k", "").claim, Claim::kFresh);
    store.abandon({1, 10, ticket}, "k");
  }
  EXPECT_EQ(store.claim({1, 10, 3}, "k", "").claim, Claim::kFull) << "how often they have tried is remembered";
  clock.advance(minutes(1));
  store.sweep();
  EXPECT_EQ(store.claim({1, 10, 3}, "k", "").claim, Claim::kFresh);
  EXPECT_EQ(store.claim({1, 11, 3}, "k", "").claim, Claim::kFresh);
  store.forget(10);
  EXPECT_EQ(store.entries(), 1u);
  EXPECT_EQ(store.claim({1, 11, 3}, "k", "").claim, Claim::kInFlight);
}

// Its ticket's count of claims is over while the work is under way, and nothing would look at it again.
TEST(IdempotencyStore, AKeyThatIsGivenBackLateLeavesNothingBehind) {
  core::ManualClock clock;
  IdempotencyStore store({.ttl = minutes(1), .max_entries = 1}, clock);
  store.claim(kOwner, "k", "");
  clock.advance(minutes(2));
  store.sweep();
  store.abandon(kOwner, "k");
  EXPECT_EQ(store.claim({1, 10, 9}, "k", "").claim, Claim::kFresh);
}

}  // namespace
}  // namespace tacos::gateway
