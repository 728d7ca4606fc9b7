// What every SeatStore does; programs instantiate it with the stores they are about.
#include "seat_store_contract.h"

#include <map>
#include <optional>
#include <set>

#include <gmock/gmock.h>

#include "core/random.h"

namespace tacos::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;

TEST_P(SeatStoreContract, SeatsAreHeldPaidForAndSold) {
  const TicketRef ann = ticket(1);
  const auto held = hold(ann, 2);
  ASSERT_EQ(held.outcome, SeatOutcome::kOk);
  EXPECT_THAT(held.reservation.seats, ElementsAre(1, 2));
  EXPECT_EQ(held.reservation.reservation_id.substr(0, 4), "res_");
  EXPECT_THAT(counts(), ElementsAre(8, 2, 0));
  const std::string id = held.reservation.reservation_id;
  const auto sold = confirm(ann, id, approved_payment(ann, id));
  ASSERT_EQ(sold.outcome, SeatOutcome::kOk);
  EXPECT_THAT(sold.reservation.seats, ElementsAre(1, 2));
  EXPECT_EQ(sold.reservation.order_id.substr(0, 4), "ord_");
  EXPECT_THAT(counts(), ElementsAre(8, 0, 2));
  EXPECT_EQ(cancel(ann, id).outcome, SeatOutcome::kConfirmed);
}

TEST_P(SeatStoreContract, EachStepMayBeTakenAtAnotherGateway) {
  const TicketRef ann = ticket(1);
  const std::string id = hold(ann, 3, {}, 0).reservation.reservation_id;
  const std::string payment = approved_payment(ann, id, 1);
  const auto sold = confirm(ann, id, payment, 0);
  ASSERT_EQ(sold.outcome, SeatOutcome::kOk);
  const auto again = confirm(ann, id, payment, 1);
  EXPECT_EQ(again.outcome, SeatOutcome::kOk);
  EXPECT_EQ(again.reservation.order_id, sold.reservation.order_id) << "confirming again is the same order";
  EXPECT_THAT(counts(), ElementsAre(7, 0, 3));
}

TEST_P(SeatStoreContract, SeatsByNumberAreAllOrNothing) {
  ASSERT_EQ(hold(ticket(1), 0, {3, 4}).outcome, SeatOutcome::kOk);
  EXPECT_EQ(hold(ticket(2), 0, {4, 5}).outcome, SeatOutcome::kTaken);
  EXPECT_EQ(hold(ticket(2), 0, {11}).outcome, SeatOutcome::kNoSuchSeat);
  EXPECT_EQ(hold(ticket(2), 0, {6, 6}).outcome, SeatOutcome::kNoSuchSeat);
  EXPECT_THAT(counts(), ElementsAre(8, 2, 0));
  EXPECT_EQ(hold(ticket(2), 0, {5}).outcome, SeatOutcome::kOk) << "a refused wish takes nothing";
  const auto rest = hold(ticket(3), 7);
  ASSERT_EQ(rest.outcome, SeatOutcome::kOk);
  EXPECT_THAT(rest.reservation.seats, ::testing::UnorderedElementsAre(1, 2, 6, 7, 8, 9, 10));
}

TEST_P(SeatStoreContract, NoSeatIsGivenTwice) {
  setup.line.seats = 100;
  std::set<std::uint32_t> given;
  for (std::uint64_t user = 1; user <= 100; ++user) {
    const auto held = hold(ticket(user), 1, {}, user % 2);
    ASSERT_EQ(held.outcome, SeatOutcome::kOk);
    EXPECT_TRUE(given.insert(held.reservation.seats.at(0)).second);
  }
  EXPECT_EQ(hold(ticket(101), 1).outcome, SeatOutcome::kTaken) << "held is not sold out: it may come back";
}

TEST_P(SeatStoreContract, ATicketMakesOneReservationAndTheSameAttemptGetsItAgain) {
  const TicketRef ann = ticket(1);
  EXPECT_EQ(run(0, hold_of(ann, "a", 2, {}, true)).outcome, SeatOutcome::kNotFound);
  const auto first = run(0, hold_of(ann, "a", 2));
  const auto again = run(1, hold_of(ann, "a", 2));
  ASSERT_EQ(again.outcome, SeatOutcome::kOk);
  EXPECT_EQ(again.reservation.reservation_id, first.reservation.reservation_id);
  EXPECT_EQ(again.reservation.seats, first.reservation.seats);
  EXPECT_EQ(again.reservation.hold_expires_unix_ms, first.reservation.hold_expires_unix_ms);
  EXPECT_EQ(run(1, hold_of(ann, "a", 2, {}, true)).reservation.reservation_id, first.reservation.reservation_id);
  EXPECT_EQ(run(1, hold_of(ann, "b", 1)).outcome, SeatOutcome::kReservedBefore);
  EXPECT_EQ(run(1, hold_of(ann, "b", 1, {}, true)).outcome, SeatOutcome::kReservedBefore);
  EXPECT_THAT(counts(), ElementsAre(8, 2, 0));
}

TEST_P(SeatStoreContract, ACancelledReservationGivesItsSeatsBackAndIsTheTicketsLast) {
  const TicketRef ann = ticket(1);
  const std::string id = hold(ann, 10).reservation.reservation_id;
  const std::string payment = approved_payment(ann, id);
  EXPECT_EQ(cancel(ann, id).outcome, SeatOutcome::kOk);
  EXPECT_EQ(cancel(ann, id, 1).outcome, SeatOutcome::kOk) << "again: nothing more";
  EXPECT_THAT(counts(), ElementsAre(10, 0, 0));
  EXPECT_EQ(confirm(ann, id, payment, 1).outcome, SeatOutcome::kLapsed);
  EXPECT_EQ(hold(ann, 1, {}, 1).outcome, SeatOutcome::kLapsed);
  EXPECT_EQ(run(1, hold_of(ann, "b", 1)).outcome, SeatOutcome::kLapsed) << "whichever attempt asks";
  const auto bob = hold(ticket(2), 10);
  EXPECT_EQ(std::set<std::uint32_t>(bob.reservation.seats.begin(), bob.reservation.seats.end()).size(), 10u);
}

TEST_P(SeatStoreContract, AHoldThatRunsOutIsFreedByAnyGatewaysSweep) {
  hold(ticket(1), 4);
  const TicketRef bob = ticket(2);
  const std::string sold = hold(bob, 2).reservation.reservation_id;
  confirm(bob, sold, approved_payment(bob, sold));
  pass(seconds(59));
  sweep(1);
  EXPECT_THAT(counts(), ElementsAre(4, 4, 2));
  pass(seconds(2));
  sweep(1);
  EXPECT_THAT(counts(), ElementsAre(8, 0, 2));
  sweep(0);
  EXPECT_THAT(counts(), ElementsAre(8, 0, 2)) << "once";
  EXPECT_EQ(hold(ticket(3), 8).outcome, SeatOutcome::kOk);
}

TEST_P(SeatStoreContract, AHoldThatRanOutIsNotSoldThoughNoSweepHasSeenIt) {
  const TicketRef ann = ticket(1);
  const std::string id = hold(ann, 10).reservation.reservation_id;
  const std::string payment = approved_payment(ann, id);
  pass(seconds(60));
  EXPECT_EQ(confirm(ann, id, payment, 1).outcome, SeatOutcome::kLapsed);
  EXPECT_THAT(counts(), ElementsAre(10, 0, 0));
  EXPECT_EQ(make_intent(ann, id).outcome, SeatOutcome::kLapsed);
}

TEST_P(SeatStoreContract, ReservationsAndPaymentsBelongToTheTicketThatMadeThem) {
  const TicketRef ann = ticket(1);
  const TicketRef bob = ticket(2);
  const std::string id = hold(ann, 1).reservation.reservation_id;
  const std::string bobs = hold(bob, 1).reservation.reservation_id;
  const std::string payment = approved_payment(ann, id);
  EXPECT_EQ(confirm(bob, id, payment).outcome, SeatOutcome::kNotFound);
  EXPECT_EQ(confirm(bob, bobs, payment).outcome, SeatOutcome::kNoPayment);
  EXPECT_EQ(cancel(bob, id).outcome, SeatOutcome::kNotFound);
  EXPECT_EQ(make_intent(bob, id).outcome, SeatOutcome::kNotFound);
  EXPECT_EQ(pay(bob, payment, false).outcome, SeatOutcome::kNotFound);
  TicketRef other_life = ann;
  other_life.epoch ^= 1;
  EXPECT_EQ(cancel(other_life, id).outcome, SeatOutcome::kNotFound);
  EXPECT_THAT(counts(), ElementsAre(8, 2, 0));
}

TEST_P(SeatStoreContract, WhoHasPaidCanConfirmForAsLongAsTheHoldLasts) {
  setup.hold_ttl = std::chrono::hours(3);
  const TicketRef ann = ticket(1);
  const std::string id = hold(ann, 2).reservation.reservation_id;
  const std::string payment = approved_payment(ann, id);
  pass(std::chrono::minutes(170));
  sweep();
  EXPECT_EQ(confirm(ann, id, payment).outcome, SeatOutcome::kOk);
}

TEST_P(SeatStoreContract, TheLastSeatSoldEndsTheEvent) {
  const TicketRef ann = ticket(1);
  const TicketRef bob = ticket(2);
  const std::string id = hold(ann, 10).reservation.reservation_id;
  EXPECT_EQ(hold(bob, 1).outcome, SeatOutcome::kTaken);
  confirm(ann, id, approved_payment(ann, id));
  EXPECT_EQ(hold(bob, 1).outcome, SeatOutcome::kSoldOut);
  EXPECT_EQ(join(3).outcome, StoreOutcome::kSoldOut);
  EXPECT_EQ(snapshot().sold_out, 2u) << "none had entered";
}

TEST_P(SeatStoreContract, AdmissionFollowsTheSeats) {
  setup.line.seats = 3;
  std::vector<TicketRef> tickets;
  for (std::uint64_t user = 1; user <= 5; ++user) tickets.push_back(ticket(user));
  hold(tickets[4], 2);
  pass(milliseconds(100));
  EXPECT_EQ(snapshot().ready, 1u);
}

// Two gateways do this and that at random; a simple model knows what must come of it.
class Model {
 public:
  struct Held {
    char state = 'h';  // h, s, r
    std::string id;
    std::string attempt;
    std::string order;
    std::string payment;
    std::set<std::uint32_t> seats;
    std::int64_t until_ms = 0;
  };

  explicit Model(std::uint32_t seats) {
    for (std::uint32_t seat = 1; seat <= seats; ++seat) free.insert(seat);
  }

  void release(Held& held) {
    free.insert(held.seats.begin(), held.seats.end());
    held.state = 'r';
  }
  void touch(Held& held) {
    if (held.state == 'h' && now_ms >= held.until_ms) release(held);
  }
  void sweep() {
    for (auto& [number, held] : reservations) touch(held);
  }
  std::array<std::uint64_t, 3> counts() const {
    std::array<std::uint64_t, 3> count{free.size(), 0, 0};
    for (const auto& [number, held] : reservations) {
      if (held.state != 'r') count[held.state == 'h' ? 1 : 2] += held.seats.size();
    }
    return count;
  }
  SeatOutcome hold_outcome(std::uint32_t quantity, const std::vector<std::uint32_t>& wanted) const {
    const auto [free_now, held_now, sold_now] = counts();
    if (free_now + held_now == 0) return SeatOutcome::kSoldOut;
    if (wanted.empty()) return quantity > free_now ? SeatOutcome::kTaken : SeatOutcome::kOk;
    for (const std::uint32_t seat : wanted) {
      if (!free.contains(seat)) return SeatOutcome::kTaken;
    }
    return SeatOutcome::kOk;
  }

  std::set<std::uint32_t> free;
  std::map<TicketNumber, Held> reservations;
  std::int64_t now_ms = 0;
};

TEST_P(SeatStoreContract, WhateverTwoGatewaysDoAtRandomTheModelAgrees) {
  setup.line.seats = 60;
  setup.line.heartbeat_ttl = std::chrono::hours(10);
  core::Random random(20261121);
  Model model(60);
  std::vector<TicketRef> tickets;
  for (std::uint64_t user = 1; user <= 150; ++user) tickets.push_back(ticket(user));
  std::map<SeatOutcome, int> seen;
  for (int step = 0; step < 1500; ++step) {
    SCOPED_TRACE(step);
    const std::size_t gateway = random.below(2);
    const TicketRef owner = tickets[random.below(tickets.size())];
    const auto known = model.reservations.find(owner.number);
    const bool has = known != model.reservations.end();
    const std::uint64_t what = random.below(100);
    if (what < 55) {
      const std::string attempt = random.below(8) == 0 ? "b" : "a";
      const auto quantity = static_cast<std::uint32_t>(1 + random.below(4));
      std::set<std::uint32_t> wanted;
      if (random.below(3) == 0) {
        while (wanted.size() < quantity) wanted.insert(static_cast<std::uint32_t>(1 + random.below(60)));
      }
      const Seats by_number(wanted.begin(), wanted.end());
      std::optional<SeatOutcome> expected;
      if (has) {
        model.touch(known->second);
        expected = known->second.state == 'r'         ? SeatOutcome::kLapsed
                   : known->second.attempt != attempt ? SeatOutcome::kReservedBefore
                                                      : SeatOutcome::kOk;
      } else {
        expected = model.hold_outcome(quantity, by_number);
      }
      const auto held = run(gateway, hold_of(owner, attempt, quantity, by_number));
      ASSERT_EQ(held.outcome, *expected);
      ++seen[held.outcome];
      if (held.outcome != SeatOutcome::kOk) continue;
      const std::set<std::uint32_t> got(held.reservation.seats.begin(), held.reservation.seats.end());
      if (has) {
        ASSERT_EQ(held.reservation.reservation_id, known->second.id);
        ASSERT_EQ(got, known->second.seats);
      } else {
        ASSERT_EQ(got.size(), quantity);
        for (const std::uint32_t seat : got)
          ASSERT_EQ(model.free.erase(seat), 1u) << "seat " << seat << " was not free";
        model.reservations[owner.number] = {
            'h', held.reservation.reservation_id, attempt, "", "", got, model.now_ms + 60'000};
      }
    } else if (what < 85) {
      if (!has) continue;
      Model::Held& r = known->second;
      model.touch(r);
      if (what < 72 && r.state != 'r') {
        const std::string payment = r.state == 's' ? r.payment : approved_payment(owner, r.id, gateway);
        const auto sold = confirm(owner, r.id, payment, 1 - gateway);
        ASSERT_EQ(sold.outcome, SeatOutcome::kOk);
        if (r.state == 's') {
          ASSERT_EQ(sold.reservation.order_id, r.order);
        }
        r.state = 's';
        r.payment = payment;
        r.order = sold.reservation.order_id;
        continue;
      }
      const auto cancelled = cancel(owner, r.id, gateway);
      ++seen[cancelled.outcome];
      ASSERT_EQ(cancelled.outcome, r.state == 's' ? SeatOutcome::kConfirmed : SeatOutcome::kOk);
      if (r.state == 'h') model.release(r);
    } else if (what < 93) {
      const auto time = milliseconds(1 + random.below(15'000));
      pass(time);
      model.now_ms += time.count();
    } else {
      sweep(gateway);
      model.sweep();
      ASSERT_EQ(counts(), model.counts());
    }
  }
  sweep();
  model.sweep();
  EXPECT_EQ(counts(), model.counts());
  for (const SeatOutcome outcome : {SeatOutcome::kOk, SeatOutcome::kTaken, SeatOutcome::kReservedBefore,
                                    SeatOutcome::kLapsed, SeatOutcome::kConfirmed}) {
    EXPECT_GT(seen[outcome], 0) << "outcome " << static_cast<int>(outcome) << " never came up";
  }
}

}  // namespace
}  // namespace tacos::gateway
