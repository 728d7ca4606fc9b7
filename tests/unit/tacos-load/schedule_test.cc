#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "tacos-load/schedule/arrival_schedule.h"
#include "tacos-load/schedule/rate_profile.h"

namespace tacos::load {
namespace {

using core::Nanos;
using core::Rate;
using std::chrono::milliseconds;
using std::chrono::seconds;

RateStage stage(double from, double to, Nanos duration) {
  return {.name = "s", .from = Rate::per_second(from), .to = Rate::per_second(to), .duration = duration};
}

RateProfile headline() {
  return RateProfile({stage(1000, 30'000, seconds(60)), stage(30'000, 30'000, seconds(30))});
}

std::vector<Nanos> all_of(const ArrivalSchedule& schedule, std::uint32_t worker = 0, std::uint32_t workers = 1) {
  std::vector<Nanos> offsets;
  for (auto cursor = schedule.cursor(worker, workers); cursor.peek(); cursor.pop()) offsets.push_back(*cursor.peek());
  return offsets;
}

TEST(RateProfile, IntegratesTheHeadlineRampInClosedForm) {
  const RateProfile profile = headline();
  EXPECT_EQ(profile.duration(), seconds(90));
  // (1,000 + 30,000) / 2 × 60 s + 30,000 × 30 s
  EXPECT_DOUBLE_EQ(profile.total_arrivals(), 930'000 + 900'000);
  EXPECT_DOUBLE_EQ(profile.rate_at(seconds(0)), 1000);
  EXPECT_DOUBLE_EQ(profile.rate_at(seconds(30)), 15'500);
  EXPECT_DOUBLE_EQ(profile.rate_at(seconds(75)), 30'000);
  EXPECT_DOUBLE_EQ(profile.rate_at(seconds(90)), 0);
  // 1,000 t + (29,000 / 60) t² / 2 at t = 30
  EXPECT_DOUBLE_EQ(profile.arrivals_by(seconds(30)), 30'000 + 217'500);
}

TEST(RateProfile, InverseUndoesTheIntegralOnEveryShapeOfStage) {
  const RateProfile profile({stage(0, 1000, seconds(10)), stage(1000, 10, seconds(7)), stage(10, 10, seconds(3)),
                             stage(0, 0, seconds(5)), stage(500, 0, seconds(10))});
  for (double t = 0.01; t < core::to_seconds(profile.duration()); t += 0.0371) {
    const Nanos at = core::from_seconds(t);
    if (profile.rate_at(at) < 1) continue;  // where nothing arrives there is no inverse
    EXPECT_NEAR(core::to_seconds(profile.when(profile.arrivals_by(at))), t, 1e-6) << t;
  }
}

TEST(RateProfile, NothingArrivesInASilentStage) {
  const RateProfile profile({stage(100, 100, seconds(1)), stage(0, 0, seconds(5)), stage(100, 100, seconds(1))});
  EXPECT_DOUBLE_EQ(profile.total_arrivals(), 200);
  EXPECT_EQ(profile.when(99.5), milliseconds(995));
  EXPECT_GE(profile.when(100), seconds(6));
}

TEST(ArrivalSchedule, EverySecondOfTheRampGetsItsPlannedCountToWithinOne) {
  const RateProfile profile = headline();
  std::vector<int> per_second(90, 0);
  for (const Nanos at : all_of(ArrivalSchedule(profile, Spacing::kEven, 1))) {
    ++per_second[static_cast<std::size_t>(at / seconds(1))];
  }
  for (int s = 0; s < 90; ++s) {
    const double planned = profile.arrivals_by(seconds(s + 1)) - profile.arrivals_by(seconds(s));
    EXPECT_NEAR(per_second[static_cast<std::size_t>(s)], planned, 1.01) << s;
  }
}

TEST(ArrivalSchedule, WorkersTogetherHaveTheSameArrivalsAsOne) {
  for (const Spacing spacing : {Spacing::kEven, Spacing::kPoisson}) {
    const ArrivalSchedule schedule(RateProfile({stage(50, 200, seconds(5))}), spacing, 99);
    const auto whole = all_of(schedule);
    std::vector<std::vector<Nanos>> shares;
    for (std::uint32_t w = 0; w < 3; ++w) shares.push_back(all_of(schedule, w, 3));
    for (std::size_t n = 0; n < whole.size(); ++n) EXPECT_EQ(shares[n % 3][n / 3], whole[n]) << n;
    EXPECT_EQ(shares[0].size() + shares[1].size() + shares[2].size(), whole.size());
  }
}

TEST(ArrivalSchedule, PoissonGapsHaveTheMeanAndVarianceOfAnExponential) {
  const ArrivalSchedule schedule(RateProfile({stage(1000, 1000, seconds(100))}), Spacing::kPoisson, 7);
  const auto offsets = all_of(schedule);
  EXPECT_NEAR(static_cast<double>(offsets.size()), 100'000, 4 * std::sqrt(100'000));
  double sum = 0;
  double squares = 0;
  for (std::size_t n = 1; n < offsets.size(); ++n) {
    const double gap = core::to_seconds(offsets[n] - offsets[n - 1]);
    ASSERT_GE(gap, 0);
    sum += gap;
    squares += gap * gap;
  }
  const double count = static_cast<double>(offsets.size() - 1);
  const double mean = sum / count;
  EXPECT_NEAR(mean, 0.001, 0.00002);
  EXPECT_NEAR(std::sqrt(squares / count - mean * mean) / mean, 1, 0.02);  // coefficient of variation 1
}

TEST(ArrivalSchedule, TheSameSeedIsTheSameScheduleAndAnotherIsNot) {
  const RateProfile profile({stage(100, 100, seconds(2))});
  EXPECT_EQ(all_of(ArrivalSchedule(profile, Spacing::kPoisson, 5)),
            all_of(ArrivalSchedule(profile, Spacing::kPoisson, 5)));
  EXPECT_NE(all_of(ArrivalSchedule(profile, Spacing::kPoisson, 5)),
            all_of(ArrivalSchedule(profile, Spacing::kPoisson, 6)));
}

}  // namespace
}  // namespace tacos::load
