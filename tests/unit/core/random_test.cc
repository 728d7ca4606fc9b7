#include "core/random.h"

#include <gtest/gtest.h>

namespace tacos::core {
namespace {

// Published reference output for seed 1234567 (Vigna, splitmix64.c, as listed by Rosetta Code "Pseudo-random
// numbers/Splitmix64").
TEST(Random, MatchesThePublishedSequence) {
  Random random(1234567);
  EXPECT_EQ(random.next(), 6457827717110365317ULL);
  EXPECT_EQ(random.next(), 3203168211198807973ULL);
  EXPECT_EQ(random.next(), 9817491932198370423ULL);
}

TEST(Random, TheNthNumberIsTheSameAsWalkingToIt) {
  Random random(42);
  for (std::uint64_t n = 0; n < 100; ++n) EXPECT_EQ(random.next(), Random::at(42, n));
}

TEST(Random, BelowStaysBelowAndReachesBothEnds) {
  Random random(7);
  bool saw_low = false;
  bool saw_high = false;
  for (int i = 0; i < 1000; ++i) {
    const auto value = random.below(10);
    ASSERT_LT(value, 10u);
    saw_low |= value == 0;
    saw_high |= value == 9;
  }
  EXPECT_TRUE(saw_low && saw_high);
}

}  // namespace
}  // namespace tacos::core
