#include "tacos-plan/patterns/crowd.h"

#include <vector>

#include <gtest/gtest.h>

namespace tacos::plan {
namespace {

TEST(InversionShare, IsNoneWhenTheFirstGetTheSeats) {
  EXPECT_DOUBLE_EQ(inversion_share({true, true, false, false}), 0);
}

TEST(InversionShare, IsAllWhenTheLastGetThem) {
  EXPECT_DOUBLE_EQ(inversion_share({false, false, true}), 1);
}

TEST(InversionShare, CountsThePairsInWhichTheOneWithoutCameFirst) {
  // Buyers at 2 and 4, others at 1 and 3: (1,2), (1,4), (3,4) of four pairs.
  EXPECT_DOUBLE_EQ(inversion_share({false, true, false, true}), 0.75);
}

TEST(InversionShare, IsNoneWhereThereIsNoPair) {
  EXPECT_DOUBLE_EQ(inversion_share({}), 0);
  EXPECT_DOUBLE_EQ(inversion_share({true, true}), 0);
}

CrowdParameters small_crowd() {
  CrowdParameters crowd;
  crowd.users = 1000;
  crowd.press_sec = 2;
  crowd.bot_share = 0;
  return crowd;
}

TEST(Crowd, TriesAsOftenAsItMayAndThenGivesUp) {
  CrowdParameters parameters = small_crowd();
  parameters.retries = 3;
  Crowd crowd(parameters, 1);
  while (!crowd.all_over()) crowd.tick([&](const Attempt& attempt) { crowd.refuse(attempt); }, [](std::uint32_t) {});
  PatternRun run;
  crowd.summarise(run);
  EXPECT_EQ(run.attempts, 4000U);
  EXPECT_EQ(run.of(Outcome::kGaveUp), 1000U);
  // Pauses of 1, 2 and 4 s, give or take half.
  EXPECT_NEAR(run.feedback.mean_sec, 7, 0.2);
  EXPECT_LE(run.feedback.max_sec, 10.6);
}

TEST(Crowd, TakesARequestThatNobodyAnswersForLost) {
  CrowdParameters parameters = small_crowd();
  parameters.retries = 0;
  parameters.timeout_sec = 5;
  Crowd crowd(parameters, 1);
  while (!crowd.all_over()) crowd.tick([](const Attempt&) {}, [](std::uint32_t) {});
  PatternRun run;
  crowd.summarise(run);
  EXPECT_EQ(run.of(Outcome::kGaveUp), 1000U);
  EXPECT_NEAR(run.feedback.mean_sec, 5, 0.02);
}

TEST(Crowd, IgnoresTheAnswerToARequestThatItHasGivenUp) {
  CrowdParameters parameters = small_crowd();
  parameters.users = 1;
  parameters.timeout_sec = 1;
  Crowd crowd(parameters, 1);
  std::vector<Attempt> attempts;
  while (!crowd.all_over()) {
    crowd.tick([&](const Attempt& attempt) { attempts.push_back(attempt); }, [](std::uint32_t) {});
  }
  ASSERT_EQ(attempts.size(), 4U);
  for (const Attempt& attempt : attempts) EXPECT_FALSE(crowd.is_live(attempt));
}

TEST(Crowd, LosesPatienceWhenItHasAny) {
  CrowdParameters parameters = small_crowd();
  parameters.patience_sec = 3;
  Crowd crowd(parameters, 1);
  while (!crowd.all_over()) {
    crowd.tick([&](const Attempt& attempt) { crowd.accept(attempt, 1); },
               [&](std::uint32_t who) { crowd.poll_again(who, 0.5); });
  }
  PatternRun run;
  crowd.summarise(run);
  EXPECT_EQ(run.of(Outcome::kAbandoned), 1000U);
  EXPECT_NEAR(run.feedback.mean_sec, 3.4, 0.3);  // on average half an interval later, and the first poll not before 1 s
}

}  // namespace
}  // namespace tacos::plan
