#include "tacos-plan/proof/promise_check.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tacos-plan/proof/component_check.h"
#include "unit/tacos-plan/proof/sale_run.h"

namespace tacos::plan {
namespace {

using measure::Outcome;
using measure::UserState;
using testing::HasSubstr;
using Q = Quantity;
using Verdict = PromiseCheck::Verdict;

class PromiseCheckTest : public testing::Test {
 protected:
  PromiseCheck check(const std::string& component) const {
    for (const auto& check : verify_plan(plan_, run_).checks) {
      if (check.component == component) return check;
    }
    ADD_FAILURE() << "nothing is said of " << component;
    return {};
  }
  std::string verdict(const std::string& component) const { return std::string(name_of(check(component).verdict)); }
  PlanVerification verification() const { return verify_plan(plan_, run_); }

  Plan plan_ = planned(small_sale());
  measure::RunReport run_ = run_that_keeps(plan_);
};

TEST_F(PromiseCheckTest, ARunThatDidWhatThePlanSaysKeepsEveryPromise) {
  const auto all = verification();
  EXPECT_FALSE(all.run_invalid);
  EXPECT_FALSE(all.broken());
  for (const char* component : {"status latency", "errors", "polling load", "crowd", "admission bound",
                                "time to sell out", "seats", "wait", "sold out", "order", "fairness"}) {
    EXPECT_EQ(verdict(component), "kept") << component << ": " << check(component).why;
  }
  EXPECT_EQ(all.count(Verdict::kKept), 11U);
  EXPECT_EQ(all.count(Verdict::kNotTested), plan_.headroom.size());
}

TEST_F(PromiseCheckTest, AKeptPromiseNeedsNoReasonAndTheOthersHaveOne) {
  run_.outcomes[static_cast<std::size_t>(Outcome::kTimeout)] = 1000;
  for (const auto& check : verification().checks) {
    EXPECT_EQ(check.why.empty(), check.verdict == Verdict::kKept) << check.component;
    EXPECT_FALSE(check.promised.empty());
  }
}

TEST_F(PromiseCheckTest, ASlowStatusAnswerBreaksTheLatency) {
  run_.steps[0].second.response_time_ms.p99 = 100;
  EXPECT_EQ(verdict("status latency"), "broken");
  EXPECT_EQ(check("status latency").why, "2.0 times the promise");
  EXPECT_TRUE(verification().broken());
}

TEST_F(PromiseCheckTest, AP99OfFewRequestsTestsNothing) {
  run_.steps[0].second.count = 999;
  EXPECT_EQ(verdict("status latency"), "not tested");
  run_.steps.clear();
  EXPECT_EQ(verdict("status latency"), "not tested");
}

TEST_F(PromiseCheckTest, TooManyFailuresBreakTheErrors) {
  const auto all = run_.outcomes[static_cast<std::size_t>(Outcome::kOk)];
  run_.outcomes[static_cast<std::size_t>(Outcome::kTimeout)] = all / 1000 - 1;
  EXPECT_EQ(verdict("errors"), "kept");
  run_.outcomes[static_cast<std::size_t>(Outcome::kTimeout)] = all / 1000 + 2;
  EXPECT_EQ(verdict("errors"), "broken");
}

TEST_F(PromiseCheckTest, MoreTicketsThanSeatsIsOversold) {
  run_.users.confirmed = 101;
  EXPECT_EQ(verdict("seats"), "broken");
  EXPECT_EQ(check("seats").measured, "101 sold");
}

TEST_F(PromiseCheckTest, OneClumpOfCallsBreaksTheAdmissionBound) {
  auto& clump = run_.intervals[5].admitted;
  // A poll every second may bring the turns of one second more, and no more than that.
  clump = 100;
  run_.intervals[6].admitted = 0;
  EXPECT_EQ(verdict("admission bound"), "kept") << check("admission bound").why;
  clump = 103;
  EXPECT_EQ(verdict("admission bound"), "broken");
  EXPECT_THAT(check("admission bound").why, HasSubstr("3 more than that in some window"));
}

TEST_F(PromiseCheckTest, SlowerSellingThanPlannedIsBroken) {
  for (auto& interval : run_.intervals) interval.admitted = interval.t_sec >= 5 && interval.t_sec < 11 ? 17 : 0;
  EXPECT_EQ(verdict("time to sell out"), "broken");
  run_.users.admitted = 90;
  EXPECT_EQ(verdict("time to sell out"), "not tested");
}

TEST_F(PromiseCheckTest, SomebodyWhoWaitedLongerBreaksTheWait) {
  run_.users.time_to_admission_ms.max = 305'001;  // 300 s of the opening, which is 5 s after the first joined
  EXPECT_EQ(verdict("wait"), "broken");
  run_.users.time_to_admission_ms.max = 305'000;
  EXPECT_EQ(verdict("wait"), "kept");
  run_.users.admitted = 0;
  EXPECT_EQ(verdict("wait"), "not tested");
}

TEST_F(PromiseCheckTest, TellingTheLineLateIsBroken) {
  for (auto& interval : run_.intervals) of_state(interval, UserState::kToldSoldOut) = 0;
  of_state(run_.intervals.back(), UserState::kToldSoldOut) = 900;
  run_.intervals.back().t_sec = 7 + plan_.selling.told_sec - plan_.selling.sellout_sec + 2;
  EXPECT_EQ(verdict("sold out"), "broken") << check("sold out").measured;
  run_.users.sold_out = 0;
  EXPECT_EQ(verdict("sold out"), "not tested");
}

TEST_F(PromiseCheckTest, NothingIsPromisedOfTellingWhereTheLineIsNotTold) {
  PlanInputs inputs = small_sale();
  inputs.at_sell_out = AtSellOut::kGoOn;
  plan_ = planned(inputs);
  for (const auto& check : verification().checks) EXPECT_NE(check.component, "sold out");
}

TEST_F(PromiseCheckTest, APositionThatRoseAndAnOvertakenUserAreBroken) {
  run_.users.position_rises = 1;
  run_.users.fairness.overtaken = 2;
  EXPECT_EQ(verdict("order"), "broken");
  EXPECT_EQ(verdict("fairness"), "broken");
}

TEST_F(PromiseCheckTest, FewerUsersOrALowerPeakTestNothing) {
  run_.users.started = 900;
  for (auto& interval : run_.intervals) {
    for (auto& step : interval.steps) step.count /= 2;
  }
  EXPECT_EQ(verdict("crowd"), "not tested");
  EXPECT_EQ(verdict("polling load"), "not tested");
  EXPECT_THAT(check("polling load").why, HasSubstr("50 % of the plan's peak"));
  EXPECT_FALSE(verification().broken());
}

TEST_F(PromiseCheckTest, WhatWasOfferedButNotAnsweredBreaksTheLoad) {
  run_.rate.achieved_rps = 0.98 * run_.rate.offered_rps;
  EXPECT_EQ(verdict("polling load"), "broken");
}

TEST_F(PromiseCheckTest, AnInvalidOrInterruptedRunProvesNothing) {
  run_.verdict = "invalid";
  EXPECT_TRUE(verification().run_invalid);
  run_.verdict = "passed";
  run_.interrupted = true;
  EXPECT_TRUE(verification().run_invalid);
}

TEST_F(PromiseCheckTest, ARunOfOneRequestTestsLatencyErrorsAndLoad) {
  run_.users = {};
  run_.steps[0].first = "request";
  for (auto& interval : run_.intervals) {
    interval.admitted = 0;
    interval.steps = {{"request", interval.offered, {}, 1, 2}};
  }
  const auto all = verification();
  EXPECT_EQ(all.count(Verdict::kKept), 3U);
  EXPECT_EQ(all.checks.size(), 3 + plan_.headroom.size());
}

TEST_F(PromiseCheckTest, AnEmptyReportTestsNothing) {
  run_ = {};
  EXPECT_EQ(verification().count(Verdict::kNotTested), verification().checks.size());
}

measure::ComponentInterval interval_with(double t_sec, double gateway, double redis_a, double redis_b) {
  const auto used = [](double cores, double commands) {
    measure::ComponentUse use;
    use.observed_sec = 1;
    use.flows[static_cast<std::size_t>(measure::Flow::kCpu)] = cores;
    use.flows[static_cast<std::size_t>(measure::Flow::kCommands)] = commands;
    return use;
  };
  return {t_sec, {{"gateway-1", used(gateway, 0)}, {"redis[a]", used(redis_a, 100)}, {"redis[b]", used(redis_b, 50)}}};
}

TEST_F(PromiseCheckTest, WatchedPartsAreHeldAgainstThePlan) {
  run_.interval_sec = 1;
  run_.components.push_back({.name = "gateway-1", .source = "pid:1", .kind = "process"});
  run_.components.push_back({.name = "redis[a]", .source = "redis://a", .kind = "redis"});
  run_.component_intervals = {interval_with(0, 0.01, 0.01, 0.01), interval_with(1, 0.02, 0.03, 0.02)};
  EXPECT_EQ(*peak_of_components(run_, "redis", measure::Flow::kCpu), 0.05) << "the shards together, in one interval";
  EXPECT_EQ(*peak_of_components(run_, "redis", measure::Flow::kCommands), 150);
  EXPECT_FALSE(peak_of_components(run_, "nginx", measure::Flow::kCpu).has_value());
  for (const char* component : {"gateway CPU", "Redis CPU", "Redis commands"}) {
    EXPECT_EQ(verdict(component), "kept") << component << ": " << check(component).why;
  }
  EXPECT_THAT(check("Redis CPU").measured, HasSubstr("0.05 cores in the busiest interval"));

  run_.component_intervals.push_back(interval_with(2, 0.02, 0.9, 0.9));
  EXPECT_EQ(verdict("Redis CPU"), "broken");
  EXPECT_EQ(check("Redis CPU").why, "more than the plan has room for");
}

TEST_F(PromiseCheckTest, APartThatNobodyWatchedIsNotTested) {
  run_.components.push_back({.name = "redis", .source = "redis://a", .kind = "redis"});
  EXPECT_EQ(verdict("gateway CPU"), "not tested");
  EXPECT_THAT(check("gateway CPU").why, HasSubstr("--observe gateway="));
  EXPECT_THAT(check("Redis CPU").why, HasSubstr("did not tell"));
}

}  // namespace
}  // namespace tacos::plan
