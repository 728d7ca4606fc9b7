#include "tacos-plan/plan/planner.h"

#include <algorithm>
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tacos-plan/plan/gateway_plan.h"
#include "tacos-plan/plan/limits.h"
#include "unit/tacos-plan/plan/planned.h"

namespace tacos::plan {
namespace {

using enum Quantity;
using testing::HasSubstr;

// The sale of the original design: 300,000 users, 10,000 seats, 5 minutes. Expected values are worked by hand here.
TEST(Planner, TakesTheGreaterOfSeatsAndWaitWhileTheBackendsCarryIt) {
  const Plan plan = planned(PlanInputs());
  EXPECT_NEAR(plan.admission.by_seats, 10'000.0 / 1800, 1e-9);
  EXPECT_DOUBLE_EQ(plan.admission.by_wait, 1000);
  EXPECT_DOUBLE_EQ(plan.admission.by_backend, 2100);  // 3,000/s × 70 %
  EXPECT_DOUBLE_EQ(plan.admission.rate, 1000);
  EXPECT_EQ(plan.admission.chosen_by, "wait");
  EXPECT_FALSE(plan.admission.conflict);
  EXPECT_DOUBLE_EQ(plan.admission.longest_wait, 300);
  EXPECT_DOUBLE_EQ(plan.admission.mean_wait, 150);
  EXPECT_DOUBLE_EQ(plan.admission.p90_wait, 270);
  EXPECT_DOUBLE_EQ(plan.selling.sellout_sec, 10);
  EXPECT_DOUBLE_EQ(plan.selling.in_vain, 290'000);
}

TEST(Planner, IsHeldBackByTheTightestBackendAndSaysThatTheRulesConflict) {
  const Plan plan = planned(inputs_with({{kReservationCapacity, 500}}));
  EXPECT_EQ(plan.admission.chosen_by, "backend");
  EXPECT_DOUBLE_EQ(plan.admission.rate, 350);
  EXPECT_TRUE(plan.admission.conflict);
  EXPECT_NEAR(plan.admission.longest_wait, 300'000.0 / 350, 1e-9);
  ASSERT_NE(warning_of(plan, "RULES_CONFLICT"), nullptr);
  EXPECT_EQ(plan.warnings.front().severity, Severity::kConflict);
}

TEST(Planner, TakesSeatsWhenTheyAskForMore) {
  const Plan plan = planned(inputs_with({{kSeats, 200'000}, {kSaleTime, 100}, {kTargetWait, 3000}}));
  EXPECT_EQ(plan.admission.chosen_by, "seats");
  EXPECT_DOUBLE_EQ(plan.admission.rate, 2000);
}

TEST(Planner, KeepsARateThatIsGivenAndJudgesIt) {
  EXPECT_EQ(planned(inputs_with({{kAdmissionRate, 1500}})).admission.chosen_by, "given");
  EXPECT_NE(warning_of(planned(inputs_with({{kAdmissionRate, 5000}})), "RATE_OVER_BACKEND"), nullptr);
  EXPECT_NE(warning_of(planned(inputs_with({{kAdmissionRate, 100}})), "PROMISE_NOT_KEPT"), nullptr);
}

TEST(Planner, LetsTheWaitBePromisedToLessThanAll) {
  // 95 % of 300,000 within 300 s of a burst: 950/s. Newell's fluid queue; the wait of the k-th is k ÷ a.
  const Plan plan = planned(inputs_with({{kTargetPercentile, 95}}));
  EXPECT_DOUBLE_EQ(plan.admission.rate, 950);
  EXPECT_NEAR(plan.admission.promised_wait, 300, 1e-9);
  EXPECT_GT(plan.admission.longest_wait, 300);
}

TEST(Planner, CountsARampOfArrivalsAgainstTheWait) {
  // Arrivals over T = 100 s: N ÷ a − T = 300, so a = 300,000 ÷ 400.
  const Plan plan = planned(inputs_with({{kArrivalTime, 100}}));
  EXPECT_DOUBLE_EQ(plan.admission.rate, 750);
  EXPECT_NEAR(plan.admission.longest_wait, 300, 1e-9);
  EXPECT_NEAR(plan.admission.longest_queue, 300'000 - 75'000, 1e-6);
}

TEST(Planner, TellsThoseWhoComeAfterTheLastPaymentAtTheDoor) {
  // An hour of arrivals of which the first minutes take all seats: nine in ten find out when they come.
  const Plan plan = planned(inputs_with({{kArrivalTime, 3600}}));
  const SellingPlan& s = plan.selling;
  EXPECT_DOUBLE_EQ(s.answer_p50_wait, 0);
  EXPECT_DOUBLE_EQ(s.answer_p90_wait, 0);
  EXPECT_GT(s.answer_p99_wait, s.answer_mean_wait);
  EXPECT_LE(s.answer_p99_wait, s.answer_longest_wait);
  EXPECT_NEAR(s.answer_longest_wait, s.told_sec - s.admissions * 3600 / 300'000, 1e-6);
}

TEST(Planner, CountsTheLineThatGrowsWhileTheLastSeatsArePaid) {
  // 1,000/s come and 500/s are let in until the 10,000 seats are taken; nobody is, from then to the last payment.
  const Plan plan = planned(inputs_with({{kArrivalTime, 300}}));
  EXPECT_NEAR(plan.selling.peak_line, 1000 * plan.selling.last_paid_sec - 10'000, 1e-6);
  EXPECT_GT(plan.selling.peak_line, plan.admission.longest_queue);
  EXPECT_NEAR(plan.polling.status_rps, plan.selling.peak_line / 5, 1e-6);
  double longest = 0;
  for (const auto& point : plan.timeline) longest = std::max(longest, point.in_line_if_told);
  EXPECT_NEAR(longest, plan.selling.peak_line, 0.01 * plan.selling.peak_line);
}

TEST(Planner, SpreadsOverShardsOnlyAsManyBucketsAsTheyHold) {
  // Eight buckets on one shard are on one core all the same.
  const Plan together = planned(inputs_with({{kLineBuckets, 8}, {kRedisShards, 1}}));
  EXPECT_NEAR(together.redis.hot_slot.cpu_cores, together.redis.cpu_cores, 1e-12);
  const Plan apart = planned(inputs_with({{kLineBuckets, 8}, {kRedisShards, 8}}));
  EXPECT_LT(apart.redis.hot_slot.cpu_cores, together.redis.hot_slot.cpu_cores / 2);
  EXPECT_LT(apart.redis.hot_slot.memory_bytes, together.redis.hot_slot.memory_bytes);
  // And as many shards are planned as bring the slot within its limit.
  const Plan large =
      planned(inputs_with({{kUsers, 20'000'000}, {kTargetWait, 3600}, {kGatherTime, 3600}, {kLineBuckets, 16}}));
  EXPECT_LE(large.redis.hot_slot.utilisation, 0.7);
}

TEST(Planner, SaysWhenOneShardCannotHoldTheLine) {
  const Plan plan = planned(inputs_with({{kUsers, 1e8}, {kTargetWait, 86'400}}));
  EXPECT_NE(warning_of(plan, "SLOT_MEMORY_FULL"), nullptr);
  EXPECT_EQ(plan.redis.shards, 1u);
}

TEST(Planner, LeavesASmallNodeTheMemoryThatItKeepsBack) {
  // The provider's "Managing reserved memory": half of a micro.
  PlanInputs inputs;
  ASSERT_TRUE(inputs.choose("redis_node", "cache.t4g.micro", "test").has_value());
  const Plan plan = planned(inputs);
  EXPECT_DOUBLE_EQ(plan.redis.memory_limit, 0.5);
  EXPECT_NE(warning_of(plan, "BURSTABLE_NODE"), nullptr);
  EXPECT_EQ(warning_of(planned(PlanInputs()), "BURSTABLE_NODE"), nullptr);
}

TEST(Planner, KnowsHowManyVcpusTheGatewaysNodeHas) {
  PlanInputs inputs;
  ASSERT_TRUE(inputs.choose("gateway_node", "m7g.large", "test").has_value());
  EXPECT_DOUBLE_EQ(inputs[kNodeVcpu], 2);
  EXPECT_EQ(planned(inputs).gateway.nodes, 14u);  // 24 pods of a vCPU on nodes of 2, nine tenths of which pods get
  PlanInputs told = inputs_with({{kNodeVcpu, 3}});
  ASSERT_TRUE(told.choose("gateway_node", "m7g.large", "test").has_value());
  EXPECT_DOUBLE_EQ(told[kNodeVcpu], 3);
}

TEST(Planner, RoundsALineOfTheBillAsAWhole) {
  // 63,158 × $1.25 ÷ 10⁶ + 20,000 × $0.25 ÷ 10⁶ = $0.0839; its parts, rounded by themselves, would make $0.09.
  PlanInputs inputs;
  ASSERT_TRUE(inputs.choose("dynamodb_prices", "before-2024-11", "test").has_value());
  const Plan plan = planned(inputs);
  EXPECT_NEAR(plan.dynamodb.cost_usd_per_event, 0.0839, 5e-5);
  for (const auto& line : plan.cost.lines) {
    if (line.name == "DynamoDB") {
      EXPECT_DOUBLE_EQ(line.usd, 0.08);
    }
  }
}

TEST(Planner, NamesNoRateByAnswerWherePayingAloneTakesLongerThanThePromise) {
  const Plan slow = planned(inputs_with({{kTargetWait, 60}}));
  ASSERT_GT(slow.selling.told_sec - slow.selling.sellout_sec, 60);
  EXPECT_EQ(slow.admission.by_answer, 0);
  EXPECT_EQ(warning_of(slow, "RATE_HIGHER_THAN_NEEDED"), nullptr);
  const Plan quick = planned(inputs_with({{kTargetWait, 60}, {kCheckoutTime, 5}, {kHoldTtl, 30}}));
  ASSERT_GT(quick.admission.by_answer, 0);
  // At that rate the last one knows at the promised moment.
  PlanInputs at_that_rate = inputs_with({{kTargetWait, 60}, {kCheckoutTime, 5}, {kHoldTtl, 30}});
  ASSERT_TRUE(at_that_rate.set(kAdmissionRate, quick.admission.by_answer, "test", "test").has_value());
  EXPECT_NEAR(planned(at_that_rate).selling.told_sec, 60, 1e-6);
}

TEST(Planner, TakesTheRateByWaitForTheAnswerWhereThereIsASeatForEveryone) {
  const Plan plan = planned(inputs_with({{kUsers, 5000}, {kTargetWait, 60}}));
  EXPECT_DOUBLE_EQ(plan.admission.by_answer, plan.admission.by_wait);
}

TEST(Planner, SellsThroughEveryoneWhenThereAreMoreSeatsThanPeople) {
  const Plan plan = planned(inputs_with({{kUsers, 5000}}));
  EXPECT_FALSE(plan.selling.sells_out);
  EXPECT_DOUBLE_EQ(plan.selling.in_vain, 0);
  EXPECT_DOUBLE_EQ(plan.selling.told_sec, 0);
  EXPECT_EQ(warning_of(plan, "SOLD_OUT_EARLY"), nullptr);
}

TEST(Planner, NeedsMoreAdmissionsWhenNotEveryoneBuys) {
  const Plan plan = planned(inputs_with({{kConversion, 0.5}, {kNoShow, 0.2}, {kTicketsPerBuyer, 2}}));
  EXPECT_NEAR(plan.selling.admissions, 10'000 / (2 * 0.5 * 0.8), 1e-6);
  EXPECT_NEAR(plan.dynamodb.purchases, 5000, 1e-6);
}

TEST(Planner, PaysForTheStopAtTheLastSeatWithFarFewerPolls) {
  const PlanInputs stopping = inputs_with({{kCheckoutTime, 5}, {kHoldTtl, 30}});
  PlanInputs going_on = stopping;
  ASSERT_TRUE(going_on.choose("at_sell_out", "go-on", "test").has_value());
  const Plan on = planned(going_on), stop = planned(stopping);
  EXPECT_NEAR(on.polling.polls_per_event, 9e6, 1);  // N × mean wait ÷ interval = 300,000 × 150 ÷ 5
  EXPECT_LT(stop.polling.polls_per_event, on.polling.polls_per_event / 2);
}

TEST(Planner, AsksLessOftenByPosition) {
  PlanInputs inputs;
  ASSERT_TRUE(inputs.choose("poll", "by-position", "test").has_value());
  const Plan plan = planned(inputs);
  EXPECT_DOUBLE_EQ(plan.polling.fixed_rps, 60'000);
  EXPECT_LT(plan.polling.status_rps, 30'000);
  EXPECT_GT(plan.polling.status_rps, 15'000);  // nobody asks less often than every 20 s
}

TEST(Planner, PutsOneEventIntoOneSlotWhateverTheShards) {
  const Plan plan = planned(inputs_with({{kRedisShards, 5}}));
  EXPECT_EQ(plan.redis.shards, 5u);
  EXPECT_EQ(plan.redis.shards_used, 1u);
  EXPECT_EQ(plan.redis.nodes, 10u);
  EXPECT_DOUBLE_EQ(plan.redis.hot_slot.cpu_cores, planned(PlanInputs()).redis.hot_slot.cpu_cores);
}

TEST(Planner, SpreadsWhatMayBeSpreadOverBuckets) {
  const auto hot = [](double users, double buckets) {
    const Plan plan = planned(inputs_with(
        {{kUsers, users}, {kTargetWait, 3600}, {kGatherTime, 3600}, {kRedisShards, 4}, {kLineBuckets, buckets}}));
    EXPECT_EQ(plan.redis.shards_used, buckets);
    return plan.redis.hot_slot.cpu_cores;
  };
  EXPECT_LT(hot(10'000'000, 4), 0.7 * hot(10'000'000, 1)) << "heartbeats and entries are what is much";
  EXPECT_GT(hot(30'000, 4), hot(30'000, 1)) << "buckets cost their ticks";
}

// What fills all shards together need not be what fills the one that numbers the joins.
TEST(Planner, JudgesTheHotSlotInItsOwnHardestPhase) {
  const auto hot = [](double rate) {
    return planned(inputs_with({{kUsers, 3'000'000},
                                {kSeats, 3'000'000},
                                {kGatherTime, 75},
                                {kAdmissionRate, rate},
                                {kLineBuckets, 16},
                                {kRedisShards, 16}}))
        .redis.hot_slot.cpu_cores;
  };
  EXPECT_GT(hot(60'000), 0.6);
  EXPECT_GE(hot(80'000), hot(60'000));
}

TEST(Planner, DoesNotTakeTheBlocksOfTicketsForBucketsWhenThereAreAsMany) {
  // 8,192 users fill 8 blocks of tickets, which stay with the event's own tag whatever the number of buckets.
  const auto hot = [](double buckets) {
    return planned(inputs_with({{kUsers, 8192}, {kLineBuckets, buckets}, {kRedisShards, 16}}))
        .redis.hot_slot.memory_bytes;
  };
  EXPECT_GT(hot(7), hot(8));
  EXPECT_LT((hot(7) - hot(8)) / hot(8), 0.05);
}

TEST(Planner, NeedsMuchLessOfRedisByWatermarkThanByIndexAndCantDoItByKeys) {
  const Plan plan = planned(PlanInputs());
  ASSERT_EQ(plan.redis.strategies.size(), 3u);
  const double keys = plan.redis.strategies[0].cpu_cores, index = plan.redis.strategies[1].cpu_cores,
               watermark = plan.redis.strategies[2].cpu_cores;
  EXPECT_GT(keys, 1000);
  // 60,000 statuses a second by index are more than a core: 57,000 were measured, with 50,000 in line.
  EXPECT_GT(index, 1);
  EXPECT_LT(index, 1.5);
  EXPECT_LT(watermark, index / 5);
}

TEST(Planner, SizesPodsByCpuConnectionsAndTheLossOfAZone) {
  const Plan plan = planned(PlanInputs());
  // 65,000/s ÷ (5,000/s × 60 %) = 22; 300,000 ÷ 16,000 = 19; both below 65,000 ÷ 5,000 × 3/2 = 20; in three zones: 24.
  EXPECT_EQ(plan.gateway.pods_by_cpu, 22u);
  EXPECT_EQ(plan.gateway.pods_by_connections, 19u);
  EXPECT_EQ(plan.gateway.pods, 24u);
  EXPECT_EQ(planned(inputs_with({{kPodCapacity, 1e6}, {kPodConnections, 1e6}})).gateway.pods, 3u);
}

TEST(Planner, ScalesUpByTheRulesOfTheHorizontalPodAutoscaler) {
  // Kubernetes, Horizontal Pod Autoscaling: at most the larger of 4 pods and 100 % every 15 s: 3 → 7 → 14 → 28.
  const PlanInputs in = inputs_with({{kMetricDelay, 15}, {kScalerPeriod, 15}, {kPodStart, 20}, {kNodeStart, 60}});
  EXPECT_DOUBLE_EQ(scale_up_seconds(in, 3, 24), 15 + 3 * 15 + 20 + 60);
  EXPECT_DOUBLE_EQ(scale_up_seconds(in, 3, 7), 15 + 15 + 20 + 60);
  EXPECT_DOUBLE_EQ(scale_up_seconds(in, 24, 24), 0);
}

TEST(Planner, CountsWritesByPurchases) {
  const Plan plan = planned(
      inputs_with({{kWritesPerPurchase, 4}, {kTransactionShare, 0.5}, {kFailedWriteShare, 0}, {kItemBytes, 1000}}));
  EXPECT_DOUBLE_EQ(plan.dynamodb.writes, 40'000);
  EXPECT_DOUBLE_EQ(plan.dynamodb.write_units, 60'000);  // half of them double
  EXPECT_DOUBLE_EQ(plan.dynamodb.read_units, 20'000);   // 4 KB a unit, half when eventually consistent
  // 60,000 × $0.625 + 20,000 × $0.125 a million, each line to the cent.
  EXPECT_NEAR(plan.dynamodb.cost_usd_per_event, 0.04, 1e-9);
}

TEST(Planner, NamesWhatTheRegionHasNoPriceForAndGivesNoNumberForIt) {
  PlanInputs inputs;
  ASSERT_TRUE(inputs.choose("region", "ap-northeast-2", "test").has_value());
  const Plan plan = planned(inputs);
  EXPECT_FALSE(plan.cost.unpriced.empty());
  EXPECT_NE(warning_of(plan, "PRICE_MISSING"), nullptr);
  for (const auto& line : plan.cost.lines) EXPECT_NE(line.name, "Redis nodes");
}

TEST(Planner, RefusesARegionAndANodeThatItDoesNotKnow) {
  PlanInputs inputs;
  ASSERT_TRUE(inputs.choose("region", "mars-north-1", "test").has_value());
  const auto region = catalogues_for(inputs, "");
  ASSERT_FALSE(region.has_value());
  EXPECT_THAT(region.error().message, testing::AllOf(HasSubstr("mars-north-1"), HasSubstr("us-east-1")));
  PlanInputs node;
  ASSERT_TRUE(node.choose("redis_node", "cache.z9.nano", "test").has_value());
  const auto refused = catalogues_for(node, "");
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().message, testing::AllOf(HasSubstr("cache.z9.nano"), HasSubstr("cache.m7g.xlarge")));
}

TEST(Planner, SaysWhichComponentBreaksFirstAndWhere) {
  const Plan plan = planned(inputs_with({{kPaymentCapacity, 1500}}));
  const Headroom* first = first_to_break(plan.headroom);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->component, "payment API");
  EXPECT_NEAR(first->breaks_at, 1050, 1e-6);  // 70 % of 1,500/s, one payment an admission
}

TEST(Planner, GivesAFormulaAndASourceForEveryNumberItDerives) {
  const Plan plan = planned(PlanInputs());
  EXPECT_GE(plan.derivations.size(), 25u);
  for (const auto& d : plan.derivations) {
    EXPECT_FALSE(d.formula.empty()) << d.name;
    EXPECT_FALSE(d.source.empty()) << d.name;
    EXPECT_FALSE(d.unit.empty()) << d.name;
    EXPECT_TRUE(std::isfinite(d.value)) << d.name;
  }
}

}  // namespace
}  // namespace tacos::plan
