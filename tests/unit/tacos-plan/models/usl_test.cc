#include "tacos-plan/models/usl.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/random.h"

namespace tacos::plan {
namespace {

using testing::HasSubstr;

// SPEC SDM91 on a Sun SPARCcenter 2000, scripts an hour by simulated users: SPEC, October 1994; in Gunther, Guerrilla
// Capacity Planning (2007), and as data set specsdm91 of the R package usl 3.0.3.
const std::vector<ScalabilityPoint> kSdm91{{1, 64.9},     {18, 995.9},   {36, 1652.4}, {72, 1853.2},
                                           {108, 1828.9}, {144, 1775.0}, {216, 1702.2}};

// BRL-CAD ray tracer on an SGI Origin 2000, first 6 of the 11 points: Gunther 2007, data set raytracer of usl 3.0.3.
const std::vector<ScalabilityPoint> kRaytracer{{1, 20}, {4, 78}, {8, 130}, {12, 170}, {16, 190}, {20, 200}};

// README of the R package usl: the coefficients, their standard errors and the residual error.
TEST(FitUsl, MatchesThePublishedFitOfSdm91) {
  const auto fit = fit_usl(kSdm91).value();
  EXPECT_NEAR(fit.law.contention, 0.0277285, 5e-8);
  EXPECT_NEAR(fit.law.coherency, 0.0001044, 5e-8);
  EXPECT_NEAR(fit.law.throughput_of_one, 89.9952330, 5e-5);
  EXPECT_NEAR(fit.standard_error.contention, 0.0091217, 5e-6);
  EXPECT_NEAR(fit.standard_error.coherency, 0.0000199, 5e-8);
  EXPECT_NEAR(fit.standard_error.throughput_of_one, 14.2134894, 5e-3);
  EXPECT_NEAR(fit.residual_error, 82.8, 0.05);
  EXPECT_FALSE(fit.constrained);
}

// The same README, "Scalability bounds", and tests/peak-scalability.R and limit-scalability.R of the package.
TEST(Usl, BoundsOfSdm91MatchThePublishedOnes) {
  auto law = fit_usl(kSdm91).value().law;
  EXPECT_NEAR(usl_peak_concurrency(law).value(), 96.51956, 0.01);
  EXPECT_NEAR(usl_most_throughput(law).value(), 1884, 0.5);
  law.coherency = 0;
  EXPECT_NEAR(usl_most_throughput(law).value(), 3245.589, 0.4);
}

// tests/fitted.Rout.save of the R package usl.
TEST(Usl, FittedThroughputsOfSdm91MatchThePublishedOnes) {
  const auto law = fit_usl(kSdm91).value().law;
  const double published[] = {90, 1078, 1541, 1850, 1879, 1822, 1646};
  for (std::size_t i = 0; i < kSdm91.size(); ++i) {
    EXPECT_NEAR(usl_throughput(law, kSdm91[i].concurrency), published[i], 0.5);
  }
}

// tests/confint.Rout.save of the R package usl: raytracer[1:6, ].
TEST(FitUsl, MatchesThePublishedFitOfTheRaytracer) {
  const auto fit = fit_usl(kRaytracer).value();
  EXPECT_NEAR(fit.law.contention, 0.02444, 5e-6);
  EXPECT_NEAR(fit.law.coherency, 0.00163, 5e-6);
  EXPECT_NEAR(fit.law.throughput_of_one, 20.85605, 5e-5);
}

// tests/coef.Rout.save of the R package usl: points made with 0.02, 0.02 and 1.
TEST(FitUsl, MatchesThePublishedFitOfMadePoints) {
  const std::vector<ScalabilityPoint> points{{1, 1}, {2, 1.8868}, {4, 3.0769}, {6, 3.5294}, {8, 3.5398}, {10, 3.3557}};
  const auto fit = fit_usl(points).value();
  EXPECT_NEAR(fit.law.contention, 0.02, 5e-5);
  EXPECT_NEAR(fit.law.coherency, 0.02, 5e-5);
  EXPECT_NEAR(fit.law.throughput_of_one, 1, 5e-4);
}

// tests/peak-scalability.R of the R package usl.
TEST(Usl, PeakMatchesThePublishedOne) {
  const ScalabilityLaw law{.throughput_of_one = 1, .contention = 0.001, .coherency = 0.00001};
  EXPECT_NEAR(usl_peak_concurrency(law).value(), 316.0696, 1e-4);
}

// Amdahl 1967: 5 % serial work limits the speed-up to 20; with 16 processors it is 9.14.
TEST(Usl, WithoutCoherencyItIsAmdahlsLaw) {
  const ScalabilityLaw law{.throughput_of_one = 1, .contention = 0.05};
  EXPECT_NEAR(usl_throughput(law, 16), 9.14, 5e-3);
  EXPECT_NEAR(usl_most_throughput(law).value(), 20, 1e-12);
  EXPECT_THAT(usl_peak_concurrency(law).error().message, HasSubstr("no peak"));
}

TEST(FitUsl, FindsTheLawThatMadeThePoints) {
  core::Random random(11);
  for (int round = 0; round < 200; ++round) {
    const ScalabilityLaw law{.throughput_of_one = std::pow(10, 6 * random.uniform()),
                             .contention = 0.3 * random.uniform(),
                             .coherency = std::pow(10, -5 + 3 * random.uniform())};
    std::vector<ScalabilityPoint> points;
    for (double n = 1; n <= 256; n *= 2) points.push_back({n, usl_throughput(law, n)});
    const auto fit = fit_usl(points).value();
    EXPECT_NEAR(fit.law.throughput_of_one, law.throughput_of_one, 1e-5 * law.throughput_of_one);
    EXPECT_NEAR(fit.law.contention, law.contention, 1e-5);
    EXPECT_NEAR(fit.law.coherency, law.coherency, 1e-5 * law.coherency + 1e-9);
    EXPECT_NEAR(fit.r_squared, 1, 1e-9);
  }
}

TEST(FitUsl, NoNearbyLawFitsBetter) {
  core::Random random(12);
  const auto error = [](const ScalabilityLaw& law, const std::vector<ScalabilityPoint>& points) {
    double sum = 0;
    for (const auto& [n, x] : points) sum += std::pow(x - usl_throughput(law, n), 2);
    return sum;
  };
  for (int round = 0; round < 100; ++round) {
    std::vector<ScalabilityPoint> points;
    const ScalabilityLaw truth{.throughput_of_one = 100, .contention = 0.1 * random.uniform(), .coherency = 1e-4};
    for (double n = 1; n <= 128; n *= 2)
      points.push_back({n, usl_throughput(truth, n) * (0.9 + 0.2 * random.uniform())});
    const auto fit = fit_usl(points).value();
    EXPECT_GE(fit.law.contention, 0);
    EXPECT_GE(fit.law.coherency, 0);
    const double best = error(fit.law, points);
    for (int i = 0; i < 50; ++i) {
      auto other = fit.law;
      other.throughput_of_one *= 0.95 + 0.1 * random.uniform();
      other.contention = std::max(0.0, other.contention + 0.01 * (random.uniform() - 0.5));
      other.coherency = std::max(0.0, other.coherency + 1e-5 * (random.uniform() - 0.5));
      EXPECT_GE(error(other, points), best * (1 - 1e-9));
    }
  }
}

TEST(FitUsl, ANegativeCoefficientIsHeldAtZeroAndSaidSo) {
  const std::vector<ScalabilityPoint> superlinear{{1, 10}, {2, 22}, {4, 48}, {8, 104}, {16, 220}};
  const auto fit = fit_usl(superlinear).value();
  EXPECT_TRUE(fit.constrained);
  EXPECT_EQ(fit.law.contention, 0);
  EXPECT_GE(fit.law.coherency, 0);
  EXPECT_LT(std::min(fit.unconstrained.contention, fit.unconstrained.coherency), 0);
  EXPECT_THAT(fit.note, HasSubstr("a negative coefficient is no fit"));
}

TEST(FitUsl, RefusesTooLittleToFit) {
  EXPECT_THAT(fit_usl(std::vector<ScalabilityPoint>{{1, 1}, {2, 2}, {3, 3}}).error().message, HasSubstr("at least 4"));
  EXPECT_THAT(fit_usl(std::vector<ScalabilityPoint>{{1, 1}, {1, 1}, {2, 2}, {2, 2}}).error().message,
              HasSubstr("2 different concurrencies"));
  EXPECT_THAT(fit_usl(std::vector<ScalabilityPoint>{{1, 1}, {2, 0}, {3, 3}, {4, 4}}).error().message,
              HasSubstr("point 2: concurrency 2 and throughput 0"));
  EXPECT_THAT(usl_most_throughput({.throughput_of_one = 1}).error().message, HasSubstr("without limit"));
  EXPECT_THAT(usl_peak_concurrency({.throughput_of_one = 1, .contention = -1}).error().message, HasSubstr("sigma -1"));
}

}  // namespace
}  // namespace tacos::plan
