#pragma once

#include <cstdint>

namespace tacos::plan {

// Bytes of a Valkey 8.1 hash table of n entries: 64 · (B + children). A bucket is a cache line with 7 entries; B is a
// power of two. The table grows when n passes 7 B, then to the least B ≥ 5n/32. Where more than 7 entries fall on one
// bucket, its last place points to a child: x entries need ⌈(x - 7) / 6⌉ children, and x is Poisson with mean n / B.
// Derived from source, not measured: valkey-io/valkey src/hashtable.c (ENTRIES_PER_BUCKET, BUCKET_FACTOR,
// BUCKET_DIVISOR, nextBucketExp, MAX_FILL_PERCENT_SOFT 100). Without the incremental rehash.
double valkey_table_bytes(std::uint64_t entries);

// B above.
std::uint64_t valkey_buckets(std::uint64_t entries);

}  // namespace tacos::plan
