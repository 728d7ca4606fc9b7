#include <algorithm>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "core/random.h"
#include "tacos-plan/proof/promise_check.h"

namespace tacos::plan {
namespace {

using Interval = measure::RunReport::Interval;

std::vector<Interval> seconds_of(const std::vector<std::uint64_t>& admitted) {
  std::vector<Interval> intervals(admitted.size());
  for (std::size_t i = 0; i < admitted.size(); ++i) {
    intervals[i].t_sec = static_cast<double>(i);
    intervals[i].admitted = admitted[i];
  }
  return intervals;
}

// Every window, each by itself; the empty one too.
double by_every_window(const std::vector<Interval>& intervals, double rate, double burst, double lag, double length) {
  double most = -rate * lag - burst;
  for (std::size_t i = 0; i < intervals.size(); ++i) {
    double sum = 0;
    for (std::size_t j = i; j < intervals.size(); ++j) {
      sum += static_cast<double>(intervals[j].admitted);
      const double window = intervals[j].t_sec + length - intervals[i].t_sec;
      most = std::max(most, sum - rate * (window + lag) - burst);
    }
  }
  return most;
}

TEST(AdmissionsOverBound, AreNoneAtTheRate) {
  EXPECT_DOUBLE_EQ(admissions_over_bound(seconds_of({50, 50, 50}), 50, 0, 0, 1), 0);
  EXPECT_DOUBLE_EQ(admissions_over_bound({}, 50, 100, 0, 1), -100);
}

TEST(AdmissionsOverBound, AreFoundInOneSecondOfManyThatAreQuietOnTheWhole) {
  EXPECT_DOUBLE_EQ(admissions_over_bound(seconds_of({0, 0, 0, 0, 170, 0, 0, 0}), 50, 100, 0, 1), 20);
}

TEST(AdmissionsOverBound, AddUpOverSeconds) {
  EXPECT_DOUBLE_EQ(admissions_over_bound(seconds_of({0, 60, 60, 60, 0, 60}), 50, 0, 0, 1), 30);
}

// Someone told of a turn up to lag late: the turns of lag + 1 s may be told within one second.
TEST(AdmissionsOverBound, AllowForThePolling) {
  EXPECT_DOUBLE_EQ(admissions_over_bound(seconds_of({0, 0, 150, 50}), 50, 0, 2, 1), 0);
  EXPECT_DOUBLE_EQ(admissions_over_bound(seconds_of({0, 0, 151, 50}), 50, 0, 2, 1), 1);
}

TEST(AdmissionsOverBound, AreThoseOfTheWorstOfAllWindows) {
  core::Random random(20261121);
  for (int round = 0; round < 500; ++round) {
    const double length = random.below(2) == 0 ? 1 : 0.25;
    std::vector<Interval> intervals(random.below(40));
    double at = 0;
    for (auto& interval : intervals) {
      // Seconds in which nothing happened may be missing from a report.
      at += length * static_cast<double>(1 + random.below(2));
      interval.t_sec = at;
      interval.admitted = random.below(3) == 0 ? random.below(500) : random.below(60);
    }
    const double rate = 100 * random.uniform(), burst = static_cast<double>(random.below(100));
    const double lag = 3 * random.uniform();
    EXPECT_NEAR(admissions_over_bound(intervals, rate, burst, lag, length),
                by_every_window(intervals, rate, burst, lag, length), 1e-6);
  }
}

}  // namespace
}  // namespace tacos::plan
