#pragma once

#include <cstdint>

#include "tacos-plan/redis/allocation.h"
#include "tacos-plan/redis/redis_build.h"

namespace tacos::plan {

// What a key holds. A string has one entry, which is its value; a set and a list have members only; the value of a
// sorted set's entry is its score in decimal, which counts only while it is a listpack.
struct RedisStructure {
  enum class Kind : std::uint8_t { kString, kHash, kSortedSet, kSet, kList };

  Kind kind = Kind::kString;
  std::uint64_t entries = 1;
  Text member{};
  Text value{};
  // Just after a doubling the old table stands beside the new one, until one bucket per access has been moved: with
  // nothing but new entries arriving, from 2^k to about 1.3 · 2^k of them. Half as many slots more.
  bool rehashing = false;
};

struct RedisKey {
  double name_bytes = 0;
  RedisStructure holds{};
  bool expires = false;
};

// What MEMORY USAGE <key> SAMPLES 0 answers: object, content and tables as allocated, the key's name and the main
// table's entry for it. It counts an entry of a table as the struct's 24 bytes, not the 32 that 16-byte classes take,
// and leaves out the main table itself and everything about expiry.
// Source: Redis 7.0 object.c, objectComputeSize and memoryCommand. Of Valkey it is the same as used_memory_bytes.
double memory_usage_bytes(const RedisKey& key, const RedisBuild& build);

// By how much INFO's used_memory grows with this key: every block as allocated, and the entry in the table of expiries,
// but not the tables of the key space, which keys share: see keyspace_bytes. Without sampling noise; mean levels.
// Source: Redis 7.0 zmalloc.c (used_memory is the sum of malloc_usable_size), dict.h, server.h, t_zset.c, db.c.
double used_memory_bytes(const RedisKey& key, const RedisBuild& build);

// The two tables of the key space: 8 · slots of each (Valkey: 64-byte buckets), which double at powers of two.
double keyspace_bytes(std::uint64_t keys, std::uint64_t expiring, const RedisBuild& build);

}  // namespace tacos::plan
