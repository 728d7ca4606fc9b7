#include "measure/hdr_codec.h"

#include <array>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/random.h"

namespace tacos::measure {
namespace {

using core::Nanos;
using std::chrono::hours;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

using Bytes = std::vector<std::uint8_t>;

Histogram random_histogram(std::uint64_t seed, int values) {
  Histogram histogram;
  core::Random random(seed);
  for (int i = 0; i < values; ++i) {
    histogram.record(Nanos(static_cast<std::int64_t>(random.below(1ULL << random.below(42)))));
  }
  return histogram;
}

bool same_counters(const Histogram& a, const Histogram& b) {
  for (std::uint32_t i = 0; i < Histogram::kIndexEnd; ++i) {
    if (a.count_at_index(i) != b.count_at_index(i)) return false;
  }
  return a.count() == b.count();
}

std::string fault_of(const Bytes& bytes) {
  const auto decoded = decode_hdr(bytes);
  return decoded ? "" : decoded.error().message;
}

TEST(HdrCodec, ComesBackWithEveryCounterPlainAndCompressed) {
  for (const int values : {0, 1, 2, 5000}) {
    const Histogram original = random_histogram(static_cast<std::uint64_t>(values), values);
    for (const Bytes& bytes : {encode_hdr(original), encode_hdr_compressed(original)}) {
      const auto back = decode_hdr(bytes);
      ASSERT_TRUE(back.has_value()) << back.error().message;
      EXPECT_TRUE(same_counters(original, *back)) << values;
      EXPECT_GE(back->max(), original.max()) << "the bucket's end stands in for the exact maximum";
      EXPECT_LE(back->max() - original.max(), original.max() / 1024);
    }
  }
}

TEST(HdrCodec, HoldsTheEndsOfTheRangeAndCountsBeyond32Bits) {
  Histogram original;
  original.record_n(Nanos(0), 1ULL << 40);
  original.record(hours(1));
  original.record_n(Nanos(2047), 3);
  const auto back = decode_hdr(encode_hdr(original));
  ASSERT_TRUE(back.has_value()) << back.error().message;
  EXPECT_TRUE(same_counters(original, *back));
}

// The bytes by hand: values 1 and 3 once each are the counters 0, 1, 0, 1.
TEST(HdrCodec, WritesThePublishedLayout) {
  Histogram histogram;
  histogram.record(Nanos(1));
  histogram.record(Nanos(3));
  EXPECT_THAT(encode_hdr(histogram),
              ElementsAre(0x1C, 0x84, 0x93, 0x13, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 3,        //
                          0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0x03, 0x46, 0x30, 0xB8, 0xA0, 0x00,  // 3.6e12 ns
                          0x3F, 0xF0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 2));
  EXPECT_THAT(to_base64(encode_hdr_compressed(histogram)), StartsWith("HISTFAAAA"));
}

TEST(HdrCodec, WritesARunOfZerosAsMinusItsLength) {
  Histogram histogram;
  histogram.record_n(Nanos(100), 64);
  const Bytes bytes = encode_hdr(histogram);
  EXPECT_THAT(Bytes(bytes.begin() + 40, bytes.end()), ElementsAre(0xC7, 0x01, 0x80, 0x01));  // −100, then 64
}

TEST(HdrCodec, SaysWhatItCannotRead) {
  Bytes bytes = encode_hdr(random_histogram(3, 100));
  EXPECT_THAT(fault_of({1, 2, 3}), HasSubstr("ends inside its header"));
  EXPECT_THAT(fault_of(Bytes(bytes.begin(), bytes.begin() + 39)), HasSubstr("ends inside its header"));
  EXPECT_THAT(fault_of(Bytes(bytes.begin(), bytes.end() - 1)), HasSubstr("ends before its counters do"));
  const auto changed = [&](std::size_t at, std::uint8_t to) {
    Bytes copy = bytes;
    copy[at] = to;
    return fault_of(copy);
  };
  EXPECT_THAT(changed(0, 0x1D), HasSubstr("begins with 0x1d849313; expected an HdrHistogram of version 2"));
  EXPECT_THAT(changed(11, 1), HasSubstr("is shifted"));
  EXPECT_THAT(changed(15, 2), HasSubstr("has 2 significant digits"));
  EXPECT_THAT(changed(23, 2), HasSubstr("3 significant digits from 2 up"));
  EXPECT_THAT(changed(33, 0), HasSubstr("scaled doubles"));
}

TEST(HdrCodec, NoDamageToACompressedOneIsMoreThanAnError) {
  const Bytes bytes = encode_hdr_compressed(random_histogram(8, 300));
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    EXPECT_NE(fault_of(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(cut))), "") << cut;
  }
  core::Random random(2);
  for (int i = 0; i < 2000; ++i) {
    Bytes hostile = bytes;
    for (int n = 0; n < 3; ++n) {
      hostile[8 + random.below(hostile.size() - 8)] = static_cast<std::uint8_t>(random.below(256));
    }
    (void)decode_hdr(hostile);  // the sanitizers are the judges
  }
}

TEST(Base64, ComesBackAndRefusesWhatIsNone) {
  const std::array<std::pair<std::string, std::string>, 4> published{
      {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foobar", "Zm9vYmFy"}}};  // RFC 4648, section 10
  for (const auto& [plain, coded] : published) {
    const Bytes bytes(plain.begin(), plain.end());
    EXPECT_EQ(to_base64(bytes), coded);
    EXPECT_EQ(from_base64(coded).value(), bytes);
  }
  for (const char* bad : {"Zg=", "Z", "====", "Zm9v*mFy", "Z===", "Zg==Zg=="}) {
    EXPECT_TRUE(from_base64(bad).has_error()) << bad;
  }
}

}  // namespace
}  // namespace tacos::measure
