#include "core/sparkline.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace tacos::core {
namespace {

TEST(Sparkline, RisesWithItsValues) {
  const std::vector<double> values{0, 1, 2, 3, 4, 5, 6, 7};
  EXPECT_EQ(sparkline(values, 0, 7, SparkScale::kLinear, true), "▁▂▃▄▅▆▇█");
  EXPECT_EQ(sparkline(values, 0, 9, SparkScale::kLinear, false), " .:-=+*#");
}

TEST(Sparkline, GivesEachPowerOfTenTheSameHeightOnALogScale) {
  const std::vector<double> values{1, 10, 100, 1000};
  EXPECT_EQ(sparkline(values, 1, 1e7, SparkScale::kLog, true), "▁▂▃▄");
  EXPECT_EQ(sparkline(values, 1, 1e8, SparkScale::kLog, false), ".:-=");
}

TEST(Sparkline, LeavesOutWhatWasNotMeasuredAndStaysBetweenItsEnds) {
  const std::vector<double> values{-5, std::nan(""), 50};
  EXPECT_EQ(sparkline(values, 0, 7, SparkScale::kLinear, true), "▁ █");
  const std::vector<double> level{3, 3};
  EXPECT_EQ(sparkline(level, 3, 3, SparkScale::kLinear, true), "▁▁");
}

}  // namespace
}  // namespace tacos::core
