#include "tacos-plan/redis/key_layout.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tacos::plan {
namespace {

std::vector<std::string> patterns(const KeyLayout& layout) {
  std::vector<std::string> names;
  for (const KeyFamily& family : layout.families) names.push_back(family.pattern);
  return names;
}

TEST(WaitingRoomLayout, HasAnIndexOnlyWherePositionsComeFromIt) {
  LayoutParameters parameters;
  EXPECT_THAT(patterns(waiting_room_layout(parameters)),
              testing::ElementsAre("tacos:{5a1e20261121cafe}", "tacos:{5a1e20261121cafe}:users",
                                   "tacos:{5a1e20261121cafe}:t:<block>", "tacos:{5a1e20261121cafe}:t:<last>",
                                   "tacos:{5a1e20261121cafe}:line", "tacos:{5a1e20261121cafe}:seen",
                                   "tacos:{5a1e20261121cafe}:grants", "tacos:{5a1e20261121cafe}:due"));
  parameters.strategy = PositionStrategy::kWatermark;
  EXPECT_THAT(patterns(waiting_room_layout(parameters)),
              testing::Not(testing::Contains("tacos:{5a1e20261121cafe}:line")));
}

TEST(WaitingRoomLayout, SpreadsTheLineOverBuckets) {
  const KeyLayout layout =
      waiting_room_layout({.users = 300'000, .buckets = 8, .strategy = PositionStrategy::kWatermark});
  EXPECT_EQ(layout.families[1].keys, 1U);
  EXPECT_EQ(layout.families[2].pattern, "tacos:{5a1e20261121cafe.<bucket>}:t:<block>");
  EXPECT_EQ(layout.families[2].keys, 8U * 36) << "37,500 tickets in each";
  EXPECT_EQ(layout.families[4].pattern, "tacos:{5a1e20261121cafe.<bucket>}");
  EXPECT_EQ(layout.families[5].keys, 8U);
  EXPECT_EQ(layout.families[5].key.holds.entries, 37'500U);
  EXPECT_EQ(layout.families[5].key.name_bytes, std::string("tacos:{5a1e20261121cafe.00}:seen").size());
  EXPECT_EQ(layout.families[5].pattern, "tacos:{5a1e20261121cafe.<bucket>}:seen");
}

TEST(WaitingRoomLayout, HoldsNoKeyBeforeAnyoneCame) {
  EXPECT_THAT(patterns(waiting_room_layout({.users = 0})), testing::ElementsAre("tacos:{5a1e20261121cafe}"));
}

TEST(LayoutMemory, IsTheSumOfItsFamiliesAndTheKeySpace) {
  const LayoutMemory memory = layout_memory(original_layout({.users = 300'000}), RedisBuild::debian());
  double sum = memory.keyspace_bytes;
  for (const FamilyMemory& family : memory.families) sum += family.used_memory_bytes;
  EXPECT_DOUBLE_EQ(memory.used_memory_bytes, sum);
  // 600,001 keys and 300,000 expiries: tables of 2^20 and 2^19 slots.
  EXPECT_EQ(memory.keyspace_bytes, 8 * (1'048'576 + 524'288));
}

// The original reckoned 1 KB for each of 300,000 users, and 30 MB for the index of each event: 150 MB for five.
TEST(OriginalLayout, TakesLessThanItsAuthorsReckoned) {
  const LayoutMemory memory = layout_memory(original_layout({.users = 300'000}), RedisBuild::debian());
  EXPECT_LT(memory.used_memory_bytes, 300e6);
  EXPECT_GT(memory.families[0].used_memory_bytes, 30e6);
  EXPECT_GT(memory.used_memory_bytes,
            layout_memory(waiting_room_layout({.users = 300'000}), RedisBuild::debian()).used_memory_bytes);
}

TEST(LayoutMemory, NeverFallsAsUsersCome) {
  for (const auto strategy : {PositionStrategy::kIndex, PositionStrategy::kWatermark}) {
    double before = 0;
    for (std::uint64_t users = 0; users < 3'000'000; users = users * 5 / 4 + 1) {
      const double bytes =
          layout_memory(waiting_room_layout({.users = users, .strategy = strategy}), RedisBuild::debian())
              .used_memory_bytes;
      EXPECT_GE(bytes, before) << users;
      before = bytes;
    }
  }
}

}  // namespace
}  // namespace tacos::plan
