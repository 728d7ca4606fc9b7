#include "tacos-plan/redis/valkey_table.h"

#include <bit>
#include <cmath>

namespace tacos::plan {
namespace {

constexpr std::uint64_t kEntriesPerBucket = 7;

// Children of a bucket on average, when the entries on it are Poisson with this mean. At most 7, so that 64 terms hold
// all of the distribution that a double can tell from nothing.
double children_per_bucket(double mean) {
  double children = 0;
  double probability = std::exp(-mean);
  for (int on_it = 1; on_it < 64; ++on_it) {
    probability *= mean / on_it;
    if (on_it > 7) children += probability * std::ceil((on_it - 7) / 6.0);
  }
  return children;
}

}  // namespace

std::uint64_t valkey_buckets(std::uint64_t entries) {
  if (entries == 0) return 0;
  // It doubles each time it is full, so the least power of two that holds them at 7 to a bucket.
  return std::bit_ceil((entries + kEntriesPerBucket - 1) / kEntriesPerBucket);
}

double valkey_table_bytes(std::uint64_t entries) {
  if (entries == 0) return 0;
  const auto buckets = static_cast<double>(valkey_buckets(entries));
  // A single bucket is filled one by one: it overflows only when it grows.
  const double children = buckets == 1 ? 0 : children_per_bucket(static_cast<double>(entries) / buckets);
  return 64 * buckets * (1 + children);
}

}  // namespace tacos::plan
