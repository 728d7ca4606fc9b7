#include "tacos-plan/models/checkout.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "core/random.h"

namespace tacos::plan {
namespace {

// The mean of the largest of n exponentials of mean 1 is the harmonic number: H(10) = 2.928968, H(100) = 5.187378
// (Knuth, The Art of Computer Programming 1, appendix A, table 3). ln n + γ is below it by 1/2n.
TEST(Checkout, TakesAsLongAsTheSlowestWhenNoHoldLapses) {
  EXPECT_NEAR(last_checkout_seconds(100, 1, 1e6), 5.187378, 1.0 / 200 + 1e-4);
  EXPECT_NEAR(last_checkout_seconds(10, 1, 1e6), 2.928968, 1.0 / 20 + 1e-3);
  EXPECT_NEAR(last_checkout_seconds(100, 30, 1e6), 30 * 5.187378, 30 * 0.006);
}

TEST(Checkout, AddsAHoldForEachTimeThatSeatsComeBack) {
  // 10,000 buyers, mean 30 s, hold 120 s: e^−4 of them, 183, come back; e^−4 of those, 3.4; the slowest of 3.4.
  const double back = 10'000 * std::exp(-4) * std::exp(-4);
  EXPECT_NEAR(last_checkout_seconds(10'000, 30, 120), 240 + 30 * (std::log(back) + 0.577216), 1e-3);
}

TEST(Checkout, IsNothingWithoutBuyersOrATimeToPay) {
  EXPECT_EQ(last_checkout_seconds(0, 30, 120), 0);
  EXPECT_EQ(last_checkout_seconds(100, 0, 120), 0);
}

TEST(Checkout, AgreesWithPlayingItThrough) {
  constexpr int kSales = 40, kSeats = 5000;
  constexpr double kMean = 20, kHold = 90;
  core::Random random(7);
  double total = 0;
  for (int sale = 0; sale < kSales; ++sale) {
    double last = 0;
    for (int seat = 0; seat < kSeats; ++seat) {
      double at = 0;
      for (;;) {
        const double pay = -kMean * std::log(1 - random.uniform());
        if (pay <= kHold) {
          at += pay;
          break;
        }
        at += kHold;
      }
      last = std::max(last, at);
    }
    total += last;
  }
  EXPECT_NEAR(last_checkout_seconds(kSeats, kMean, kHold), total / kSales, 0.15 * total / kSales);
}

TEST(Checkout, MoreBuyersNeverEndSooner) {
  double before = 0;
  for (double buyers = 1; buyers < 1e6; buyers *= 1.3) {
    const double now = last_checkout_seconds(buyers, 20, 1e9);
    EXPECT_GE(now, before);
    before = now;
  }
}

}  // namespace
}  // namespace tacos::plan
