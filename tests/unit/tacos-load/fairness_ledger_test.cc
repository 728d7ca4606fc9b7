#include "tacos-load/journey/fairness_ledger.h"

#include <gtest/gtest.h>

namespace tacos::load {
namespace {

using core::Nanos;
using std::chrono::milliseconds;
using std::chrono::seconds;

// A user whose join was due at `join` and answered a millisecond later, called in and entered at the times given.
void goes(FairnessLedger& ledger, UserId user, Nanos join, Nanos called, Nanos entered) {
  ledger.join_due(user, join);
  ledger.got_ticket(user, join + milliseconds(1));
  ledger.called_in(user, called);
  ledger.entered(user, entered);
}

TEST(FairnessLedger, CountsPairsThatEnteredTheOtherWayRound) {
  FairnessLedger ledger(4);
  // Joined 0 1 2 3, entered 1 3 0 2: the pairs (0,1), (0,3) and (2,3) are inverted.
  goes(ledger, 0, seconds(1), seconds(20), seconds(23));
  goes(ledger, 1, seconds(2), seconds(20), seconds(21));
  goes(ledger, 2, seconds(3), seconds(20), seconds(24));
  goes(ledger, 3, seconds(4), seconds(20), seconds(22));
  const auto fairness = ledger.judge();
  EXPECT_EQ(fairness.compared, 4u);
  EXPECT_EQ(fairness.inversions, 3u);
  EXPECT_DOUBLE_EQ(fairness.inverted_share, 0.5);
  EXPECT_EQ(fairness.overtaken, 0u) << "nobody was told to wait after a later one had been called in";
}

TEST(FairnessLedger, OvertakenIsWhoWasToldToWaitAfterALaterJoinWasCalledIn) {
  FairnessLedger ledger(3);
  ledger.join_due(0, seconds(1));
  ledger.got_ticket(0, seconds(1) + milliseconds(5));
  ledger.told_to_wait(0, seconds(9));
  goes(ledger, 1, seconds(2), seconds(8) + milliseconds(750), seconds(10));
  goes(ledger, 2, seconds(3), seconds(30), seconds(31));
  const auto fairness = ledger.judge();
  EXPECT_EQ(fairness.overtaken, 1u);
  EXPECT_DOUBLE_EQ(fairness.worst_overtake_ms, 250);
  EXPECT_EQ(fairness.inversions, 0u) << "the overtaken user never entered";
}

TEST(FairnessLedger, AJoinThatWasDueBeforeTheOthersTicketProvesNothing) {
  FairnessLedger ledger(2);
  ledger.join_due(0, seconds(1));
  ledger.got_ticket(0, seconds(3));
  ledger.told_to_wait(0, seconds(9));
  goes(ledger, 1, seconds(2), seconds(8), seconds(10));
  EXPECT_EQ(ledger.judge().overtaken, 0u);
}

TEST(FairnessLedger, SharesOfSeveralWorkersAreJudgedTogether) {
  FairnessLedger first(1), second(1);
  goes(first, 0, seconds(1), seconds(9), seconds(12));
  goes(second, 0, seconds(2), seconds(9), seconds(11));
  first.append(second);
  EXPECT_EQ(first.judge().inversions, 1u);
  EXPECT_EQ(first.judge().compared, 2u);
}

TEST(FairnessLedger, AnEmptyOneHasNothingToSay) {
  const auto fairness = FairnessLedger().judge();
  EXPECT_EQ(fairness.compared + fairness.inversions + fairness.overtaken, 0u);
  EXPECT_EQ(fairness.inverted_share, 0);
}

}  // namespace
}  // namespace tacos::load
