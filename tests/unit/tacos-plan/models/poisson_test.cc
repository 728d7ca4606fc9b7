#include "tacos-plan/models/poisson.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/random.h"

namespace tacos::plan {
namespace {

using testing::HasSubstr;

// "Cumulative Poisson Distribution Table", the common four-digit table (scribd.com/document/96601458).
TEST(Poisson, MatchesThePublishedTable) {
  EXPECT_NEAR(poisson_at_most(2, 3).value(), 0.8571, 5e-5);
  EXPECT_NEAR(poisson_at_most(0.5, 0).value(), 0.6065, 5e-5);
  EXPECT_NEAR(poisson_at_most(3, 5).value(), 0.9161, 5e-5);
  EXPECT_NEAR(poisson_at_most(5, 8).value(), 0.9319, 5e-5);
  EXPECT_NEAR(poisson_at_most(5, 9).value(), 0.9682, 5e-5);
}

// emathhelp.net, Poisson distribution calculator, its worked example: mean 11, at most 10.
TEST(Poisson, MatchesThePublishedWorkedExample) {
  EXPECT_NEAR(poisson_at_most(11, 10).value(), 0.459888702693687, 1e-13);
}

// The same table, read the other way: at mean 5 a share of 0.95 needs 9, at mean 4 one of 0.99 needs 9 (0.9919).
TEST(Poisson, QuantilesMatchThePublishedTable) {
  EXPECT_EQ(poisson_quantile(5, 0.95).value(), 9u);
  EXPECT_EQ(poisson_quantile(5, 0.93).value(), 8u);
  EXPECT_EQ(poisson_quantile(4, 0.99).value(), 9u);
  EXPECT_EQ(poisson_quantile(0, 0.999).value(), 0u);
}

TEST(Poisson, AtLargeMeansItIsNormal) {
  for (const double mean : {1e4, 1e6, 1e8}) {
    const double in_deviations = (static_cast<double>(poisson_quantile(mean, 0.975).value()) - mean) / std::sqrt(mean);
    EXPECT_NEAR(in_deviations, 1.95996, 0.03) << mean;
    EXPECT_NEAR(poisson_at_most(mean, static_cast<std::uint64_t>(mean)).value(), 0.5, 0.005) << mean;
  }
}

// Ramanujan's problem (1911; Knuth, The Art of Computer Programming 1, section 1.2.11.3): at a whole mean m the share
// at or below it tends to 1/2 + 2/(3 √(2πm)).
TEST(Poisson, AtTheMeanItIsRamanujansHalf) {
  const double pi = std::acos(-1.0);
  const std::pair<double, double> means_and_errors[] = {{1e3, 2e-6}, {1e6, 1e-7}, {1e9, 1e-5}};
  for (const auto& [mean, error] : means_and_errors) {
    const double published = 0.5 + 2 / (3 * std::sqrt(2 * pi * mean));
    EXPECT_NEAR(poisson_at_most(mean, static_cast<std::uint64_t>(mean)).value(), published, error) << mean;
  }
}

TEST(Poisson, TheQuantileIsTheFewestThatReachTheShare) {
  core::Random random(21);
  for (int i = 0; i < 300; ++i) {
    const double mean = std::pow(10, 5 * random.uniform() - 2);
    const double share = 0.9999 * random.uniform();
    const auto k = poisson_quantile(mean, share).value();
    EXPECT_GE(poisson_at_most(mean, k).value(), share);
    if (k > 0) {
      EXPECT_LT(poisson_at_most(mean, k - 1).value(), share);
    }
  }
}

TEST(Poisson, RefusesWhatItCannotSum) {
  EXPECT_THAT(poisson_at_most(-1, 1).error().message, HasSubstr("mean of -1"));
  EXPECT_THAT(poisson_quantile(2e9, 0.5).error().message, HasSubstr("mean of 2"));
  EXPECT_THAT(poisson_quantile(1, 1).error().message, HasSubstr("share is 1"));
}

}  // namespace
}  // namespace tacos::plan
