// Who may do what, on every QueueStore: a name is no proof, events are the operator's, and every answer leads on.
#include <algorithm>

#include "queue_store_contract.h"

namespace tacos::gateway {
namespace {

using core::Rate;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::uint64_t kFirstProof = 0x8000'0000'0000'0001;
constexpr std::uint64_t kOtherProof = 0x7fff'ffff'0000'0002;

TEST_P(QueueStoreEvents, ANameInLineIsGivenToNobodyWithoutAProof) {
  const auto first = join_with(1, kFirstProof);
  ASSERT_EQ(first.outcome, StoreOutcome::kOk);
  for (const std::uint64_t proof : {kNoProof, kOtherProof}) {
    const auto thief = join_with(1, proof);
    EXPECT_EQ(thief.outcome, StoreOutcome::kInLine) << proof;
  }
  EXPECT_EQ(join_with(1, kFirstProof).ref, first.ref) << "the first join, repeated";
  EXPECT_EQ(snapshot().joined, 1u);
  EXPECT_EQ(status(first.ref).view.position, 1u) << "nobody could take the place away";
}

TEST_P(QueueStoreEvents, AJoinWithoutAKeyProvesNothingWhenItIsRepeated) {
  EXPECT_EQ(join_with(1, kNoProof).outcome, StoreOutcome::kOk);
  EXPECT_EQ(join_with(1, kNoProof).outcome, StoreOutcome::kInLine);
  EXPECT_EQ(snapshot().joined, 1u);
}

TEST_P(QueueStoreEvents, TheTicketsOwnTokenProvesTheUser) {
  const auto first = join_with(1, kNoProof);
  join_with(2, kFirstProof);
  StoreCommand again;
  again.kind = StoreCommand::Kind::kJoin;
  again.event_id = "e1";
  again.user = key_of(1);
  again.shown = first.ref;
  EXPECT_EQ(run(again).ref, first.ref);
  for (const TicketRef& other :
       {TicketRef{first.ref.epoch, first.ref.event, 2}, TicketRef{first.ref.epoch + 1, first.ref.event, 1},
        TicketRef{first.ref.epoch, first.ref.event + 1, 1}}) {
    again.shown = other;
    EXPECT_EQ(run(again).outcome, StoreOutcome::kInLine) << "a token of another ticket, life or event";
  }
}

TEST_P(QueueStoreEvents, AUserForWhomTheSiteVouchesNeedsNoOtherProof) {
  const auto first = join_with(1, kFirstProof);
  StoreCommand again;
  again.kind = StoreCommand::Kind::kJoin;
  again.event_id = "e1";
  again.user = key_of(1);
  again.proven = true;
  EXPECT_EQ(run(again).ref, first.ref);
}

TEST_P(QueueStoreEvents, ANameThatIsFreeAgainMayBeTakenByAnybody) {
  const auto first = join_with(1, kFirstProof);
  EXPECT_EQ(leave(first.ref).outcome, StoreOutcome::kOk);
  const auto second = join_with(1, kOtherProof);
  ASSERT_EQ(second.outcome, StoreOutcome::kOk);
  EXPECT_NE(second.ref.number, first.ref.number);
  EXPECT_EQ(join_with(1, kFirstProof).outcome, StoreOutcome::kInLine) << "the key of the ticket that was given up";
}

TEST_P(QueueStoreEvents, ASoldOutEventSaysSoToWhoProvesNothing) {
  options.seats = 1;
  options.heartbeat_ttl = minutes(10);
  const auto buyer = join(1).ref;
  join_with(2, kFirstProof);
  pass(milliseconds(20));
  enter(buyer);
  claim(buyer);
  report(buyer, 0, 0, 1);
  spend(buyer);
  pass(milliseconds(300));
  EXPECT_EQ(join_with(2, kOtherProof).outcome, StoreOutcome::kSoldOut);
  EXPECT_EQ(join_with(2, kFirstProof).view.status, TicketStatus::kSoldOut);
}

TEST_P(QueueStoreEvents, AReservationThatCameToNothingIsNotInTheWayOfAnotherJoin) {
  options.heartbeat_ttl = minutes(10);
  const auto first = join_with(1, kFirstProof).ref;
  join(2);
  pass(milliseconds(20));
  enter(first);
  EXPECT_FALSE(join_with(1, kFirstProof).view.reserved) << "the grant is not used yet";
  claim(first);
  spend(first);
  const auto asked = join_with(1, kFirstProof);
  EXPECT_EQ(asked.ref, first);
  EXPECT_EQ(asked.view.status, TicketStatus::kEntered);
  EXPECT_TRUE(asked.view.reserved);
  const auto stranger = join_with(1, kOtherProof);
  EXPECT_EQ(stranger.outcome, StoreOutcome::kInLine);
  EXPECT_TRUE(stranger.view.reserved);

  StoreCommand again;
  again.kind = StoreCommand::Kind::kJoin;
  again.event_id = "e1";
  again.user = key_of(1);
  again.proof = kOtherProof;
  again.replaces = first.number;
  const auto second = run(again);
  ASSERT_EQ(second.outcome, StoreOutcome::kOk);
  EXPECT_EQ(second.ref.number, 3u) << "at the end";
  EXPECT_EQ(second.view.status, TicketStatus::kWaiting);
  EXPECT_EQ(run(again).ref, second.ref) << "the same join again makes no other";
}

TEST_P(QueueStoreEvents, OnlyATicketWhoseGrantIsSpentIsReplaced) {
  const auto first = join_with(1, kFirstProof).ref;
  StoreCommand again;
  again.kind = StoreCommand::Kind::kJoin;
  again.event_id = "e1";
  again.user = key_of(1);
  again.proof = kFirstProof;
  again.replaces = first.number + 1;
  EXPECT_EQ(run(again).ref, first);
}

TEST_P(QueueStoreEvents, EveryTicketIsToldWhenToAskAgain) {
  options.seats = 2;
  options.heartbeat_ttl = minutes(10);
  options.turn_ttl = options.grant_ttl = seconds(5);
  const auto entered = join(1).ref;
  const auto expired = join(2).ref;
  const auto left = join(3).ref;
  EXPECT_GE(status(entered).view.poll_after, seconds(1));
  pass(milliseconds(20));
  EXPECT_GE(status(entered).view.poll_after, seconds(1)) << "ready";
  EXPECT_GE(enter(entered).view.poll_after, seconds(1)) << "entered";
  EXPECT_GE(join(1).view.poll_after, seconds(1)) << "joined once more";
  leave(left);
  pass(seconds(6));
  EXPECT_EQ(status(expired).view.status, TicketStatus::kExpired);
  EXPECT_GE(status(expired).view.poll_after, seconds(1)) << "expired";
  EXPECT_GE(status(left).view.poll_after, seconds(1)) << "left";
  EXPECT_GE(status(entered).view.poll_after, seconds(1)) << "lapsed";
}

TEST_P(QueueStoreEvents, OnlyDeclaredEventsAreTakenWhereNoOthersMayBe) {
  options.any_event = false;
  EXPECT_EQ(join(1, "made-up").outcome, StoreOutcome::kNotDeclared);
  EXPECT_EQ(declare(terms_of("show")), Declared::kMade);
  EXPECT_EQ(join(1, "made-up").outcome, StoreOutcome::kNotDeclared);
  EXPECT_EQ(join(1, "show").outcome, StoreOutcome::kOk);
  EXPECT_TRUE(snapshot("show").declared);
  EXPECT_FALSE(knows("made-up"));
}

TEST_P(QueueStoreEvents, ADeclaredEventIsAsItWasDeclared) {
  options.any_event = false;
  EventTerms terms = terms_of("show");
  terms.seats = 2;
  terms.admission_rate = Rate::per_second(0.001);
  terms.admission_burst = 1;
  terms.price = 4200;
  terms.currency = "KRW";
  EXPECT_EQ(declare(terms), Declared::kMade);
  EXPECT_TRUE(knows("show")) << "before anybody has joined";
  EXPECT_EQ(snapshot("show").inventory.free, 2u);
  EXPECT_EQ(snapshot("show").price, 4200u);
  EXPECT_EQ(snapshot("show").currency, "KRW");
  for (std::uint64_t user = 1; user <= 3; ++user) join(user, "show");
  pass(milliseconds(50));
  EXPECT_EQ(snapshot("show").ready, 1u) << "the burst, and next to no rate";
  EXPECT_EQ(snapshot("show").inventory.free, 2u);
}

TEST_P(QueueStoreEvents, TermsThatStandAreKeptWhereOnlyNewOnesAreToBeMade) {
  EventTerms terms = terms_of("show");
  terms.seats = 2;
  EXPECT_EQ(declare(terms, Redeclare::kKeep), Declared::kMade);
  terms.seats = 3;
  EXPECT_EQ(declare(terms, Redeclare::kKeep), Declared::kKept);
  EXPECT_EQ(snapshot("show").inventory.free, 2u);
  EXPECT_EQ(declare(terms), Declared::kChanged);
  EXPECT_EQ(snapshot("show").inventory.free, 3u);
}

TEST_P(QueueStoreEvents, SeatsAndPriceOfAnEventThatSomebodyHasJoinedDoNotChange) {
  EventTerms terms = terms_of("show");
  terms.seats = 5;
  declare(terms);
  join(1, "show");
  terms.seats = 6;
  EXPECT_EQ(declare(terms), Declared::kInUse);
  terms.seats = 5;
  terms.price = 7;
  EXPECT_EQ(declare(terms), Declared::kInUse);
  terms.price = 100;
  terms.currency = "EUR";
  EXPECT_EQ(declare(terms), Declared::kInUse);
  terms.currency = "USD";
  terms.admission_rate = Rate::per_second(3);
  EXPECT_EQ(declare(terms), Declared::kChanged);
  EXPECT_EQ(snapshot("show").admission_rate.per_second(), 3);
  EXPECT_EQ(snapshot("show").inventory.free, 5u);
}

TEST_P(QueueStoreEvents, TheOperatorOpensAnEventAndMayPutThatOffUntilItHasOpened) {
  options.heartbeat_ttl = minutes(10);
  EventTerms terms = terms_of("show");
  terms.opens_unix_ms = unix_ms_now() + 10'000;
  declare(terms);
  const auto ref = join(1, "show").ref;
  EXPECT_GE(status(ref).view.eta, milliseconds(9'900));
  pass(seconds(5));
  terms.opens_unix_ms += 10'000;
  EXPECT_EQ(declare(terms), Declared::kChanged);
  pass(seconds(14));
  EXPECT_EQ(status(ref).view.status, TicketStatus::kWaiting);
  pass(seconds(2));
  EXPECT_EQ(status(ref).view.status, TicketStatus::kReady);
  terms.opens_unix_ms += 60'000;
  EXPECT_EQ(declare(terms), Declared::kHasOpened);
}

TEST_P(QueueStoreEvents, AFirstJoinStartsNoClock) {
  options.opening_delay = seconds(30);
  options.heartbeat_ttl = minutes(10);
  store();
  pass(seconds(20));
  const auto ref = join(1).ref;
  pass(seconds(9));
  EXPECT_EQ(status(ref).view.status, TicketStatus::kWaiting);
  pass(seconds(1) + milliseconds(300));
  EXPECT_EQ(status(ref).view.status, TicketStatus::kReady) << "30 s after the store was made, not after the join";
}

// 2^32 ms are 49.7 days.
TEST_P(QueueStoreEvents, AnEventThatIsTwoMonthsOldKeepsItsTimes) {
  options.forget_after = core::Nanos(0);
  const auto early = join(1).ref;
  leave(early);
  for (const int days : {49, 51}) {
    leap(std::chrono::hours(24) * days);
    const std::uint64_t user = 100 + static_cast<std::uint64_t>(days);
    const auto ref = join(user).ref;
    EXPECT_LT(status(ref).view.waited, seconds(1)) << days;
    pass(milliseconds(300));
    ASSERT_EQ(status(ref).view.status, TicketStatus::kReady) << days;
    pass(options.turn_ttl - seconds(1));
    EXPECT_EQ(status(ref).view.status, TicketStatus::kReady) << days;
    EXPECT_GE(status(ref).view.waited, options.turn_ttl - seconds(1));
    EXPECT_LT(status(ref).view.waited, options.turn_ttl + seconds(1));
    const auto granted = enter(ref);
    ASSERT_EQ(granted.outcome, StoreOutcome::kOk) << days;
    const std::int64_t left_ms = granted.grant_expires_unix_ms - unix_ms_now();
    EXPECT_NEAR(static_cast<double>(left_ms), static_cast<double>(options.grant_ttl / milliseconds(1)), 1000) << days;
    EXPECT_EQ(claim(ref).outcome, StoreOutcome::kOk) << days;
  }
}

TEST_P(QueueStoreEvents, AnOpeningAYearAheadIsKept) {
  EventTerms terms = terms_of("show");
  terms.opens_unix_ms = unix_ms_now() + std::int64_t{365} * 24 * 3'600'000;
  declare(terms);
  const auto ref = join(1, "show").ref;
  pass(seconds(1));
  EXPECT_EQ(status(ref).view.status, TicketStatus::kWaiting);
  EXPECT_GT(status(ref).view.eta, std::chrono::hours(24 * 364));
}

TEST_P(QueueStoreEvents, EventsThatStrangersMakeUpTakeNoDeclaredEventsPlace) {
  for (const char* made_up : {"m1", "m2", "m3"}) status(join(1, made_up).ref);
  EXPECT_EQ(declare(terms_of("show")), Declared::kMade);
  EXPECT_EQ(join(1, "show").outcome, StoreOutcome::kOk);
}

TEST_P(QueueStoreEvents, NoMoreEventsAreDeclaredThanMayBe) {
  for (const char* id : {"d1", "d2", "d3"}) EXPECT_EQ(declare(terms_of(id)), Declared::kMade);
  EXPECT_EQ(declare(terms_of("d4")), Declared::kFull);
  EXPECT_EQ(declare(terms_of("d3")), Declared::kChanged);
  EXPECT_EQ(withdraw("d1"), Withdrawn::kGone);
  EXPECT_EQ(declare(terms_of("d4")), Declared::kMade);
}

TEST_P(QueueStoreEvents, AnUndeclaredEventThatNobodyIsInMakesRoom) {
  for (const char* id : {"m1", "m2", "m3"}) leave(join(1, id).ref);
  pass(seconds(2));
  auto joined = join(1, "m4");
  if (joined.outcome == StoreOutcome::kOverloaded) {
    pass(seconds(2));
    joined = join(1, "m4");
  }
  EXPECT_EQ(joined.outcome, StoreOutcome::kOk);
}

TEST_P(QueueStoreEvents, NamesThatNobodyHasComeBackToMakeRoomAndOthersDoNot) {
  options.admission_rate = Rate::per_second(0);
  options.heartbeat_ttl = seconds(6);
  const auto real = join(1, "real").ref;
  join(1, "m1");
  join(1, "m2");
  // At the latest once nobody of those was heard of for a heartbeat's time.
  StoreOutcome outcome = StoreOutcome::kOverloaded;
  for (int second = 0; second < 10 && outcome == StoreOutcome::kOverloaded; ++second) {
    pass(seconds(1));
    EXPECT_EQ(status(real).view.status, TicketStatus::kWaiting);
    outcome = join(2, "m3").outcome;
  }
  EXPECT_EQ(outcome, StoreOutcome::kOk);
  EXPECT_TRUE(knows("real"));
  EXPECT_EQ(status(real).view.status, TicketStatus::kWaiting);
}

TEST_P(QueueStoreEvents, AnEventThatNobodyIsInIsWithdrawnAndTheOthersOnlyByForce) {
  options.any_event = false;
  EXPECT_EQ(withdraw("show"), Withdrawn::kNotFound);
  declare(terms_of("show"));
  EXPECT_EQ(withdraw("show"), Withdrawn::kGone);
  EXPECT_EQ(join(1, "show").outcome, StoreOutcome::kNotDeclared);
  EXPECT_FALSE(knows("show"));

  declare(terms_of("show"));
  const auto ref = join(1, "show").ref;
  EXPECT_EQ(withdraw("show"), Withdrawn::kInUse);
  EXPECT_EQ(status(ref).outcome, StoreOutcome::kOk);
  EXPECT_EQ(withdraw("show", true), Withdrawn::kGone);
  EXPECT_EQ(enter(ref).outcome, StoreOutcome::kNotFound);
  EXPECT_EQ(join(1, "show").outcome, StoreOutcome::kNotDeclared);
  declare(terms_of("show"));
  EXPECT_NE(join(1, "show").ref, ref) << "another life";
}

TEST_P(QueueStoreEvents, AnEventWithSoldSeatsIsWithdrawnOnlyByForce) {
  options.seats = 1;
  declare(terms_of("show"));
  const auto ref = join(1, "show").ref;
  pass(milliseconds(20));
  enter(ref);
  claim(ref);
  report(ref, 0, 0, 1);
  spend(ref);
  EXPECT_EQ(withdraw("show"), Withdrawn::kInUse);
  EXPECT_EQ(withdraw("show", true), Withdrawn::kGone);
}

TEST_P(QueueStoreEvents, ADeclaredEventCanBePausedBeforeAnybodyJoins) {
  declare(terms_of("show"));
  EventControl pause;
  pause.event_id = "show";
  pause.paused = true;
  EXPECT_EQ(control(pause), 1u);
  const auto ref = join(1, "show").ref;
  pass(seconds(1));
  EXPECT_EQ(status(ref).view.status, TicketStatus::kWaiting);
}

TEST_P(QueueStoreEvents, AChangedRateIsTheEventsInItsNextLifeToo) {
  declare(terms_of("show"));
  EventControl slower;
  slower.event_id = "show";
  slower.admission_rate = Rate::per_second(7);
  EXPECT_EQ(control(slower), 1u);
  EXPECT_EQ(snapshot("show").admission_rate.per_second(), 7);
  slower.event_id.clear();
  slower.admission_rate = Rate::per_second(9);
  control(slower);
  EXPECT_EQ(snapshot("show").admission_rate.per_second(), 9);
}

TEST_P(QueueStoreEvents, AnOperatorDeclaresAnEventThatAlreadyIs) {
  join(1, "show");
  EXPECT_FALSE(snapshot("show").declared);
  EXPECT_EQ(declare(terms_of("show")), Declared::kMade);
  EXPECT_TRUE(snapshot("show").declared);
  EXPECT_EQ(snapshot("show").joined, 1u);
}

}  // namespace
}  // namespace tacos::gateway
