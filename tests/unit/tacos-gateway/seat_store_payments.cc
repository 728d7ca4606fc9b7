// What every SeatStore does with payments; programs instantiate it with the stores they are about.
#include <algorithm>
#include <map>
#include <utility>

#include <gmock/gmock.h>

#include "core/random.h"
#include "seat_store_contract.h"

namespace tacos::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using Kind = SeatCommand::Kind;

TEST_P(SeatStoreContract, OnlyAnApprovedPaymentSellsAndWhatIsSettledStays) {
  const TicketRef ann = ticket(1);
  const std::string id = hold(ann, 1).reservation.reservation_id;
  EXPECT_EQ(confirm(ann, id, "pay_none").outcome, SeatOutcome::kNoPayment);
  EXPECT_EQ(confirm(ann, id, "").outcome, SeatOutcome::kNoPayment);
  EXPECT_EQ(pay(ann, "", true).outcome, SeatOutcome::kNotFound);
  const auto made = make_intent(ann, id);
  EXPECT_EQ(made.intent.status, PaymentStatus::kCreated);
  EXPECT_EQ(made.intent.id.substr(0, 4), "pay_");
  EXPECT_EQ(confirm(ann, id, made.intent.id).outcome, SeatOutcome::kNotApproved);
  EXPECT_EQ(pay(ann, made.intent.id, false).intent.status, PaymentStatus::kFailed);
  EXPECT_EQ(pay(ann, made.intent.id, true, 1).intent.status, PaymentStatus::kFailed);
  const auto failed = confirm(ann, id, made.intent.id);
  EXPECT_EQ(failed.outcome, SeatOutcome::kNotApproved);
  EXPECT_EQ(failed.reservation.payment, PaymentStatus::kFailed);
  const std::string approved = approved_payment(ann, id);
  const auto late = pay(ann, approved, false, 1);
  EXPECT_EQ(late.intent.status, PaymentStatus::kApproved);
  EXPECT_EQ(late.intent.amount, 100u);
  EXPECT_EQ(late.intent.currency, "USD");
  EXPECT_EQ(confirm(ann, id, approved, 1).outcome, SeatOutcome::kOk);
  EXPECT_EQ(pay(ann, "pay_none", true).outcome, SeatOutcome::kNotFound);
  EXPECT_EQ(pay(ann, approved, false).intent.status, PaymentStatus::kApproved) << "it has paid for the order";
}

TEST_P(SeatStoreContract, TheAmountIsThePriceOfTheSeatsInTheEventsCurrency) {
  setup.line.price = 2'550;
  setup.line.currency = "EUR";
  const TicketRef ann = ticket(1);
  const auto held = hold(ann, 3);
  EXPECT_EQ(held.reservation.amount, 7'650u);
  EXPECT_EQ(held.reservation.currency, "EUR");
  const std::string id = held.reservation.reservation_id;
  for (const std::uint64_t amount : {0u, 1u, 2'550u, 7'649u, 7'651u}) {
    const auto refused = make_intent(ann, id, amount, 0, "EUR");
    EXPECT_EQ(refused.outcome, SeatOutcome::kWrongAmount) << amount;
    EXPECT_EQ(refused.reservation.amount, 7'650u);
    EXPECT_EQ(refused.reservation.currency, "EUR");
  }
  EXPECT_EQ(make_intent(ann, id, 7'650, 1, "USD").outcome, SeatOutcome::kWrongCurrency);
  const auto made = make_intent(ann, id, 7'650, 1, "EUR");
  EXPECT_EQ(made.outcome, SeatOutcome::kOk);
  EXPECT_EQ(made.intent.amount, 7'650u);
  EXPECT_EQ(made.intent.currency, "EUR");
}

TEST_P(SeatStoreContract, FreeSeatsArePaidForWithNothing) {
  setup.line.price = 0;
  const TicketRef ann = ticket(1);
  const auto held = hold(ann, 2);
  EXPECT_EQ(held.reservation.amount, 0u);
  const std::string id = held.reservation.reservation_id;
  EXPECT_EQ(make_intent(ann, id, 1).outcome, SeatOutcome::kWrongAmount);
  EXPECT_EQ(confirm(ann, id, approved_payment(ann, id)).outcome, SeatOutcome::kOk);
}

TEST_P(SeatStoreContract, TheDearestSeatsAreCountedExactly) {
  setup.line.price = 100'000'000'000;
  const TicketRef ann = ticket(1);
  const auto held = hold(ann, 10);
  EXPECT_EQ(held.reservation.amount, 1'000'000'000'000u);
  const std::string id = held.reservation.reservation_id;
  EXPECT_EQ(make_intent(ann, id, 999'999'999'999).outcome, SeatOutcome::kWrongAmount);
  EXPECT_EQ(pay(ann, make_intent(ann, id).intent.id, true).intent.amount, 1'000'000'000'000u);
}

TEST_P(SeatStoreContract, AnotherIntentReplacesOneThatIsNotApproved) {
  const TicketRef ann = ticket(1);
  const std::string id = hold(ann, 2).reservation.reservation_id;
  const std::string first = make_intent(ann, id, 200, 0).intent.id;
  const std::string second = make_intent(ann, id, 200, 1).intent.id;
  EXPECT_NE(first, second);
  EXPECT_EQ(pay(ann, first, true, 0).outcome, SeatOutcome::kNotFound);
  EXPECT_EQ(confirm(ann, id, first).outcome, SeatOutcome::kNoPayment);
  EXPECT_EQ(pay(ann, second, false, 0).intent.status, PaymentStatus::kFailed);
  const std::string third = make_intent(ann, id, 200, 0).intent.id;
  EXPECT_EQ(pay(ann, second, true, 1).outcome, SeatOutcome::kNotFound) << "failed, and replaced";
  EXPECT_EQ(pay(ann, third, true, 1).intent.status, PaymentStatus::kApproved);
  const auto fourth = make_intent(ann, id, 200, 0);
  EXPECT_EQ(fourth.outcome, SeatOutcome::kPaidBefore);
  EXPECT_EQ(fourth.intent.id, third) << "which leads on";
  EXPECT_EQ(confirm(ann, id, third).outcome, SeatOutcome::kOk);
  const auto fifth = make_intent(ann, id, 200, 1);
  EXPECT_EQ(fifth.outcome, SeatOutcome::kConfirmed);
  EXPECT_EQ(fifth.intent.id, third);
}

TEST_P(SeatStoreContract, AReservationMakesOnlySoManyIntents) {
  setup.limits.intents_per_reservation = 3;
  const TicketRef ann = ticket(1);
  const std::string id = hold(ann, 1).reservation.reservation_id;
  std::string last;
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(make_intent(ann, id, 99).outcome, SeatOutcome::kWrongAmount) << "a refused one does not count";
    const auto made = make_intent(ann, id, 100, i % 2);
    ASSERT_EQ(made.outcome, SeatOutcome::kOk);
    last = made.intent.id;
  }
  pass(seconds(20));
  const auto refused = make_intent(ann, id, 100, 1);
  EXPECT_EQ(refused.outcome, SeatOutcome::kTooManyIntents);
  EXPECT_EQ(refused.intent.id, last);
  EXPECT_EQ(refused.retry_after, seconds(40)) << "when the hold ends";
  const TicketRef bob = ticket(2);
  EXPECT_EQ(make_intent(bob, hold(bob, 1).reservation.reservation_id).outcome, SeatOutcome::kOk);
  EXPECT_EQ(pay(ann, last, true).intent.status, PaymentStatus::kApproved);
  EXPECT_EQ(confirm(ann, id, last).outcome, SeatOutcome::kOk);
}

TEST_P(SeatStoreContract, AHoldThatEndsBeforeThePaymentIsNotPaidForAndOneThatEndsAfterItTellsSo) {
  const TicketRef ann = ticket(1);
  const TicketRef bob = ticket(2);
  const std::string anns = hold(ann, 1).reservation.reservation_id;
  const std::string bobs = hold(bob, 1).reservation.reservation_id;
  const std::string anns_payment = make_intent(ann, anns).intent.id;
  const std::string bobs_payment = make_intent(bob, bobs).intent.id;
  pass(seconds(60) - milliseconds(1));
  EXPECT_EQ(pay(ann, anns_payment, true).intent.status, PaymentStatus::kApproved) << "to the last millisecond";
  pass(milliseconds(1));
  EXPECT_EQ(pay(bob, bobs_payment, true, 1).outcome, SeatOutcome::kLapsed);
  EXPECT_THAT(counts(), ElementsAre(9, 1, 0)) << "and its seats are back; of the other's nobody has asked";
  const auto late = confirm(ann, anns, anns_payment, 1);
  EXPECT_EQ(late.outcome, SeatOutcome::kLapsed);
  EXPECT_EQ(late.reservation.payment, PaymentStatus::kApproved) << "it was paid for nothing";
  EXPECT_THAT(counts(), ElementsAre(10, 0, 0));
}

TEST_P(SeatStoreContract, WhatCameToNothingIsRememberedForAnHourAndThenNotFound) {
  const TicketRef ann = ticket(1);
  const std::string id = hold(ann, 1).reservation.reservation_id;
  const std::string payment = approved_payment(ann, id);
  pass(seconds(60));
  sweep();
  pass(minutes(60) - milliseconds(1));
  sweep();
  EXPECT_EQ(confirm(ann, id, payment).outcome, SeatOutcome::kLapsed);
  EXPECT_EQ(find_of_ticket(ann).outcome, SeatOutcome::kLapsed);
  pass(milliseconds(1));
  sweep();
  EXPECT_EQ(confirm(ann, id, payment).outcome, SeatOutcome::kNotFound);
  EXPECT_EQ(pay(ann, payment, true).outcome, SeatOutcome::kNotFound);
  EXPECT_EQ(find_of_ticket(ann).outcome, SeatOutcome::kNotFound);
}

TEST_P(SeatStoreContract, ATicketsReservationIsFoundWhateverBecomesOfIt) {
  const TicketRef ann = ticket(1);
  EXPECT_EQ(find_of_ticket(ann).outcome, SeatOutcome::kNotFound);
  const std::string id = hold(ann, 2).reservation.reservation_id;
  const auto held = find_of_ticket(ann, 1);
  EXPECT_EQ(held.outcome, SeatOutcome::kOk);
  EXPECT_EQ(held.reservation.reservation_id, id);
  EXPECT_EQ(held.reservation.amount, 200u);
  TicketRef other_life = ann;
  other_life.epoch ^= 1;
  EXPECT_EQ(find_of_ticket(other_life).outcome, SeatOutcome::kNotFound);
  confirm(ann, id, approved_payment(ann, id));
  pass(minutes(5));
  sweep();
  EXPECT_EQ(find_of_ticket(ann).outcome, SeatOutcome::kOk) << "sold";
  const TicketRef bob = ticket(2);
  cancel(bob, hold(bob, 1).reservation.reservation_id);
  EXPECT_EQ(find_of_ticket(bob, 1).outcome, SeatOutcome::kLapsed);
  const TicketRef cat = ticket(3);
  hold(cat, 1);
  pass(seconds(60));
  EXPECT_EQ(find_of_ticket(cat).outcome, SeatOutcome::kLapsed) << "though no sweep has seen it";
}

// How a reservation stands, and what each request then gets: the same on every store.
TEST_P(SeatStoreContract, EachRequestGetsItsAnswerInEachStateOfAReservation) {
  using O = SeatOutcome;
  enum State { kHeld, kCreated, kFailed, kApproved, kSold, kCancelled, kCancelledPaid, kLapsed, kLapsedPaid, kStates };
  const struct {
    const char* request;
    O expected[kStates];
  } table[] = {
      // clang-format off
      //                  held              created           failed            approved          sold             cancelled   …paid       lapsed      …paid
      {"hold again",     {O::kOk,           O::kOk,           O::kOk,           O::kOk,           O::kOk,          O::kLapsed, O::kLapsed, O::kLapsed, O::kLapsed}},
      {"hold other",     {O::kReservedBefore, O::kReservedBefore, O::kReservedBefore, O::kReservedBefore, O::kReservedBefore,
                                                                                                                   O::kLapsed, O::kLapsed, O::kLapsed, O::kLapsed}},
      {"approve",        {O::kNotFound,     O::kOk,           O::kOk,           O::kOk,           O::kOk,          O::kLapsed, O::kLapsed, O::kLapsed, O::kLapsed}},
      {"fail",           {O::kNotFound,     O::kOk,           O::kOk,           O::kOk,           O::kOk,          O::kLapsed, O::kLapsed, O::kLapsed, O::kLapsed}},
      {"another's pays", {O::kNotFound,     O::kNotFound,     O::kNotFound,     O::kNotFound,     O::kNotFound,    O::kNotFound, O::kNotFound, O::kNotFound, O::kNotFound}},
      {"intent",         {O::kOk,           O::kOk,           O::kOk,           O::kPaidBefore,   O::kConfirmed,   O::kLapsed, O::kLapsed, O::kLapsed, O::kLapsed}},
      {"wrong amount",   {O::kWrongAmount,  O::kWrongAmount,  O::kWrongAmount,  O::kPaidBefore,   O::kConfirmed,   O::kLapsed, O::kLapsed, O::kLapsed, O::kLapsed}},
      {"confirm",        {O::kNoPayment,    O::kNotApproved,  O::kNotApproved,  O::kOk,           O::kOk,          O::kLapsed, O::kLapsed, O::kLapsed, O::kLapsed}},
      {"confirm other",  {O::kNoPayment,    O::kNoPayment,    O::kNoPayment,    O::kNoPayment,    O::kNoPayment,   O::kLapsed, O::kLapsed, O::kLapsed, O::kLapsed}},
      {"find",           {O::kOk,           O::kOk,           O::kOk,           O::kOk,           O::kOk,          O::kLapsed, O::kLapsed, O::kLapsed, O::kLapsed}},
      {"cancel",         {O::kOk,           O::kOk,           O::kOk,           O::kOk,           O::kConfirmed,   O::kOk,     O::kOk,     O::kOk,     O::kOk}},
      // clang-format on
  };
  setup.line.seats = 1000;
  setup.line.heartbeat_ttl = std::chrono::hours(10);
  std::uint64_t user = 0;
  std::uint64_t sold = 0;
  for (const auto& row : table) {
    for (int state = kHeld; state < kStates; ++state) {
      SCOPED_TRACE(std::string(row.request) + " in state " + std::to_string(state));
      const TicketRef owner = ticket(++user);
      const TicketRef other = ticket(++user);
      const std::string id = hold(owner, 1).reservation.reservation_id;
      const std::string others = hold(other, 1).reservation.reservation_id;
      const std::string others_payment = approved_payment(other, others);
      std::string payment = "pay_none";
      if (state != kHeld) payment = make_intent(owner, id).intent.id;
      if (state == kFailed) pay(owner, payment, false);
      const bool paid = state == kApproved || state == kSold || state == kCancelledPaid || state == kLapsedPaid;
      if (paid) pay(owner, payment, true);
      if (state == kSold) confirm(owner, id, payment);
      if (state == kCancelled || state == kCancelledPaid) cancel(owner, id);
      if (state == kLapsed || state == kLapsedPaid) pass(seconds(60));

      const std::string request = row.request;
      const std::size_t gateway = user % 2;
      const SeatCommand answer = request == "hold again"       ? run(gateway, hold_of(owner, "a", 1))
                                 : request == "hold other"     ? run(gateway, hold_of(owner, "b", 1))
                                 : request == "approve"        ? pay(owner, payment, true, gateway)
                                 : request == "fail"           ? pay(owner, payment, false, gateway)
                                 : request == "another's pays" ? pay(other, payment, true, gateway)
                                 : request == "intent"         ? make_intent(owner, id, 100, gateway)
                                 : request == "wrong amount"   ? make_intent(owner, id, 101, gateway)
                                 : request == "confirm"        ? confirm(owner, id, payment, gateway)
                                 : request == "confirm other"  ? confirm(owner, id, others_payment, gateway)
                                 : request == "find"           ? find_of_ticket(owner, gateway)
                                                               : cancel(owner, id, gateway);
      EXPECT_EQ(answer.outcome, row.expected[state]);
      if (answer.kind == Kind::kPay && answer.outcome == O::kOk) {
        const bool approved = paid || (state == kCreated && request == "approve");
        EXPECT_EQ(answer.intent.status, approved ? PaymentStatus::kApproved : PaymentStatus::kFailed);
      }
      // Then all is given back or sold, and no seat is counted twice.
      if (state == kSold || (state == kApproved && request == "confirm")) ++sold;
      cancel(owner, id);
      cancel(other, others);
      const auto seen = counts();
      ASSERT_THAT(seen, ElementsAre(1000 - sold, 0, sold));
    }
  }
}

// Two requests at once are one after the other, in either order; this is what each order gives.
TEST_P(SeatStoreContract, ACancelAndAPaymentThatMeetLeaveNoPaidReservationThatIsGone) {
  for (const bool cancel_first : {true, false}) {
    const TicketRef ann = ticket(cancel_first ? 1 : 2);
    const std::string id = hold(ann, 1).reservation.reservation_id;
    const std::string payment = make_intent(ann, id).intent.id;
    if (cancel_first) cancel(ann, id, 0);
    const auto paid = pay(ann, payment, true, 1);
    EXPECT_EQ(paid.outcome, cancel_first ? SeatOutcome::kLapsed : SeatOutcome::kOk);
    const auto cancelled = cancel(ann, id, 0);
    EXPECT_EQ(cancelled.outcome, SeatOutcome::kOk);
    EXPECT_EQ(cancelled.reservation.payment, cancel_first ? PaymentStatus::kCreated : PaymentStatus::kApproved)
        << "who is to be refunded is told";
    EXPECT_EQ(confirm(ann, id, payment, 1).outcome, SeatOutcome::kLapsed);
  }
  EXPECT_THAT(counts(), ElementsAre(10, 0, 0));
}

// What must come of one reservation, whatever two gateways are asked in whatever order.
class ReservationModel {
 public:
  ReservationModel(std::string reservation, std::uint64_t costs, milliseconds until)
      : id(std::move(reservation)), amount(costs), until_(until) {}

  SeatOutcome intent(bool right_amount, std::uint64_t most) {
    if (state_ != 'h') return state_ == 'r' ? SeatOutcome::kLapsed : SeatOutcome::kConfirmed;
    if (status == PaymentStatus::kApproved) return SeatOutcome::kPaidBefore;
    if (!right_amount) return SeatOutcome::kWrongAmount;
    return made_ == most ? SeatOutcome::kTooManyIntents : SeatOutcome::kOk;
  }
  void made(const std::string& payment) {
    ++made_;
    intents.push_back(payment);
    status = PaymentStatus::kCreated;
  }
  SeatOutcome pay(const std::string& payment, bool approve) {
    if (!is_latest(payment)) return SeatOutcome::kNotFound;
    if (state_ == 'r') return SeatOutcome::kLapsed;
    if (status == PaymentStatus::kCreated) status = approve ? PaymentStatus::kApproved : PaymentStatus::kFailed;
    return SeatOutcome::kOk;
  }
  SeatOutcome confirm(const std::string& payment) {
    if (state_ == 'r') return SeatOutcome::kLapsed;
    if (!is_latest(payment)) return SeatOutcome::kNoPayment;
    if (status != PaymentStatus::kApproved) return SeatOutcome::kNotApproved;
    state_ = 's';
    return SeatOutcome::kOk;
  }
  SeatOutcome cancel() {
    if (state_ == 's') return SeatOutcome::kConfirmed;
    state_ = 'r';
    return SeatOutcome::kOk;
  }
  void passed(milliseconds now) {
    if (state_ == 'h' && now >= until_) state_ = 'r';
  }
  SeatOutcome found() const { return state_ == 'r' ? SeatOutcome::kLapsed : SeatOutcome::kOk; }

  std::string id;
  std::uint64_t amount;
  std::string order;
  std::vector<std::string> intents{"pay_none"};  // the last is the one that counts
  PaymentStatus status = PaymentStatus::kNone;

 private:
  bool is_latest(const std::string& payment) const { return made_ > 0 && payment == intents.back(); }

  char state_ = 'h';
  milliseconds until_;
  std::uint64_t made_ = 0;
};

TEST_P(SeatStoreContract, WhateverIsAskedAtRandomEachReservationIsPaidForOnceAndOnlyWhileItLives) {
  setup.line.seats = 1000;
  setup.line.heartbeat_ttl = std::chrono::hours(10);
  setup.limits.intents_per_reservation = 6;
  core::Random random(20261201);
  std::vector<std::pair<TicketRef, ReservationModel>> all;
  milliseconds now{0};
  std::map<SeatOutcome, int> seen;
  std::uint64_t user = 0;
  for (int step = 0; step < 2500; ++step) {
    SCOPED_TRACE(step);
    const std::size_t gateway = random.below(2);
    const std::uint64_t what = random.below(100);
    if (all.empty() || what < 5) {
      const TicketRef owner = ticket(++user);
      const auto held = hold(owner, 1 + static_cast<std::uint32_t>(random.below(3)), {}, gateway);
      ASSERT_EQ(held.outcome, SeatOutcome::kOk);
      all.emplace_back(owner, ReservationModel(held.reservation.reservation_id, 100 * held.reservation.seats.size(),
                                               now + seconds(60)));
      continue;
    }
    if (what < 10) {
      const milliseconds time(1 + random.below(8'000));
      pass(time);
      now += time;
      for (auto& [owner, model] : all) model.passed(now);
      continue;
    }
    auto& [owner, model] = all[all.size() - 1 - random.below(std::min<std::uint64_t>(all.size(), 6))];
    const std::string payment =
        random.below(4) == 0 ? model.intents[random.below(model.intents.size())] : model.intents.back();
    SeatOutcome expected = SeatOutcome::kOk;
    SeatCommand answer;
    if (what < 40) {
      const bool right = random.below(5) != 0;
      expected = model.intent(right, 6);
      answer = make_intent(owner, model.id, model.amount + (right ? 0 : 1), gateway);
      if (answer.outcome == SeatOutcome::kOk) model.made(answer.intent.id);
    } else if (what < 70) {
      const bool approve = random.below(3) == 0;
      expected = model.pay(payment, approve);
      answer = pay(owner, payment, approve, gateway);
      if (answer.outcome == SeatOutcome::kOk) {
        ASSERT_EQ(answer.intent.status, model.status);
      }
    } else if (what < 90) {
      expected = model.confirm(payment);
      answer = confirm(owner, model.id, payment, gateway);
      if (answer.outcome == SeatOutcome::kOk) {
        if (model.order.empty()) model.order = answer.reservation.order_id;
        ASSERT_EQ(answer.reservation.order_id, model.order) << "one order";
      }
    } else if (what < 94) {
      expected = model.cancel();
      answer = cancel(owner, model.id, gateway);
    } else {
      expected = model.found();
      answer = find_of_ticket(owner, gateway);
      ASSERT_EQ(answer.reservation.payment, model.status);
    }
    ASSERT_EQ(answer.outcome, expected);
    ++seen[answer.outcome];
  }
  for (const SeatOutcome outcome : {SeatOutcome::kOk, SeatOutcome::kLapsed, SeatOutcome::kConfirmed,
                                    SeatOutcome::kPaidBefore, SeatOutcome::kWrongAmount, SeatOutcome::kTooManyIntents,
                                    SeatOutcome::kNotFound, SeatOutcome::kNoPayment, SeatOutcome::kNotApproved}) {
    EXPECT_GT(seen[outcome], 0) << "outcome " << static_cast<int>(outcome) << " never came up";
  }
}

}  // namespace
}  // namespace tacos::gateway
