#include <gtest/gtest.h>

#include "tacos-plan/redis/key_memory.h"
#include "tacos-plan/redis/valkey_table.h"

namespace tacos::plan {
namespace {

// hashtable.c: 7 entries to a bucket of 64 bytes, a power of two of buckets.
TEST(ValkeyTable, DoublesWhenItIsFull) {
  EXPECT_EQ(valkey_buckets(0), 0U);
  EXPECT_EQ(valkey_buckets(7), 1U);
  EXPECT_EQ(valkey_buckets(8), 2U);
  EXPECT_EQ(valkey_buckets(7 * 32'768), 32'768U);
  EXPECT_EQ(valkey_buckets(7 * 32'768 + 1), 65'536U);
  EXPECT_EQ(valkey_buckets(300'000), 65'536U);
}

TEST(ValkeyTable, HasChildrenWhereManyEntriesMeet) {
  EXPECT_EQ(valkey_table_bytes(7), 64);
  // 3.5 entries to a bucket on average: P(more than 7) = 0.0267 of the Poisson distribution (tables).
  const double roomy = valkey_table_bytes(7 * 32'768 + 1) / (64 * 65'536.0) - 1;
  EXPECT_NEAR(roomy, 0.0267, 0.0005);
  // 7 entries to a bucket: P(more than 7) = 0.4013, and a second child beyond 13.
  const double full = valkey_table_bytes(7 * 32'768) / (64 * 32'768.0) - 1;
  EXPECT_NEAR(full, 0.4013 + 0.0128, 0.001);
}

// Derived from source: about 30.3 MB for 300,000 members of 36 bytes, where Redis's official build needs 37.1.
TEST(ValkeyMemory, IsLessForASortedSetThanRedis) {
  const RedisKey key = {
      .name_bytes = 10,
      .holds = {.kind = RedisStructure::Kind::kSortedSet, .entries = 300'000, .member = {.bytes = 36}}};
  EXPECT_NEAR(used_memory_bytes(key, RedisBuild::valkey()), 30.3e6, 0.15e6);
  EXPECT_NEAR(used_memory_bytes(key, RedisBuild::official()), 37.1e6, 0.15e6);
}

TEST(ValkeyMemory, KeepsAShortStringWithItsName) {
  const RedisKey shortest = {.name_bytes = 20, .holds = {.value = {.bytes = 8}}};
  // object 16, name's offset 1, name 22, value 12: 51 bytes, of the class of 56.
  EXPECT_EQ(used_memory_bytes(shortest, RedisBuild::valkey()), 56);
  RedisKey longer = shortest;
  longer.holds.value.bytes = 100;
  EXPECT_GT(used_memory_bytes(longer, RedisBuild::valkey()), 100);
}

}  // namespace
}  // namespace tacos::plan
