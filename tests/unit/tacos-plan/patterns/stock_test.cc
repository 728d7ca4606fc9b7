#include "tacos-plan/patterns/stock.h"

#include <gtest/gtest.h>

#include "tacos-plan/patterns/comparison.h"

namespace tacos::plan {
namespace {

// Buyers one after another at a steady rate, until nothing is left to read.
std::uint64_t oversold_at(double per_sec, double window_sec, std::uint64_t seed) {
  core::Random random(seed);
  Stock stock(10'000, window_sec);
  for (std::uint64_t n = 0; !stock.gone(); ++n) stock.take(static_cast<double>(n) / per_sec, 1, random);
  return stock.oversold();
}

TEST(Stock, NeverOversellsWithAConditionalWrite) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) EXPECT_EQ(oversold_at(5000, 0, seed), 0U);
}

TEST(Stock, OversellsAboutTheWritesThatAreOnTheirWay) {
  // Little's law: 2,000/s × 50 ms = 100 writes on their way, as a Poisson number.
  double sum = 0;
  constexpr int kRuns = 100;
  for (int seed = 1; seed <= kRuns; ++seed) {
    sum += static_cast<double>(oversold_at(2000, 0.05, static_cast<std::uint64_t>(seed)));
  }
  EXPECT_DOUBLE_EQ(oversold_by_race(2000, 0.05, 1), 100);
  EXPECT_NEAR(sum / kRuns, 100, 5);
}

TEST(Stock, GivesTheLastSeatsToWhoeverWantsMoreThanThereAre) {
  core::Random random(1);
  Stock stock(3, 0);
  EXPECT_EQ(stock.take(0, 2, random), 2U);
  EXPECT_EQ(stock.take(0, 2, random), 1U);
  EXPECT_EQ(stock.take(0, 2, random), 0U);
  EXPECT_EQ(stock.sold(), 3U);
}

}  // namespace
}  // namespace tacos::plan
