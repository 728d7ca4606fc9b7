#include "measure/hdr_codec.h"

#include <algorithm>
#include <array>
#include <bit>
#include <new>

#include <fmt/format.h>
#include <zlib.h>

#include "measure/packed_histogram.h"

namespace tacos::measure {
namespace {

using Bytes = std::vector<std::uint8_t>;

// The 0x10 bit says "word size by ZigZag LEB128"; readers mask it out before they compare.
constexpr std::uint32_t kCookieMask = 0xFFFF'FF0F;
constexpr std::uint32_t kEncoded = 0x1C84'9303;
constexpr std::uint32_t kCompressed = 0x1C84'9304;
constexpr std::uint32_t kLebBit = 0x10;

constexpr std::size_t kHeaderBytes = 40;
constexpr std::size_t kCompressedHeaderBytes = 8;
constexpr std::uint32_t kDigits = 3;
// The longest form of a counter takes nine bytes: more than this can't be a histogram of ours, however it is packed.
constexpr std::size_t kMostBytes = kHeaderBytes + std::size_t{9} * Histogram::kIndexEnd;

template <class Word>
void put(Word value, Bytes& to) {
  for (int shift = static_cast<int>(sizeof(Word)) * 8 - 8; shift >= 0; shift -= 8) {
    to.push_back(static_cast<std::uint8_t>(value >> shift));
  }
}

template <class Word>
Word word_at(std::span<const std::uint8_t> bytes, std::size_t at) {
  Word value = 0;
  for (std::size_t i = 0; i < sizeof(Word); ++i) value = static_cast<Word>(value << 8 | bytes[at + i]);
  return value;
}

core::Result<Bytes> inflated(std::span<const std::uint8_t> packed) {
  Bytes out(kMostBytes);
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) return core::fail("there is no memory to unpack a histogram");
  stream.next_in = const_cast<Bytef*>(packed.data());  // zlib's interface predates const; it only reads
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  const int status = inflate(&stream, Z_FINISH);
  const std::size_t size = stream.total_out;
  inflateEnd(&stream);
  if (status != Z_STREAM_END) return core::fail("the packed histogram is damaged, cut short or too big");
  out.resize(size);
  return out;
}

core::Result<Histogram> decode_plain(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < kHeaderBytes) return core::fail("the histogram ends inside its header");
  const auto length = word_at<std::uint32_t>(bytes, 4);
  if (length > bytes.size() - kHeaderBytes) return core::fail("the histogram ends before its counters do");
  if (word_at<std::uint32_t>(bytes, 8) != 0) return core::fail("the histogram is shifted (normalizing index offset)");
  const auto digits = word_at<std::uint32_t>(bytes, 12);
  const auto lowest = word_at<std::uint64_t>(bytes, 16);
  if (digits != kDigits || lowest != 1) {
    return core::fail(fmt::format("the histogram has {} significant digits from {} up; expected {} from 1 up", digits,
                                  lowest, kDigits));
  }
  if (std::bit_cast<double>(word_at<std::uint64_t>(bytes, 32)) != 1.0) {
    return core::fail("the histogram holds scaled doubles; expected whole nanoseconds");
  }
  Histogram histogram;
  const auto counters = bytes.subspan(kHeaderBytes, length);
  if (const auto added = add_counters(counters.data(), counters.size(), histogram); !added) return added.error();
  return histogram;
}

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNoDigit = 0xFF;

constexpr std::array<std::uint8_t, 256> kDigitOf = [] {
  std::array<std::uint8_t, 256> digits{};
  digits.fill(kNoDigit);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    digits[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return digits;
}();

}  // namespace

Bytes encode_hdr(const Histogram& histogram) {
  Bytes bytes;
  put(kEncoded | kLebBit, bytes);
  put(std::uint32_t{0}, bytes);  // the payload's length, known below
  put(std::uint32_t{0}, bytes);
  put(kDigits, bytes);
  put(std::uint64_t{1}, bytes);
  put(static_cast<std::uint64_t>(Histogram::kHighest.count()), bytes);
  put(std::bit_cast<std::uint64_t>(1.0), bytes);
  append_counters(histogram, bytes);
  const auto length = static_cast<std::uint32_t>(bytes.size() - kHeaderBytes);
  for (std::size_t i = 0; i < 4; ++i) bytes[4 + i] = static_cast<std::uint8_t>(length >> (24 - 8 * i));
  return bytes;
}

Bytes encode_hdr_compressed(const Histogram& histogram) {
  const Bytes plain = encode_hdr(histogram);
  uLongf size = compressBound(static_cast<uLong>(plain.size()));
  Bytes packed(kCompressedHeaderBytes + size);
  // Fails only without memory or room, and compressBound is the room: there is nothing for a caller to decide.
  if (compress2(packed.data() + kCompressedHeaderBytes, &size, plain.data(), static_cast<uLong>(plain.size()),
                Z_DEFAULT_COMPRESSION) != Z_OK) {
    throw std::bad_alloc();
  }
  packed.resize(kCompressedHeaderBytes + size);
  Bytes header;
  put(kCompressed | kLebBit, header);
  put(static_cast<std::uint32_t>(size), header);
  std::copy(header.begin(), header.end(), packed.begin());
  return packed;
}

core::Result<Histogram> decode_hdr(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < kCompressedHeaderBytes) return core::fail("the histogram ends inside its header");
  const auto cookie = word_at<std::uint32_t>(bytes, 0);
  if ((cookie & kCookieMask) == kEncoded) return decode_plain(bytes);
  if ((cookie & kCookieMask) != kCompressed) {
    return core::fail(fmt::format("begins with {:#010x}; expected an HdrHistogram of version 2 ({:#010x} or {:#010x})",
                                  cookie, kEncoded | kLebBit, kCompressed | kLebBit));
  }
  const auto length = word_at<std::uint32_t>(bytes, 4);
  if (length > bytes.size() - kCompressedHeaderBytes) return core::fail("the packed histogram is cut short");
  const auto plain = inflated(bytes.subspan(kCompressedHeaderBytes, length));
  if (!plain) return plain.error();
  if (plain->size() < kHeaderBytes || (word_at<std::uint32_t>(*plain, 0) & kCookieMask) != kEncoded) {
    return core::fail("the packed bytes are not an HdrHistogram of version 2");
  }
  return decode_plain(*plain);
}

std::string to_base64(std::span<const std::uint8_t> bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t have = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) group = group << 8 | (j < have ? bytes[i + j] : 0u);
    for (std::size_t j = 0; j < 4; ++j) text += j <= have ? kAlphabet[group >> (18 - 6 * j) & 63] : '=';
  }
  return text;
}

core::Result<Bytes> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return core::fail("is not base64: its length is not a multiple of 4");
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  Bytes bytes;
  bytes.reserve(text.size() / 4 * 3);
  std::uint32_t group = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool pad = i >= text.size() - padding;
    const std::uint8_t digit = pad ? std::uint8_t{0} : kDigitOf[static_cast<unsigned char>(text[i])];
    if (digit == kNoDigit)
      return core::fail(fmt::format("is not base64: character {} is not one of its digits", i + 1));
    group = group << 6 | digit;
    if (i % 4 != 3) continue;
    for (int shift = 16; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::uint8_t>(group >> shift));
    group = 0;
  }
  bytes.resize(bytes.size() - padding);
  return bytes;
}

}  // namespace tacos::measure
