// What every QueueStore does; programs instantiate it with the stores they are about.
#include "queue_store_contract.h"

#include <map>

namespace tacos::gateway {
namespace {

using core::Rate;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TEST_P(QueueStoreContract, TicketsCountUpAndPositionsAreOneBased) {
  for (std::uint64_t user = 1; user <= 5; ++user) {
    const auto joined = join(user);
    EXPECT_EQ(joined.outcome, StoreOutcome::kOk);
    EXPECT_EQ(joined.ref.number, user);
    EXPECT_EQ(joined.view.position, user);
    EXPECT_EQ(joined.view.status, TicketStatus::kWaiting);
    EXPECT_GE(joined.view.poll_after, seconds(1));
  }
  EXPECT_EQ(snapshot().waiting, 5u);
}

TEST_P(QueueStoreContract, TheSameUserAlwaysGetsTheSameTicket) {
  const auto first = join(1);
  join(2);
  const auto again = join(1);
  EXPECT_EQ(again.ref, first.ref);
  EXPECT_EQ(again.view.position, 1u);
  EXPECT_EQ(snapshot().joined, 2u);
  EXPECT_NE(join(1, "e2").ref.event, first.ref.event) << "another event is another line";
}

TEST_P(QueueStoreContract, AdmitsInTicketOrderAtTheRateAfterTheBurst) {
  options.admission_rate = Rate::per_second(100);
  options.admission_burst = 10;
  std::vector<TicketRef> refs;
  for (std::uint64_t user = 1; user <= 50; ++user) refs.push_back(join(user).ref);
  pass(milliseconds(10));
  EXPECT_EQ(snapshot().ready, 10u);
  for (std::size_t i = 0; i < 50; ++i) {
    EXPECT_EQ(status(refs[i]).view.status, i < 10 ? TicketStatus::kReady : TicketStatus::kWaiting) << i;
  }
  EXPECT_EQ(status(refs[10]).view.position, 1u);
  pass(milliseconds(100));
  EXPECT_NEAR(static_cast<double>(snapshot().admitted), 21, 1);
}

TEST_P(QueueStoreContract, EnterIsExactlyOnceAndReplaysGetTheSameGrant) {
  const auto ref = join(1).ref;
  EXPECT_EQ(enter(ref).outcome, StoreOutcome::kNotReady);
  EXPECT_EQ(enter(ref).view.position, 1u);
  pass(milliseconds(20));
  const auto granted = enter(ref);
  ASSERT_EQ(granted.outcome, StoreOutcome::kOk);
  EXPECT_EQ(granted.user, (UserKey{1, 7919}));
  pass(seconds(5));
  const auto replay = enter(ref);
  EXPECT_EQ(replay.outcome, StoreOutcome::kOk);
  EXPECT_EQ(replay.grant_expires_unix_ms, granted.grant_expires_unix_ms);
  EXPECT_EQ(snapshot().entered, 1u);
  pass(options.grant_ttl);
  EXPECT_EQ(enter(ref).outcome, StoreOutcome::kExpired);
}

TEST_P(QueueStoreContract, AnUnclaimedTurnLapsesAndItsPlaceIsRefilled) {
  options.seats = 1;
  const auto slow = join(1).ref;
  const auto next = join(2).ref;
  pass(milliseconds(20));
  EXPECT_EQ(status(slow).view.status, TicketStatus::kReady);
  EXPECT_EQ(status(next).view.status, TicketStatus::kWaiting) << "one seat, one turn";
  pass(options.turn_ttl);
  EXPECT_EQ(status(slow).view.status, TicketStatus::kExpired);
  EXPECT_EQ(enter(slow).outcome, StoreOutcome::kExpired);
  EXPECT_EQ(status(next).view.status, TicketStatus::kReady);
}

TEST_P(QueueStoreContract, AnUnusedGrantLapsesAndItsPlaceIsRefilled) {
  options.seats = 1;
  options.heartbeat_ttl = minutes(10);
  const auto first = join(1).ref;
  const auto second = join(2).ref;
  pass(milliseconds(20));
  enter(first);
  pass(options.grant_ttl + milliseconds(20));
  EXPECT_EQ(claim(first).outcome, StoreOutcome::kExpired);
  EXPECT_EQ(status(second).view.status, TicketStatus::kReady);
  EXPECT_EQ(snapshot().entered, 1u) << "who has entered has entered";
}

TEST_P(QueueStoreContract, AGrantPaysForOneReservation) {
  const auto ref = join(1).ref;
  EXPECT_EQ(claim(ref).outcome, StoreOutcome::kExpired) << "no grant yet";
  pass(milliseconds(20));
  enter(ref);
  EXPECT_EQ(claim(ref).outcome, StoreOutcome::kOk);
  EXPECT_EQ(claim(ref).outcome, StoreOutcome::kInFlight);
  EXPECT_EQ(release(ref).outcome, StoreOutcome::kOk);
  EXPECT_EQ(claim(ref).outcome, StoreOutcome::kOk) << "a failed attempt may be repeated";
  EXPECT_EQ(spend(ref).outcome, StoreOutcome::kOk);
  EXPECT_EQ(claim(ref).outcome, StoreOutcome::kSpent);
  EXPECT_EQ(spend(ref).outcome, StoreOutcome::kNotFound);
}

TEST_P(QueueStoreContract, AClaimedGrantKeepsItsPlacePastItsTime) {
  options.seats = 1;
  options.heartbeat_ttl = minutes(10);
  const auto first = join(1).ref;
  const auto second = join(2).ref;
  pass(milliseconds(20));
  enter(first);
  claim(first);
  pass(options.grant_ttl * 2);
  EXPECT_EQ(status(second).view.status, TicketStatus::kWaiting) << "the attempt may still take the seat";
  release(first);
  pass(milliseconds(20));
  EXPECT_EQ(status(second).view.status, TicketStatus::kReady);
}

TEST_P(QueueStoreContract, AdmissionFollowsTheSeatsLeft) {
  options.seats = 3;
  options.heartbeat_ttl = minutes(10);
  std::vector<TicketRef> refs;
  for (std::uint64_t user = 1; user <= 10; ++user) refs.push_back(join(user).ref);
  pass(seconds(1));
  EXPECT_EQ(snapshot().ready, 3u);
  enter(refs[0]);
  claim(refs[0]);
  report(refs[0], 2, 1, 0);
  spend(refs[0]);
  pass(seconds(1));
  EXPECT_EQ(snapshot().admitted, 3u) << "two seats free, two turns out";
  report(refs[0], 3, 0, 0);  // the hold ran out: its seat is free again
  pass(seconds(1));
  EXPECT_EQ(snapshot().admitted, 4u);
}

TEST_P(QueueStoreContract, ALateInventoryReportDoesNotUndoANewerOne) {
  options.seats = 1;
  const auto ref = join(1).ref;
  report(ref, 0, 1, 0);
  StoreCommand old;
  old.kind = StoreCommand::Kind::kReportInventory;
  old.ref = ref;
  old.inventory = {1, 0, 0, 0};
  run(old);
  EXPECT_EQ(snapshot().inventory.free, 0u);
}

TEST_P(QueueStoreContract, SoldOutIsToldToTheWholeLineAndForGood) {
  options.seats = 1;
  options.heartbeat_ttl = minutes(10);
  const auto buyer = join(1).ref;
  const auto late = join(2).ref;
  pass(milliseconds(20));
  enter(buyer);
  claim(buyer);
  report(buyer, 0, 0, 1);
  spend(buyer);
  EXPECT_EQ(status(late).view.status, TicketStatus::kSoldOut);
  EXPECT_EQ(enter(late).outcome, StoreOutcome::kSoldOut);
  EXPECT_EQ(join(3).outcome, StoreOutcome::kSoldOut);
  EXPECT_EQ(join(2).view.status, TicketStatus::kSoldOut) << "a ticket holder is told, not refused";
  EXPECT_EQ(status(buyer).view.status, TicketStatus::kEntered);
  const auto counts = snapshot();
  EXPECT_EQ(counts.sold_out, 1u);
  EXPECT_EQ(counts.refused_sold_out, 1u);
  EXPECT_EQ(counts.joined, 2u);
  EXPECT_EQ(leave(late).view.status, TicketStatus::kLeft);
  EXPECT_EQ(snapshot().sold_out, 0u);
}

TEST_P(QueueStoreContract, TheAbsentAreSweptAndThePresentAreNot) {
  options.seats = 0 + 1;
  options.admission_rate = Rate::per_second(0.001);
  options.heartbeat_ttl = seconds(10);
  pass(seconds(1));
  join(99);  // takes the one admission of the burst
  pass(milliseconds(20));
  const auto absent = join(1).ref;
  const auto present = join(2).ref;
  for (int i = 0; i < 6; ++i) {
    pass(seconds(2));
    EXPECT_EQ(status(present).view.status, TicketStatus::kWaiting);
  }
  EXPECT_EQ(status(present).view.position, 1u) << "who is gone no longer counts";
  EXPECT_EQ(status(absent).view.status, TicketStatus::kExpired);
}

TEST_P(QueueStoreContract, ARateOfZeroLetsNobodyInNotEvenTheBurst) {
  options.admission_rate = Rate::per_second(0);
  options.admission_burst = 100;
  const auto ref = join(1).ref;
  pass(seconds(1));
  EXPECT_EQ(status(ref).view.status, TicketStatus::kWaiting);
}

TEST_P(QueueStoreContract, ARateOfZeroSetWhileItRunsLetsNobodyInNotEvenTheBurst) {
  options.admission_rate = Rate::per_second(10);
  options.admission_burst = 50;
  join(1);
  pass(milliseconds(300));
  EXPECT_EQ(snapshot().admitted, 1u);
  EventControl stop;
  stop.event_id = "e1";
  stop.admission_rate = Rate::per_second(0);
  control(stop);
  for (std::uint64_t user = 2; user <= 5; ++user) join(user);
  pass(seconds(5));
  EXPECT_EQ(snapshot().admitted, 1u);
  stop.admission_rate = Rate::per_second(10);
  control(stop);
  pass(milliseconds(250));
  EXPECT_LE(snapshot().admitted, 4u) << "and no burst when it goes on";
}

TEST_P(QueueStoreContract, WhoLeftOrLapsedStartsAgainAtTheEnd) {
  options.admission_rate = Rate::per_second(0.001);
  options.admission_burst = 1;
  join(99);
  pass(milliseconds(20));
  const auto ref = join(1).ref;
  join(2);
  EXPECT_EQ(leave(ref).view.status, TicketStatus::kLeft);
  EXPECT_EQ(leave(ref).outcome, StoreOutcome::kOk) << "leaving twice is leaving";
  const auto again = join(1);
  EXPECT_NE(again.ref.number, ref.number);
  EXPECT_EQ(again.view.position, 2u);
  EXPECT_EQ(status(ref).view.status, TicketStatus::kLeft);
}

// Or the user would be locked out: whoever is told that the grant has lapsed is told to join again.
TEST_P(QueueStoreContract, WhoLetsAGrantLapseStartsAgainAtTheEndAndWhoUsedItDoesNot) {
  options.seats = 3;
  const auto late = join(1).ref;
  const auto buyer = join(2).ref;
  pass(milliseconds(20));
  enter(late);
  enter(buyer);
  EXPECT_EQ(join(1).ref, late) << "while the grant lives";
  claim(buyer);
  spend(buyer);
  pass(options.grant_ttl + milliseconds(20));
  EXPECT_EQ(enter(late).outcome, StoreOutcome::kExpired);
  EXPECT_EQ(join(2).ref, buyer) << "its reservation is this ticket's";
  const auto again = join(1);
  ASSERT_EQ(again.outcome, StoreOutcome::kOk);
  EXPECT_GT(again.ref.number, buyer.number);
  EXPECT_EQ(status(late).view.status, TicketStatus::kExpired) << "it counts as entered, and is of no more use";
  pass(milliseconds(20));
  EXPECT_EQ(enter(again.ref).outcome, StoreOutcome::kOk);
  EXPECT_EQ(join(1).ref, again.ref);
  EXPECT_EQ(snapshot().joined, 3u);
  EXPECT_EQ(snapshot().entered, 3u);
}

TEST_P(QueueStoreContract, PauseStopsAdmissionAndResumingReleasesNoFlood) {
  options.admission_rate = Rate::per_second(100);
  options.admission_burst = 5;
  EventControl pause;
  pause.paused = true;
  for (std::uint64_t user = 1; user <= 200; ++user) join(user);
  control(pause);
  pass(seconds(10));
  EXPECT_EQ(snapshot().admitted, 0u);
  pause.paused = false;
  control(pause);
  pass(milliseconds(10));
  EXPECT_LE(snapshot().admitted, 6u);
}

TEST_P(QueueStoreContract, ControlTellsHowManyEventsItChanged) {
  join(1);
  EventControl pause;
  pause.paused = true;
  for (const auto& [event, changed] : {std::pair{"e1", 1u}, {"nowhere", 0u}, {"", 1u}}) {
    pause.event_id = event;
    EXPECT_EQ(control(pause), changed) << event;
  }
}

TEST_P(QueueStoreContract, TheRateChangesWhileItRuns) {
  options.admission_rate = Rate::per_second(10);
  options.admission_burst = 1;
  for (std::uint64_t user = 1; user <= 2000; ++user) join(user);
  pass(seconds(1));
  const auto before = snapshot().admitted;
  EXPECT_NEAR(static_cast<double>(before), 11, 1);
  EventControl faster;
  faster.event_id = "e1";
  faster.admission_rate = Rate::per_second(500);
  faster.admission_burst = 10;
  control(faster);
  pass(seconds(1));
  EXPECT_NEAR(static_cast<double>(snapshot().admitted - before), 500, 2);
}

TEST_P(QueueStoreContract, TheOpeningDelayLetsTheCrowdGatherFirst) {
  options.opening_delay = seconds(30);
  const auto ref = join(1).ref;
  EXPECT_GE(status(ref).view.eta, seconds(30));
  for (int i = 0; i < 29; ++i) {
    pass(seconds(1));
    EXPECT_EQ(status(ref).view.status, TicketStatus::kWaiting);
  }
  pass(seconds(1) + milliseconds(20));
  EXPECT_EQ(status(ref).view.status, TicketStatus::kReady);
}

TEST_P(QueueStoreContract, ADrainingEventTakesNobodyNewButServesItsLine) {
  const auto ref = join(1).ref;
  EventControl drain;
  drain.event_id = "e1";
  drain.draining = true;
  control(drain);
  EXPECT_EQ(join(2).outcome, StoreOutcome::kClosed);
  EXPECT_EQ(join(1).outcome, StoreOutcome::kOk);
  pass(milliseconds(20));
  EXPECT_EQ(enter(ref).outcome, StoreOutcome::kOk);
}

TEST_P(QueueStoreContract, PollAfterGrowsWithThePositionWithinItsBounds) {
  options.admission_rate = Rate::per_second(10);
  options.admission_burst = 1;
  core::Nanos last{0};
  for (std::uint64_t user = 1; user <= 1000; ++user) {
    const auto view = join(user).view;
    EXPECT_GE(view.poll_after, seconds(1));
    EXPECT_LE(view.poll_after, seconds(20));
    if (user % 250 == 0) {
      EXPECT_GE(view.poll_after, last * 8 / 10);
      last = view.poll_after;
    }
  }
  EXPECT_GT(last, seconds(10));
}

TEST_P(QueueStoreContract, UsersFarFromTheFrontAreToldDifferentTimes) {
  options.admission_rate = Rate::per_second(1);
  options.admission_burst = 1;
  std::map<core::Nanos, int> told;
  for (std::uint64_t user = 1; user <= 1000; ++user) {
    const auto view = join(user).view;
    if (user > 200) ++told[view.poll_after];  // beyond 80 s everybody is told the longest there is, but for the jitter
  }
  for (const auto& [time, users] : told) EXPECT_LT(users, 8) << time.count();
}

TEST_P(QueueStoreContract, UnknownAndForeignReferencesAreNotFound) {
  const auto ref = join(1).ref;
  EXPECT_EQ(status({ref.epoch, ref.event, 2}).outcome, StoreOutcome::kNotFound);
  EXPECT_EQ(status({ref.epoch, ref.event, 0}).outcome, StoreOutcome::kNotFound);
  EXPECT_EQ(status({ref.epoch + 1, ref.event, 1}).outcome, StoreOutcome::kNotFound) << "a token of an earlier life";
  EXPECT_EQ(status({ref.epoch, ref.event + 1, 1}).outcome, StoreOutcome::kNotFound);
}

TEST_P(QueueStoreContract, LimitsAreCountedNotCrossed) {
  options.max_tickets = 2;
  join(1);
  join(2);
  EXPECT_EQ(join(3).outcome, StoreOutcome::kClosed) << "it gives no more, ever";
  for (const char* event : {"e1", "e2", "e3"}) {
    status(join(1, event).ref);
  }
  EXPECT_EQ(join(1, "e4").outcome, StoreOutcome::kOverloaded) << "the store was made for three events";
}

}  // namespace
}  // namespace tacos::gateway
