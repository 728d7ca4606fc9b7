// What every SeatStore does with idempotency keys; programs instantiate it with the stores they are about.
#include <gmock/gmock.h>

#include "seat_store_contract.h"

namespace tacos::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Kind = SeatCommand::Kind;

const TicketRef kAnn{1, 10, 1};
const TicketRef kBob{1, 10, 2};

TEST_P(SeatStoreContract, AKeyIsClaimedBeforeTheWorkAndReplayedAfterItAtEveryGateway) {
  ticket(1);
  const KeyClaim first = claim("k", "body", 0);
  ASSERT_EQ(first.claim, Claim::kFresh);
  EXPECT_FALSE(first.resumed);
  EXPECT_EQ(claim("k", "body", 1).claim, Claim::kInFlight);
  EXPECT_EQ(claim("k", "other", 1).claim, Claim::kConflict);
  EXPECT_EQ(claim("l", "body", 1).claim, Claim::kFresh) << "another key";
  KeyClaim done = first;
  done.status = 201;
  done.answer = std::string("{\"a\":\"\0\r\n\"}", 11) + std::string(5000, 'x');
  key(Kind::kFinishKey, done, 0);
  const KeyClaim replay = claim("k", "body", 1);
  EXPECT_EQ(replay.claim, Claim::kReplay);
  EXPECT_EQ(replay.status, 201);
  EXPECT_EQ(replay.answer, done.answer);
  EXPECT_EQ(claim("k", "other", 1).claim, Claim::kConflict);
}

TEST_P(SeatStoreContract, AnAbandonedKeyIsNewAndASuspendedOneIsResumedByTheSameRequest) {
  ticket(1);
  key(Kind::kAbandonKey, claim("k", "body"));
  const KeyClaim again = claim("k", "other", 1);
  ASSERT_EQ(again.claim, Claim::kFresh);
  EXPECT_FALSE(again.resumed);
  suspend(1, again);
  EXPECT_EQ(claim("k", "body", 1).claim, Claim::kConflict);
  const KeyClaim resumed = claim("k", "other", 1);
  EXPECT_EQ(resumed.claim, Claim::kFresh);
  EXPECT_TRUE(resumed.resumed);
  EXPECT_EQ(claim("k", "other", 0).claim, Claim::kInFlight);
  KeyClaim done = resumed;
  done.status = 200;
  key(Kind::kFinishKey, done, 1);
  EXPECT_EQ(claim("k", "other", 0).claim, Claim::kReplay);
}

// A retry within an answer's time gets that answer, whatever anybody else, or the same user, has claimed since.
TEST_P(SeatStoreContract, AKeyBeyondAGrantsShareIsRefusedAndNoAnswerIsLost) {
  setup.limits.keys_per_grant = 8;
  for (std::size_t i = 0; i < 8; ++i)
    finish(claim(std::to_string(i), "body", i % 2, kAnn), "answer " + std::to_string(i));
  const KeyClaim ninth = claim("ninth", "body", 1, kAnn);
  EXPECT_EQ(ninth.claim, Claim::kTooMany);
  EXPECT_EQ(ninth.retry_after, minutes(10));
  EXPECT_EQ(claim("of bob", "body", 0, kBob).claim, Claim::kFresh) << "another's share is another's";
  for (std::size_t i = 0; i < 8; ++i) {
    const KeyClaim replay = claim(std::to_string(i), "body", 1 - i % 2, kAnn);
    EXPECT_EQ(replay.claim, Claim::kReplay);
    EXPECT_EQ(replay.answer, "answer " + std::to_string(i));
  }
  pass(minutes(10) - milliseconds(1));
  EXPECT_EQ(claim("0", "body", 0, kAnn).claim, Claim::kReplay);
  EXPECT_EQ(claim("ninth", "body", 1, kAnn).retry_after, milliseconds(1));
  pass(milliseconds(1));
  EXPECT_EQ(claim("ninth", "body", 1, kAnn).claim, Claim::kFresh);
  EXPECT_EQ(claim("0", "another body", 1, kAnn).claim, Claim::kFresh) << "its time is over";
}

TEST_P(SeatStoreContract, KeysInFlightCountAndMakeRoomWhenTheyAreGivenBack) {
  setup.limits.keys_per_grant = 8;
  std::vector<KeyClaim> claims;
  for (std::size_t i = 0; i < 8; ++i) claims.push_back(claim(std::to_string(i), "body", 0, kAnn));
  const KeyClaim refused = claim("more", "body", 1, kAnn);
  EXPECT_EQ(refused.claim, Claim::kTooMany);
  EXPECT_EQ(refused.retry_after, seconds(1)) << "work under way ends soon";
  key(Kind::kAbandonKey, claims[3]);
  EXPECT_EQ(claim("more", "body", 1, kAnn).claim, Claim::kFresh);
}

// Work that is refused gives its key back, so it costs no share; but it is work.
TEST_P(SeatStoreContract, KeysThatAreGivenBackMayBeClaimedSixteenTimesAShareInTenMinutes) {
  setup.limits.keys_per_grant = 8;
  for (std::size_t i = 0; i < 8 * 16; ++i) {
    const KeyClaim claimed = claim(std::to_string(i), "body", i % 2, kAnn);
    ASSERT_EQ(claimed.claim, Claim::kFresh) << i;
    key(Kind::kAbandonKey, claimed);
  }
  EXPECT_EQ(claim("more", "body", 0, kAnn).claim, Claim::kTooMany);
  pass(minutes(4));
  EXPECT_EQ(claim("more", "body", 1, kAnn).retry_after, minutes(6));
  EXPECT_EQ(claim("of bob", "body", 0, kBob).claim, Claim::kFresh);
  pass(minutes(6));
  EXPECT_EQ(claim("more", "body", 0, kAnn).claim, Claim::kFresh);
}

// Whoever has spent all keys must still be able to pay for the seats that are held, or to give them back.
TEST_P(SeatStoreContract, EightKeysMoreAreKeptForConfirmAndCancel) {
  setup.limits.keys_per_grant = 8;
  for (std::size_t i = 0; i < 8; ++i) finish(claim(std::to_string(i), "body", i % 2, kAnn), "done");
  EXPECT_EQ(claim("more", "body", 0, kAnn).claim, Claim::kTooMany);
  for (std::size_t i = 0; i < 8; ++i) finish(claim_to_end("end" + std::to_string(i), i % 2, kAnn), "ended");
  EXPECT_EQ(claim_to_end("more", 0, kAnn).claim, Claim::kTooMany) << "that has a bound too";
  EXPECT_EQ(claim_to_end("end0", 1, kAnn).answer, "ended");
  EXPECT_EQ(claim("more", "body", 1, kAnn).claim, Claim::kTooMany);
}

TEST_P(SeatStoreContract, ConfirmAndCancelMayClaimWhereTheShareOfClaimsIsSpent) {
  setup.limits.keys_per_grant = 8;
  for (std::size_t i = 0; i < 8 * 16; ++i) key(Kind::kAbandonKey, claim(std::to_string(i), "body", i % 2, kAnn));
  ASSERT_EQ(claim("more", "body", 0, kAnn).claim, Claim::kTooMany);
  for (std::size_t i = 0; i < 8 * 16; ++i) {
    const KeyClaim claimed = claim_to_end("end", i % 2, kAnn);
    ASSERT_EQ(claimed.claim, Claim::kFresh) << i;
    key(Kind::kAbandonKey, claimed);
  }
  EXPECT_EQ(claim_to_end("end", 0, kAnn).claim, Claim::kTooMany);
}

TEST_P(SeatStoreContract, ARepeatOfAnAnsweredRequestCountsForNothing) {
  setup.limits.keys_per_grant = 8;
  finish(claim("k", "body", 0, kAnn), "done");
  for (std::size_t i = 0; i < 300; ++i) ASSERT_EQ(claim("k", "body", i % 2, kAnn).claim, Claim::kReplay);
  EXPECT_EQ(claim("l", "body", 0, kAnn).claim, Claim::kFresh);
}

TEST_P(SeatStoreContract, AKeyOfTheLongestLengthIsLikeAnyOther) {
  const std::string common(254, 'k');
  finish(claim(common + "a", "body", 0, kAnn), "a");
  EXPECT_EQ(claim(common + "b", "body", 1, kAnn).claim, Claim::kFresh);
  EXPECT_EQ(claim(common + "a", "body", 1, kAnn).answer, "a");
}

}  // namespace
}  // namespace tacos::gateway
