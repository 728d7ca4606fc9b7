#include <gtest/gtest.h>

#include "tacos-plan/models/retries.h"
#include "tacos-plan/patterns/comparison.h"
#include "tacos-plan/patterns/gateway_admission.h"

namespace tacos::plan {
namespace {

// 20,000 users within 4 s for 1,000 seats, at a tenth of the defaults' capacities.
CrowdParameters crowd() {
  CrowdParameters crowd;
  crowd.users = 20'000;
  crowd.press_sec = 4;
  return crowd;
}

DirectParameters direct() {
  DirectParameters direct;
  direct.crowd = crowd();
  direct.seats = 1000;
  direct.reservation_per_sec = 300;
  direct.inventory_per_sec = 500;
  direct.database_per_sec = 200;
  direct.service_queue = 5000;
  return direct;
}

QueueParameters queue() {
  QueueParameters queue;
  queue.crowd = crowd();
  queue.seats = 1000;
  queue.api_per_sec = 1000;
  queue.api_burst = 500;
  queue.backend_per_sec = 200;
  return queue;
}

ServerlessParameters serverless() {
  ServerlessParameters serverless;
  serverless.crowd = crowd();
  serverless.seats = 1000;
  serverless.api_per_sec = 1000;
  serverless.api_burst = 500;
  serverless.concurrency = 100;
  serverless.environments_per_10s = 100;
  serverless.table_writes_per_sec = 400;
  return serverless;
}

void expect_whole(const PatternRun& run, std::uint64_t seats) {
  EXPECT_EQ(run.all(), 20'000U);
  EXPECT_EQ(run.of(Outcome::kUnfinished), 0U);
  EXPECT_EQ(run.answer.count, run.answered());
  EXPECT_EQ(run.feedback.count, run.all());
  EXPECT_EQ(run.seats_sold, run.of(Outcome::kSeat) + run.sold_to_nobody);
  EXPECT_EQ(run.oversold, run.seats_sold > seats ? run.seats_sold - seats : 0);
  EXPECT_DOUBLE_EQ(run.answered_by.back().second, static_cast<double>(run.answered()));
}

TEST(PatternRuns, EndEveryUserInOneWayAndAccountForEverySeat) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    expect_whole(simulate_direct(direct(), seed), 1000);
    expect_whole(simulate_queue(queue(), seed), 1000);
    expect_whole(simulate_serverless(serverless(), seed), 1000);
  }
}

TEST(PatternRuns, AreTheSameForTheSameSeedOnly) {
  const PatternRun once = simulate_direct(direct(), 7), again = simulate_direct(direct(), 7);
  EXPECT_EQ(once.users, again.users);
  EXPECT_EQ(once.attempts, again.attempts);
  EXPECT_EQ(once.oversold, again.oversold);
  EXPECT_EQ(once.answered_by, again.answered_by);
  EXPECT_NE(once.answered_by, simulate_direct(direct(), 8).answered_by);
  EXPECT_EQ(simulate_queue(queue(), 7).answered_by, simulate_queue(queue(), 7).answered_by);
  EXPECT_EQ(simulate_serverless(serverless(), 7).answered_by, simulate_serverless(serverless(), 7).answered_by);
}

TEST(PatternRuns, NeverOversellWithConditionalWrites) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    DirectParameters guarded = direct();
    guarded.check_then_act_sec = 0;
    EXPECT_EQ(simulate_direct(guarded, seed).oversold, 0U);
    QueueParameters guarded_queue = queue();
    guarded_queue.check_then_act_sec = 0;
    EXPECT_EQ(simulate_queue(guarded_queue, seed).oversold, 0U);
    EXPECT_EQ(simulate_serverless(serverless(), seed).oversold, 0U);
  }
}

TEST(PatternRuns, OversellByTheRateTimesTheWindowWithoutThem) {
  double sum = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    DirectParameters parameters = direct();
    parameters.only_until_sold_out = true;
    parameters.check_then_act_sec = 0.2;
    sum += static_cast<double>(simulate_direct(parameters, seed).oversold);
  }
  EXPECT_NEAR(sum / 20, oversold_by_race(200, 0.2, 1), 5);
}

TEST(PatternRuns, GiveFewerErrorsWithMoreCapacity) {
  double before = 1;
  for (const double times : {1.0, 2.0, 4.0, 8.0, 40.0}) {
    DirectParameters parameters = direct();
    parameters.reservation_per_sec *= times;
    parameters.inventory_per_sec *= times;
    parameters.database_per_sec *= times;
    const double without = simulate_direct(parameters, 1).without_answer();
    EXPECT_LE(without, before + 0.01) << times;
    before = without;
  }
  EXPECT_EQ(before, 0);
  before = 1;
  for (const double times : {1.0, 2.0, 4.0, 8.0, 40.0}) {
    ServerlessParameters parameters = serverless();
    parameters.api_per_sec *= times;
    parameters.api_burst *= times;
    parameters.concurrency *= times;
    parameters.environments_per_10s *= times;
    parameters.table_writes_per_sec *= times;
    const double without = simulate_serverless(parameters, 1).without_answer();
    EXPECT_LE(without, before + 0.01) << times;
    before = without;
  }
  EXPECT_EQ(before, 0);
}

// A front that refuses at no cost: f^(r+1) = 1 − C/λ (models/retries.h). Retries come soon, so that the load settles
// while the crowd is still coming; what a token bucket holds at first is little beside it.
TEST(PatternRuns, AgreeWithTheModelOfRetriesInOverload) {
  for (const std::uint32_t retries : {0U, 1U, 3U}) {
    QueueParameters parameters = queue();
    parameters.crowd.users = 200'000;
    parameters.crowd.press_sec = 100;
    parameters.crowd.bot_share = 0;
    parameters.crowd.retries = retries;
    parameters.crowd.backoff_sec = 0.05;
    parameters.api_per_sec = 1000;
    parameters.api_burst = 10;
    parameters.poll_interval_sec = 3000;  // out of the way
    const PatternRun run = simulate_queue(parameters, 1);
    const auto settled = retry_equilibrium({2000, 1000, retries, 0, 0});
    ASSERT_TRUE(settled.has_value());
    const double amplification = static_cast<double>(run.attempts) / 200'000;
    EXPECT_NEAR(amplification, settled->attempts_per_sec / 2000, 0.03) << retries;
    EXPECT_NEAR(run.use.messages / 200'000, settled->answered_per_sec / 2000, 0.01) << retries;
  }
}

TEST(PatternRuns, WorkOnRequestsThatNobodyWaitsForWhenTheQueueIsLongerThanTheTimeOut) {
  DirectParameters parameters = direct();
  parameters.seats = 100'000;  // never sold out: whatever is worked off takes a seat
  const PatternRun run = simulate_direct(parameters, 1);
  EXPECT_GT(run.sold_to_nobody, 1000U);
  EXPECT_GT(run.without_answer(), 0.5);
  parameters.service_queue = 200;  // refuses early: what it takes in, it answers in time
  EXPECT_EQ(simulate_direct(parameters, 1).sold_to_nobody, 0U);
}

TEST(PatternRuns, GrowTheQueuesWorkersAsItsMappingDoes) {
  QueueParameters parameters = queue();
  parameters.api_per_sec = parameters.api_burst = 1e6;
  parameters.backend_per_sec = 1e6;
  const PatternRun run = simulate_queue(parameters, 1);
  // 5 + 5t batches at 10 messages a second each: 50t + 25t² = 20,000 at t = 27.3 s.
  EXPECT_NEAR(run.most_workers, 5 + 5 * 27.3, 3);
  EXPECT_EQ(run.without_answer(), 0);
  // The last has pressed within 4 s, and asks once more within an interval.
  EXPECT_NEAR(run.answer.max_sec, 27.3 - 4 + parameters.poll_interval_sec, 3);
}

TEST(PatternRuns, ThrottleFunctionsBeyondTheirLimit) {
  ServerlessParameters parameters = serverless();
  parameters.api_per_sec = parameters.api_burst = 1e6;
  const PatternRun run = simulate_serverless(parameters, 1);
  EXPECT_LE(run.most_workers, 100);
  EXPECT_GT(run.loads[1].refused, 0U);
}

TEST(Together, MixesTwoGroupsOfWaits) {
  const WaitSummary quick{100, 1, 1, 1.8, 1.9, 1.98, 2};
  const WaitSummary slow{300, 11, 11, 11.8, 11.9, 11.98, 12};
  const WaitSummary both = together(quick, slow);
  EXPECT_EQ(both.count, 400U);
  EXPECT_DOUBLE_EQ(both.mean_sec, 8.5);
  EXPECT_DOUBLE_EQ(both.max_sec, 12);
  EXPECT_GT(both.p50_sec, 2);
  EXPECT_LT(both.p50_sec, 11);
  EXPECT_NEAR(both.p95_sec, 11.83, 0.1);
  EXPECT_DOUBLE_EQ(together(quick, {}).p95_sec, 1.9);
}

}  // namespace
}  // namespace tacos::plan
