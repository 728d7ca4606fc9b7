#include "tacos-plan/redis/allocation.h"

#include <gtest/gtest.h>

namespace tacos::plan {
namespace {

constexpr auto kEight = SizeClasses::kEightBytes;
constexpr auto kSixteen = SizeClasses::kSixteenBytes;

// jemalloc 5.3 manual, table "Size classes": 8; 16, 32, 48 … 128; 160, 192, 224, 256; 320 … with 16-byte quantum.
TEST(AllocatedBytes, FollowTheSizeClassesOfJemalloc) {
  EXPECT_EQ(allocated_bytes(1, kSixteen), 8U);
  EXPECT_EQ(allocated_bytes(9, kSixteen), 16U);
  EXPECT_EQ(allocated_bytes(24, kSixteen), 32U);
  EXPECT_EQ(allocated_bytes(64, kSixteen), 64U);
  EXPECT_EQ(allocated_bytes(65, kSixteen), 80U);
  EXPECT_EQ(allocated_bytes(128, kSixteen), 128U);
  EXPECT_EQ(allocated_bytes(129, kSixteen), 160U);
  EXPECT_EQ(allocated_bytes(257, kSixteen), 320U);
  EXPECT_EQ(allocated_bytes(513, kSixteen), 640U);
  EXPECT_EQ(allocated_bytes(14337, kSixteen), 16384U);
}

TEST(AllocatedBytes, HaveSmallerStepsInTheOfficialBuild) {
  EXPECT_EQ(allocated_bytes(24, kEight), 24U);
  EXPECT_EQ(allocated_bytes(40, kEight), 40U);
  EXPECT_EQ(allocated_bytes(57, kEight), 64U);
  EXPECT_EQ(allocated_bytes(65, kEight), 80U);
}

TEST(AllocatedBytes, LeavePowersOfTwoAsTheyAre) {
  for (std::uint64_t size = 8; size <= 1ULL << 40; size *= 2) {
    EXPECT_EQ(allocated_bytes(size, kEight), size == 8 ? 8U : size);
    EXPECT_EQ(allocated_bytes(size, kSixteen), size);
  }
}

TEST(SdsBytes, AddAHeaderThatGrowsWithTheLength) {
  EXPECT_EQ(sds_length_bytes(0), 4U);
  EXPECT_EQ(sds_length_bytes(31), 33U);
  EXPECT_EQ(sds_length_bytes(32), 36U);
  EXPECT_EQ(sds_length_bytes(255), 259U);
  EXPECT_EQ(sds_length_bytes(256), 262U);
  EXPECT_EQ(sds_length_bytes(65536), 65546U);
}

TEST(SdsBytes, MixTheWholeLengthsAroundAMean) {
  EXPECT_EQ(sds_bytes({.bytes = 6}, kSixteen), 8);
  EXPECT_EQ(sds_bytes({.bytes = 7}, kSixteen), 16);
  EXPECT_EQ(sds_bytes({.bytes = 6.25}, kSixteen), 10);
}

TEST(TicketText, HasTheMeanDigitsOfTheNumbersFromOne) {
  EXPECT_EQ(ticket_text(0).bytes, 1);
  EXPECT_EQ(ticket_text(9).bytes, 1);
  EXPECT_NEAR(ticket_text(10).bytes, 1.1, 1e-12);
  EXPECT_NEAR(ticket_text(99).bytes, (9 + 180) / 99.0, 1e-12);
  EXPECT_NEAR(ticket_text(300'000).bytes, (9 + 180 + 2700 + 36'000 + 450'000 + 200'001 * 6) / 300'000.0, 1e-12);
  EXPECT_GT(ticket_text(~0ULL).bytes, 19);
}

// listpack.c of Redis 7.0: "hello" is 1 + 5 + 1, 100 is 1 + 1, 1,000 is 2 + 1, 100,000 is 4 + 1, 1,795,000,000 is 5
// + 1.
TEST(ListpackElement, IsShorterForNumbers) {
  EXPECT_EQ(listpack_element_bytes({.bytes = 5}), 7);
  EXPECT_EQ(listpack_element_bytes({.bytes = 64}), 67);
  EXPECT_EQ(listpack_element_bytes({.bytes = 126}), 130);
  EXPECT_EQ(listpack_element_bytes({.bytes = 1, .decimal = true}), 2);
  EXPECT_EQ(listpack_element_bytes({.bytes = 6, .decimal = true}), 5);
  EXPECT_NEAR(listpack_element_bytes({.bytes = 10, .decimal = true}), 6 + 4 * 0.8725, 0.001);
  EXPECT_EQ(listpack_element_bytes({.bytes = 13, .decimal = true}), 10);
}

// 53.3 bytes: Σ of the classes of 24 + 16 k bytes, each level a quarter as frequent as the one below (t_zset.c).
TEST(SkiplistNode, TakesAThirdOfALevelMoreThanOne) {
  EXPECT_NEAR(skiplist_node_bytes(kSixteen), 53.33, 0.05);
  EXPECT_NEAR(skiplist_node_bytes(kEight), 45.8, 0.1);
}

// dict.c of Redis 7.0: four slots at first, doubled by the entry that finds as many entries as slots.
TEST(DictSlots, DoubleAtPowersOfTwo) {
  EXPECT_EQ(dict_slots(0), 0U);
  EXPECT_EQ(dict_slots(1), 4U);
  EXPECT_EQ(dict_slots(4), 4U);
  EXPECT_EQ(dict_slots(5), 8U);
  EXPECT_EQ(dict_slots(262'144), 262'144U);
  EXPECT_EQ(dict_slots(262'145), 524'288U);
}

}  // namespace
}  // namespace tacos::plan
