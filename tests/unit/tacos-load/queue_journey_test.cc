#include "tacos-load/journey/queue_journey.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tacos::load {
namespace {

using core::Nanos;
using measure::Outcome;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::StartsWith;

// One user's dealings with a server that the test plays.
class QueueJourneyTest : public testing::Test {
 protected:
  QueueJourney& journey() {
    if (!journey_) {
      plan.event_id = "e1";
      plan.poll_jitter = 0;
      journey_ = std::make_unique<QueueJourney>(plan, UserShare{.users = users, .seed = 9});
    }
    return *journey_;
  }

  // Sends whatever the user does next at `now`; returns the step.
  measure::StepId ask(Nanos now) {
    user = journey().take(now);
    EXPECT_NE(user, kNoUser);
    intended = now;
    step = journey().prepare(user, now, request);
    target = request.target;
    body = request.body;
    if (step == QueueJourney::kJoin) joined_with = request.idempotency_key;
    return step;
  }

  Outcome answer(int status, const std::string& text, Nanos after = milliseconds(2), Nanos retry_after = Nanos(0)) {
    Response response;
    response.status = status;
    response.body = text;
    response.retry_after = retry_after;
    return journey().on_answer(user, step, intended, intended + after, response);
  }

  Outcome no_answer(Outcome outcome) {
    Response response;
    response.outcome = outcome;
    return journey().on_answer(user, step, intended, intended + seconds(10), response);
  }

  // Joins at 0 and leaves the user waiting.
  void join_and_wait() {
    ASSERT_EQ(ask(Nanos(0)), QueueJourney::kJoin);
    ASSERT_EQ(answer(202, R"({"waiting_token":"tok/1","position":7,"status":"waiting","poll_after_ms":3000})"),
              Outcome::kOk);
  }

  QueueJourneyPlan plan;
  std::uint32_t users = 1;
  std::unique_ptr<QueueJourney> journey_;
  UserId user = kNoUser;
  measure::StepId step = 0;
  Nanos intended{0};
  Request request;
  std::string target;
  std::string body;
  std::string joined_with;  // the key of the last join
};

TEST_F(QueueJourneyTest, GoesFromJoinToABoughtSeat) {
  join_and_wait();
  EXPECT_EQ(target, "/queue/join");
  EXPECT_EQ(joined_with, "9-0-join") << "a repeated join is the same user's";
  EXPECT_EQ(body, R"({"event_id":"e1","user_id":"u9-0"})");
  ASSERT_EQ(ask(seconds(10)), QueueJourney::kStatus);
  EXPECT_EQ(request.method, Method::kGet);
  EXPECT_EQ(target, "/queue/status?token=tok%2F1");
  ASSERT_EQ(answer(200, R"({"status":"ready","position":0,"ready_for_entry":true})"), Outcome::kOk);
  EXPECT_EQ(journey().told().time_to_admission, seconds(10) + milliseconds(2));
  EXPECT_EQ(journey().counts().states, (measure::UserStates{0, 0, 1, 0, 0, 0}));
  ASSERT_EQ(ask(seconds(11)), QueueJourney::kEnter);
  EXPECT_EQ(body, R"({"waiting_token":"tok/1"})");
  ASSERT_EQ(answer(200, R"({"admission":"granted","reservation_token":"grant","ttl_sec":30})"), Outcome::kOk);
  ASSERT_EQ(ask(seconds(13)), QueueJourney::kReserve);
  EXPECT_EQ(request.bearer, "grant");
  EXPECT_FALSE(request.idempotency_key.empty());
  ASSERT_EQ(answer(201, R"({"reservation_id":"r1","seat_ids":["1"]})"), Outcome::kOk);
  ASSERT_EQ(ask(seconds(14)), QueueJourney::kPayIntent);
  ASSERT_EQ(answer(200, R"({"payment_intent_id":"p1"})"), Outcome::kOk);
  ASSERT_EQ(ask(seconds(15)), QueueJourney::kPay);
  EXPECT_THAT(body, HasSubstr(R"("action":"approve")"));
  ASSERT_EQ(answer(200, R"({"status":"approved"})"), Outcome::kOk);
  ASSERT_EQ(ask(seconds(16)), QueueJourney::kConfirm);
  EXPECT_EQ(target, "/reservations/r1/confirm");
  ASSERT_EQ(answer(200, R"({"order_id":"o1","status":"confirmed"})"), Outcome::kOk);

  const JourneyCounts& counts = journey().counts();
  EXPECT_EQ(counts.admitted, 1u);
  EXPECT_EQ(counts.entered, 1u);
  EXPECT_EQ(counts.confirmed, 1u);
  EXPECT_EQ(counts.active(), 0u);
  EXPECT_FALSE(journey().can_supply());
}

TEST_F(QueueJourneyTest, PaysWhatTheReservationTellsAndOtherwiseAHundredDollarCentsASeat) {
  const struct {
    const char* told;
    const char* paid;
  } cases[] = {
      {R"("amount":12600,"currency":"CHF")", R"("amount":12600,"currency":"CHF"})"},
      {R"("amount":0,"currency":"USD")", R"("amount":0,"currency":"USD"})"},
      {R"("amount":7,"currency":"A\"B")", R"("amount":7,"currency":"A\"B"})"},
      {R"("note":1)", R"("amount":100,"currency":"USD"})"},
      {R"("amount":12600)", R"("amount":100,"currency":"USD"})"},
      {R"("amount":126.5,"currency":"CHF")", R"("amount":100,"currency":"USD"})"},
      {R"("amount":"126","currency":null)", R"("amount":100,"currency":"USD"})"},
      {R"("amount":{"value":1},"currency":["CHF"])", R"("amount":100,"currency":"USD"})"},
  };
  users = static_cast<std::uint32_t>(std::size(cases));
  for (const auto& c : cases) {
    SCOPED_TRACE(c.told);
    join_and_wait();
    ask(seconds(10));
    answer(200, R"({"status":"ready","position":0,"ready_for_entry":true})");
    ask(seconds(11));
    answer(200, R"({"reservation_token":"grant"})");
    ask(seconds(13));
    ASSERT_EQ(answer(201, R"({"reservation_id":"r1",)" + std::string(c.told) + "}"), Outcome::kOk);
    ASSERT_EQ(ask(seconds(14)), QueueJourney::kPayIntent);
    EXPECT_EQ(body, R"({"reservation_id":"r1",)" + std::string(c.paid));
    answer(200, R"({"payment_intent_id":"p1"})");
    ask(seconds(15));
    answer(200, R"({"status":"failed"})");
  }
}

TEST_F(QueueJourneyTest, TheNextPollIsDueFromTheIntendedTimeOfTheOneBefore) {
  join_and_wait();
  EXPECT_EQ(journey().next_follow_up(), seconds(10));
  ask(seconds(10));
  answer(200, R"({"status":"waiting","position":6})", seconds(4));  // a slow answer does not push the next poll back
  EXPECT_EQ(journey().next_follow_up(), seconds(20));
}

TEST_F(QueueJourneyTest, FixedDelayCountsFromTheAnswer) {
  plan.poll_fixed_delay = true;
  join_and_wait();
  ask(seconds(11));
  answer(200, R"({"status":"waiting","position":6})", seconds(4));
  EXPECT_EQ(journey().next_follow_up(), seconds(25));
}

TEST_F(QueueJourneyTest, HonoursPollAfterWhenTold) {
  plan.honour_poll_after = true;
  join_and_wait();
  EXPECT_EQ(journey().next_follow_up(), seconds(3));
  EXPECT_EQ(journey().take(seconds(1)), kNoUser) << "a user who was told when to ask must not ask early";
  EXPECT_TRUE(journey().can_supply());
}

TEST_F(QueueJourneyTest, AHostilePollAfterIsBounded) {
  plan.honour_poll_after = true;
  ask(Nanos(0));
  answer(202, R"({"waiting_token":"t","status":"waiting","poll_after_ms":18446744073709551615})");
  EXPECT_LE(journey().next_follow_up(), std::chrono::hours(1));
}

TEST_F(QueueJourneyTest, HonoursRetryAfter) {
  ask(Nanos(0));
  EXPECT_EQ(answer(503, R"({"error":{"code":"STORE_UNAVAILABLE"}})", milliseconds(2), seconds(3)), Outcome::kHttpError);
  EXPECT_EQ(journey().next_follow_up(), seconds(3) + milliseconds(2));
}

TEST_F(QueueJourneyTest, NewUsersComeBeforeEarlyPollsAndErrandsBeforeAll) {
  users = 3;
  join_and_wait();  // user 0 polls at 10 s
  ask(seconds(1));  // user 1 joins
  const UserId second = user;
  answer(202, R"({"waiting_token":"b","status":"ready"})");  // and is admitted at once: enters at 1.2 s
  EXPECT_EQ(journey().take(milliseconds(1100)), 2u) << "nobody is due: a new user joins";
  EXPECT_EQ(journey().take(milliseconds(1300)), second) << "the errand is due";
  EXPECT_EQ(journey().take(milliseconds(1400)), 0u)
      << "nobody is due and nobody new is left: a waiting user polls early";
  EXPECT_EQ(journey().counts().polled_early, seconds(10) - milliseconds(1400));
  EXPECT_EQ(journey().take(milliseconds(1500)), kNoUser) << "everyone waits for an answer";
  EXPECT_TRUE(journey().can_supply());
}

TEST_F(QueueJourneyTest, SoldOutUsersKeepRefreshingOrGoHome) {
  join_and_wait();
  ask(seconds(10));
  EXPECT_EQ(answer(200, R"({"status":"sold_out","position":0})"), Outcome::kOk);
  EXPECT_EQ(journey().counts().sold_out, 1u);
  ask(seconds(20));
  EXPECT_EQ(answer(200, R"({"status":"sold_out","position":0})"), Outcome::kOk);
  EXPECT_EQ(journey().counts().sold_out, 1u) << "a user is sold out once";
  EXPECT_TRUE(journey().can_supply());

  journey_.reset();
  plan.refreshes_when_sold_out = false;
  join_and_wait();
  ask(seconds(10));
  answer(200, R"({"status":"sold_out"})");
  EXPECT_EQ(journey().counts().active(), 0u);
  EXPECT_FALSE(journey().can_supply());
}

TEST_F(QueueJourneyTest, ARefusedJoinIsAnAnswerNotAnError) {
  ask(Nanos(0));
  EXPECT_EQ(answer(410, R"({"error":{"code":"SOLD_OUT","message":"all gone"}})"), Outcome::kOk);
  EXPECT_EQ(journey().counts().sold_out, 1u);
  EXPECT_EQ(ask(seconds(10)), QueueJourney::kJoin);
}

TEST_F(QueueJourneyTest, LosesPatienceAndTellsOrJustGoes) {
  plan.patience = seconds(15);
  plan.tells_when_leaving = 1;
  join_and_wait();
  ask(seconds(10));
  answer(200, R"({"status":"waiting","position":5})");
  ask(seconds(20));
  answer(200, R"({"status":"waiting","position":4})");
  EXPECT_EQ(journey().counts().abandoned, 1u);
  EXPECT_EQ(ask(seconds(21)), QueueJourney::kLeave);
  EXPECT_EQ(request.method, Method::kDelete);
  EXPECT_EQ(answer(200, R"({"status":"left"})"), Outcome::kOk);
  EXPECT_EQ(journey().counts().active(), 0u);
}

TEST_F(QueueJourneyTest, APositionThatRisesIsCounted) {
  join_and_wait();  // position 7
  ask(seconds(10));
  answer(200, R"({"status":"waiting","position":5})");
  ask(seconds(20));
  answer(200, R"({"status":"waiting","position":6})");
  EXPECT_EQ(journey().counts().position_rises, 1u);
}

TEST_F(QueueJourneyTest, AnswersThatMakeNoSenseAreProtocolErrorsAndTheUserTriesAgain) {
  ask(Nanos(0));
  for (const char* nonsense :
       {"", "not json", "[]", R"({"waiting_token":5})", R"({"status":"waiting"})", "{} trailing"}) {
    EXPECT_EQ(answer(202, nonsense), Outcome::kProtocolError) << nonsense;
    ask(intended + seconds(10));
    ASSERT_EQ(step, QueueJourney::kJoin);
  }
  EXPECT_EQ(journey().counts().unreadable_answers, 6u);
}

TEST_F(QueueJourneyTest, TokensAreEscapedWhereTheyAreUsed) {
  ask(Nanos(0));
  answer(202, R"({"waiting_token":"a\"b\\c d","status":"ready"})");
  ask(seconds(1));
  EXPECT_EQ(body, R"({"waiting_token":"a\"b\\c d"})");
}

TEST_F(QueueJourneyTest, GivesUpACheckoutThatKeepsFailing) {
  plan.most_attempts = 3;
  join_and_wait();
  ask(seconds(10));
  answer(200, R"({"status":"ready"})");
  for (int attempt = 0; attempt < 3; ++attempt) {
    ask(seconds(20 + 20 * attempt));
    ASSERT_EQ(step, QueueJourney::kEnter);
    EXPECT_EQ(no_answer(Outcome::kTimeout), Outcome::kTimeout);
  }
  EXPECT_EQ(journey().counts().failed, 1u);
  EXPECT_EQ(journey().counts().active(), 0u);
}

TEST_F(QueueJourneyTest, WhoLostTheirPlaceGoesHomeUnlessTheyRejoin) {
  join_and_wait();
  ask(seconds(10));
  EXPECT_EQ(answer(404, R"({"error":{"code":"TOKEN_NOT_FOUND"}})"), Outcome::kHttpError);
  EXPECT_EQ(journey().counts().expired, 1u);
  EXPECT_EQ(journey().counts().active(), 0u);
}

TEST_F(QueueJourneyTest, WhoRejoinsStartsAtTheEndOfTheLine) {
  plan.rejoins = true;
  join_and_wait();
  ask(seconds(10));
  answer(410, R"({"error":{"code":"TOKEN_EXPIRED"}})");
  ASSERT_EQ(ask(seconds(20)), QueueJourney::kJoin);
  EXPECT_EQ(body, R"({"event_id":"e1","user_id":"u9-0"})") << "the same person";
  answer(202, R"({"waiting_token":"new","position":90,"status":"waiting"})");
  EXPECT_EQ(journey().counts().position_rises, 0u) << "another ticket";
  ASSERT_EQ(ask(seconds(30)), QueueJourney::kStatus);
  EXPECT_EQ(target, "/queue/status?token=new");
  answer(200, R"({"status":"expired"})");
  ASSERT_EQ(ask(seconds(40)), QueueJourney::kJoin);
  answer(202, R"({"waiting_token":"third","status":"ready"})");
  ASSERT_EQ(ask(seconds(50)), QueueJourney::kEnter);
  answer(410, R"({"error":{"code":"TOKEN_EXPIRED"}})");
  EXPECT_EQ(ask(seconds(60)), QueueJourney::kJoin);
  EXPECT_EQ(journey().counts().expired, 3u);
  EXPECT_EQ(journey().counts().active(), 1u);
}

TEST_F(QueueJourneyTest, ATicketOutlivesRequestsThatFail) {
  join_and_wait();
  Nanos at = seconds(10);
  for (const Outcome outcome : {Outcome::kConnectError, Outcome::kReset, Outcome::kTimeout}) {
    ASSERT_EQ(ask(at), QueueJourney::kStatus);
    no_answer(outcome);
    at += seconds(20);
  }
  ASSERT_EQ(ask(at), QueueJourney::kStatus);
  answer(503, "{}", milliseconds(2), seconds(3));
  EXPECT_EQ(journey().next_follow_up(), at + seconds(3) + milliseconds(2)) << "when Retry-After says";
  ask(at + seconds(5));
  EXPECT_EQ(target, "/queue/status?token=tok%2F1");
}

TEST_F(QueueJourneyTest, ALeaveThatTheServerHadNoTimeForIsToldAgain) {
  plan.patience = seconds(5);
  plan.tells_when_leaving = 1;
  join_and_wait();
  ask(seconds(10));
  answer(200, R"({"status":"waiting","position":6})");
  ASSERT_EQ(ask(seconds(11)), QueueJourney::kLeave);
  EXPECT_EQ(answer(503, "{}", milliseconds(2), seconds(1)), Outcome::kHttpError);
  ASSERT_EQ(ask(seconds(20)), QueueJourney::kLeave);
  EXPECT_EQ(answer(200, R"({"status":"left"})"), Outcome::kOk);
  EXPECT_EQ(journey().counts().active(), 0u);
}

TEST_F(QueueJourneyTest, PaymentRefusedEndsTheJourney) {
  plan.payment_failures = 1;
  join_and_wait();
  ask(seconds(10));
  answer(200, R"({"status":"ready"})");
  ask(seconds(11));
  answer(200, R"({"reservation_token":"g"})");
  ask(seconds(13));
  answer(201, R"({"reservation_id":"r"})");
  ask(seconds(14));
  answer(200, R"({"payment_intent_id":"p"})");
  ask(seconds(15));
  EXPECT_THAT(body, HasSubstr(R"("action":"fail")"));
  EXPECT_EQ(answer(200, R"({"status":"failed"})"), Outcome::kOk);
  EXPECT_EQ(journey().counts().confirmed, 0u);
  EXPECT_EQ(journey().counts().active(), 0u);
}

}  // namespace
}  // namespace tacos::load
