#include "measure/histogram.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "core/random.h"
#include "core/units.h"
#include "measure/packed_histogram.h"

namespace tacos::measure {
namespace {

using core::Nanos;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

bool same(const Histogram& a, const Histogram& b) {
  if (a.count() != b.count() || a.min() != b.min() || a.max() != b.max() || a.sum_ns() != b.sum_ns() ||
      a.saturated() != b.saturated()) {
    return false;
  }
  for (std::uint32_t i = 0; i < Histogram::kIndexEnd; ++i) {
    if (a.count_at_index(i) != b.count_at_index(i)) return false;
  }
  return true;
}

Histogram random_histogram(std::uint64_t seed, int values) {
  Histogram histogram;
  core::Random random(seed);
  for (int i = 0; i < values; ++i)
    histogram.record(Nanos(static_cast<std::int64_t>(random.below(1ULL << random.below(42)))));
  return histogram;
}

// HdrHistogram_c's own test data (hdr_histogram_test.c): 10,000 values of 1 ms and one of 100 s, taken every 10 ms.
TEST(Histogram, AgreesWithThePublishedCoordinatedOmissionFixture) {
  Histogram raw;
  Histogram corrected;
  for (int i = 0; i < 10'000; ++i) {
    raw.record(milliseconds(1));
    corrected.record_corrected(milliseconds(1), milliseconds(10));
  }
  raw.record(seconds(100));
  corrected.record_corrected(seconds(100), milliseconds(10));
  EXPECT_EQ(raw.count(), 10'001u);
  EXPECT_NEAR(core::to_millis(raw.percentile(99)), 1, 0.001);
  EXPECT_NEAR(core::to_millis(raw.percentile(99.99)), 1, 0.001);
  EXPECT_EQ(raw.percentile(100), seconds(100));
  EXPECT_EQ(corrected.count(), 20'000u);
  EXPECT_NEAR(core::to_seconds(corrected.percentile(75)), 50, 0.05);
  EXPECT_NEAR(core::to_seconds(corrected.percentile(90)), 80, 0.08);
  EXPECT_NEAR(core::to_seconds(corrected.percentile(99)), 98, 0.1);
}

TEST(Histogram, EveryPercentileIsWithinOneInAThousandOfTheSortedValues) {
  core::Random random(17);
  std::vector<std::int64_t> values;
  Histogram histogram;
  for (int i = 0; i < 20'000; ++i) {
    values.push_back(static_cast<std::int64_t>(random.below(1ULL << (1 + random.below(41)))));
    histogram.record(Nanos(values.back()));
  }
  std::sort(values.begin(), values.end());
  for (const double p : {0.1, 1.0, 25.0, 50.0, 90.0, 99.0, 99.9, 99.99}) {
    const auto rank = static_cast<std::size_t>(std::ceil(p / 100 * 20'000)) - 1;
    const auto exact = static_cast<double>(values[rank]);
    EXPECT_NEAR(static_cast<double>(histogram.percentile(p).count()), exact, exact / 1000 + 1) << p;
  }
  EXPECT_EQ(histogram.min().count(), values.front());
  EXPECT_EQ(histogram.max().count(), values.back());
  EXPECT_EQ(histogram.percentile(100).count(), values.back());
}

TEST(Histogram, BucketsTileTheRangeWithoutGapOrOverlap) {
  for (std::uint32_t i = 1; i < Histogram::kIndexEnd; ++i) {
    ASSERT_EQ(Histogram::lowest_at_index(i), Histogram::highest_at_index(i - 1) + 1) << i;
    ASSERT_EQ(Histogram::index_of(Histogram::lowest_at_index(i)), i);
    ASSERT_EQ(Histogram::index_of(Histogram::highest_at_index(i)), i);
  }
}

TEST(Histogram, ValuesBeyondTheRangeAreClampedAndCounted) {
  Histogram histogram;
  histogram.record(hours(3));
  histogram.record(Nanos(-5));
  EXPECT_EQ(histogram.saturated(), 1u);
  EXPECT_EQ(histogram.max(), hours(1));
  EXPECT_EQ(histogram.min(), Nanos(0));
  EXPECT_EQ(histogram.count(), 2u);
}

TEST(Histogram, AnEmptyOneIsZeroEverywhere) {
  const Histogram histogram;
  EXPECT_EQ(histogram.percentile(99), Nanos(0));
  EXPECT_EQ(histogram.min(), Nanos(0));
  EXPECT_EQ(histogram.mean_ns(), 0);
  EXPECT_EQ(histogram.count_at_or_below(hours(1)), 0u);
}

TEST(Histogram, MergingIsAssociativeCommutativeAndLossless) {
  const Histogram a = random_histogram(1, 500);
  const Histogram b = random_histogram(2, 700);
  const Histogram c = random_histogram(3, 900);
  Histogram left = a;
  left.merge(b);
  left.merge(c);
  Histogram right = c;
  Histogram ba = b;
  ba.merge(a);
  right.merge(ba);
  EXPECT_TRUE(same(left, right));
  EXPECT_EQ(left.count(), 2100u);
  EXPECT_EQ(left.count_at_or_below(hours(1)), 2100u);
}

TEST(Histogram, ResetForgetsEverything) {
  Histogram histogram = random_histogram(4, 1000);
  histogram.reset();
  EXPECT_TRUE(same(histogram, Histogram()));
  histogram.record(Nanos(5));
  EXPECT_EQ(histogram.percentile(50), Nanos(5));
}

TEST(PackedHistogram, UnpacksToExactlyWhatWasPacked) {
  for (int values : {0, 1, 2, 1000}) {
    const Histogram original = random_histogram(static_cast<std::uint64_t>(values) + 9, values);
    Histogram back;
    PackedHistogram(original).unpack_into(back);
    EXPECT_TRUE(same(original, back)) << values;
  }
}

TEST(PackedHistogram, UnpackingAddsToWhatIsThere) {
  const Histogram a = random_histogram(5, 300);
  const Histogram b = random_histogram(6, 300);
  Histogram merged = a;
  merged.merge(b);
  Histogram unpacked;
  PackedHistogram(a).unpack_into(unpacked);
  PackedHistogram(b).unpack_into(unpacked);
  EXPECT_TRUE(same(merged, unpacked));
}

TEST(PackedHistogram, HostileCountersAreRefused) {
  Histogram histogram;
  const std::vector<std::uint8_t> cut{0x80};
  EXPECT_TRUE(add_counters(cut.data(), cut.size(), histogram).has_error());
  const std::vector<std::uint8_t> far(9, 0xFF);  // a run of zeros longer than the range
  EXPECT_TRUE(add_counters(far.data(), far.size(), histogram).has_error());
  const std::vector<std::uint8_t> many(Histogram::kIndexEnd + 1, 0x02);  // one count too many
  EXPECT_TRUE(add_counters(many.data(), many.size(), histogram).has_error());
}

}  // namespace
}  // namespace tacos::measure
