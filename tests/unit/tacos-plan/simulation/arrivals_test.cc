#include "tacos-plan/simulation/arrivals.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

namespace tacos::plan {
namespace {

std::vector<Arrival> draw(const ArrivalParameters& parameters) {
  core::Random random(9);
  return draw_arrivals(parameters, random);
}

double share_before(const std::vector<Arrival>& crowd, double sec) {
  const auto count = std::count_if(crowd.begin(), crowd.end(), [sec](const Arrival& a) { return a.at_sec < sec; });
  return static_cast<double>(count) / static_cast<double>(crowd.size());
}

bool in_order(const std::vector<Arrival>& crowd) {
  return std::is_sorted(crowd.begin(), crowd.end(),
                        [](const Arrival& a, const Arrival& b) { return a.at_sec < b.at_sec; });
}

TEST(Arrivals, ComeAllAtOnceInABurst) {
  ArrivalParameters parameters;
  parameters.users = 1000;
  const auto crowd = draw(parameters);
  ASSERT_EQ(crowd.size(), 1000U);
  EXPECT_EQ(share_before(crowd, 1e-9), 1);
}

TEST(Arrivals, ComeEvenlyOverTheRamp) {
  ArrivalParameters parameters;
  parameters.users = 100'000;
  parameters.shape = ArrivalParameters::Shape::kRamp;
  parameters.spread_sec = 60;
  const auto crowd = draw(parameters);
  EXPECT_TRUE(in_order(crowd));
  EXPECT_LE(crowd.back().at_sec, 60);
  for (double sec = 6; sec < 60; sec += 6) EXPECT_NEAR(share_before(crowd, sec), sec / 60, 0.01) << sec;
}

TEST(Arrivals, GrowRarerInTheDecay) {
  ArrivalParameters parameters;
  parameters.users = 100'000;
  parameters.shape = ArrivalParameters::Shape::kDecay;
  parameters.spread_sec = 30;
  const auto crowd = draw(parameters);
  EXPECT_TRUE(in_order(crowd));
  for (const double sec : {10.0, 30.0, 60.0, 90.0}) {
    EXPECT_NEAR(share_before(crowd, sec), 1 - std::exp(-sec / 30), 0.01) << sec;
  }
}

TEST(Arrivals, PutBotsAtTheFront) {
  ArrivalParameters parameters;
  parameters.users = 10'000;
  parameters.shape = ArrivalParameters::Shape::kRamp;
  parameters.spread_sec = 60;
  parameters.bot_share = 0.2;
  parameters.bot_spread_sec = 1;
  const auto crowd = draw(parameters);
  EXPECT_TRUE(in_order(crowd));
  const auto is_bot = [](const Arrival& a) { return a.bot; };
  EXPECT_EQ(std::count_if(crowd.begin(), crowd.end(), is_bot), 2000);
  EXPECT_GT(std::count_if(crowd.begin(), crowd.begin() + 2000, is_bot), 1800);
}

}  // namespace
}  // namespace tacos::plan
