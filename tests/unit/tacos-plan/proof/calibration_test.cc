#include "tacos-plan/proof/calibration.h"

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tacos-plan/demand/inputs_reader.h"
#include "tacos-plan/models/usl.h"
#include "unit/tacos-plan/proof/sale_run.h"

namespace tacos::plan {
namespace {

using measure::RunReport;
using measure::UserState;
using testing::Contains;
using testing::HasSubstr;
using Q = Quantity;

const MeasuredValue* value_of(const Calibration& calibration, Q quantity) {
  for (const auto& value : calibration.values) {
    if (value.quantity == quantity) return &value;
  }
  return nullptr;
}

Calibration calibrated(std::vector<RunReport> reports) {
  std::vector<MeasuredRun> runs;
  for (auto& report : reports) runs.push_back({"run" + std::to_string(runs.size() + 1), std::move(report)});
  auto calibration = calibrate(runs);
  EXPECT_TRUE(calibration.has_value()) << calibration.error().message;
  return *calibration;
}

// The value of one run, NaN when the run could not tell.
double measured(RunReport report, Q quantity) {
  const auto calibration = calibrated({std::move(report)});
  const auto* value = value_of(calibration, quantity);
  return value == nullptr ? std::nan("") : value->value;
}

RunReport passed() {
  RunReport run;
  run.verdict = "passed";
  run.started_at = "2026-11-21T08:00:00.000Z";
  return run;
}

// A ladder against a target that follows the law: each rung offers a share of its ceiling, and answers in the time that
// Little's law gives the concurrency at which the law has that throughput.
RunReport ladder(const ScalabilityLaw& law, double overload) {
  RunReport run = passed();
  for (double n = 1; n <= 400; n *= 1.7) {
    RunReport::Rung rung;
    rung.achieved_rps = usl_throughput(law, n);
    rung.offered_rps = n > 200 ? rung.achieved_rps * overload : rung.achieved_rps;
    RunReport::Step status;
    status.service_time_ms.mean = n / rung.achieved_rps * 1000;
    rung.steps.emplace_back("status", status);
    run.rungs.push_back(rung);
  }
  return run;
}

TEST(Calibration, TakesThePollingIntervalAsItWas) {
  RunReport run = passed();
  run.users.poll_interval_effective_sec = 4.25;
  EXPECT_DOUBLE_EQ(measured(run, Q::kPollInterval), 4.25);
}

TEST(Calibration, TakesSharesOfThoseWhoWereThere) {
  RunReport run = passed();
  run.users.admitted = 1000;
  run.users.entered = 800;
  run.users.confirmed = 600;
  EXPECT_DOUBLE_EQ(measured(run, Q::kConversion), 0.75);
  EXPECT_DOUBLE_EQ(measured(run, Q::kNoShow), 0.2);
}

TEST(Calibration, TakesNoShareOfAFew) {
  RunReport run = passed();
  run.users.admitted = run.users.entered = 99;
  run.users.confirmed = 50;
  const auto calibration = calibrated({run});
  EXPECT_EQ(value_of(calibration, Q::kConversion), nullptr);
  EXPECT_THAT(calibration.left, Contains(HasSubstr("run1: conversion: too few entered")));
}

// 1,000 people in line for 60 s, of whom 200 gave up: one for every 300 s that was waited.
TEST(Calibration, TakesPatienceFromAllWaiting) {
  RunReport run = passed();
  run.interval_sec = 2;
  run.intervals.resize(30);
  for (auto& interval : run.intervals) of_state(interval, UserState::kWaiting) = 1000;
  run.users.abandoned = 200;
  EXPECT_DOUBLE_EQ(measured(run, Q::kPatience), 300);
  run.users.abandoned = 99;
  EXPECT_TRUE(std::isnan(measured(run, Q::kPatience)));
}

// An even stream over 20 s: the middle 90 % of it are 18 to 19 whole seconds.
TEST(Calibration, TakesTheTimeOverWhichTheCrowdCame) {
  RunReport run = passed();
  run.intervals.resize(40);
  for (std::size_t i = 0; i < run.intervals.size(); ++i) {
    run.intervals[i].t_sec = static_cast<double>(i);
    if (i < 20) run.intervals[i].steps.push_back({"join", 50, {}, 1, 2});
  }
  run.users.started = 1000;
  EXPECT_NEAR(measured(run, Q::kGatherTime), 20, 1.2);
  // Those who come back after they were told that it is sold out do not make the crowd slower.
  run.intervals[35].steps.push_back({"join", 900, {}, 1, 2});
  EXPECT_NEAR(measured(run, Q::kGatherTime), 20, 1.2);
}

TEST(Calibration, TakesTheMedianOfSeveralRuns) {
  std::vector<RunReport> runs(4, passed());
  const double intervals[] = {9, 2, 5, 7};
  for (std::size_t i = 0; i < 4; ++i) runs[i].users.poll_interval_effective_sec = intervals[i];
  const auto of_four = calibrated(runs);
  ASSERT_NE(value_of(of_four, Q::kPollInterval), nullptr);
  EXPECT_DOUBLE_EQ(value_of(of_four, Q::kPollInterval)->value, 5) << "of an even number the lower";
  EXPECT_THAT(value_of(of_four, Q::kPollInterval)->source, HasSubstr("measured: run3 (median of 4 runs), 2026-11-21"));
  runs.pop_back();
  EXPECT_DOUBLE_EQ(value_of(calibrated(runs), Q::kPollInterval)->value, 5);
}

TEST(Calibration, TakesCapacityFromALadderThatWentBeyondIt) {
  const ScalabilityLaw law{100, 0.02, 0.0001};
  const double ceiling = usl_most_throughput(law).value();
  EXPECT_NEAR(measured(ladder(law, 1.2), Q::kPodCapacity), ceiling, 1e-3 * ceiling);
}

TEST(Calibration, TakesNoCapacityFromALadderThatWasCarried) {
  const auto calibration = calibrated({ladder({100, 0.02, 0.0001}, 1)});
  EXPECT_EQ(value_of(calibration, Q::kPodCapacity), nullptr);
  EXPECT_THAT(calibration.left, Contains(HasSubstr("every rung was carried")));
}

TEST(Calibration, RefusesAFitWithANegativeCoefficient) {
  const auto calibration = calibrated({ladder({100, -0.002, 0.00001}, 1.2)});
  EXPECT_EQ(value_of(calibration, Q::kPodCapacity), nullptr);
  EXPECT_THAT(calibration.left, Contains(testing::AllOf(HasSubstr("pod_capacity"), HasSubstr("negative"))));
}

TEST(Calibration, TakesNoCapacityFromAFewRungs) {
  RunReport run = ladder({100, 0.02, 0.0001}, 1.2);
  run.rungs.resize(5);
  EXPECT_THAT(calibrated({run}).left, Contains(HasSubstr("5 rungs, and a fit takes 6")));
}

TEST(Calibration, LeavesOutWhatNoPlanTakes) {
  RunReport run = passed();
  run.users.admitted = run.users.entered = 500;  // and nobody bought
  run.users.poll_interval_effective_sec = 4000;
  const auto calibration = calibrated({run});
  EXPECT_EQ(value_of(calibration, Q::kConversion), nullptr);
  EXPECT_EQ(value_of(calibration, Q::kPollInterval), nullptr);
  EXPECT_THAT(calibration.left, Contains("conversion: 0 is out of the range that a plan takes"));
  EXPECT_THAT(calibration.left, Contains("poll_interval_sec: 4000 is out of the range that a plan takes"));
}

TEST(Calibration, RefusesInvalidAndInterruptedRuns) {
  RunReport invalid = passed(), interrupted = passed();
  invalid.verdict = "invalid";
  interrupted.interrupted = true;
  for (const auto& run : {invalid, interrupted}) {
    const auto refused = calibrate({{"good", passed()}, {"bad", run}});
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().message, "bad: the run is invalid and proves nothing; leave it out");
  }
}

TEST(Calibration, IsReadBackAsInputsWithItsSources) {
  const auto calibration = calibrated({run_that_keeps(planned(small_sale()))});
  PlanInputs inputs;
  const auto read = read_inputs(calibration_json(calibration), "measured.json", inputs);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  ASSERT_FALSE(calibration.values.empty());
  for (const auto& value : calibration.values) {
    EXPECT_DOUBLE_EQ(inputs[value.quantity], value.value);
    EXPECT_EQ(inputs.source(value.quantity), value.source);
  }
}

}  // namespace
}  // namespace tacos::plan
