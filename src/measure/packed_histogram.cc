#include "measure/packed_histogram.h"

namespace tacos::measure {
namespace {

// ZigZag maps small magnitudes of either sign to small numbers; LEB128 then takes a byte for each 7 bits, and the ninth
// byte, where it comes to that, holds 8 (HdrHistogram, ZigZagEncoding).
void put_zigzag(std::int64_t value, std::vector<std::uint8_t>& to) {
  auto rest = (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
  for (int byte = 0; byte < 8; ++byte) {
    if (rest < 0x80) {
      to.push_back(static_cast<std::uint8_t>(rest));
      return;
    }
    to.push_back(static_cast<std::uint8_t>(rest & 0x7F) | 0x80);
    rest >>= 7;
  }
  to.push_back(static_cast<std::uint8_t>(rest));
}

bool take_zigzag(const std::uint8_t*& at, const std::uint8_t* end, std::int64_t& value) {
  std::uint64_t bits = 0;
  for (unsigned byte = 0; byte < 9; ++byte) {
    if (at == end) return false;
    const std::uint64_t next = *at++;
    if (byte == 8) {
      bits |= next << 56;
      break;
    }
    bits |= (next & 0x7F) << (7 * byte);
    if ((next & 0x80) == 0) break;
  }
  value = static_cast<std::int64_t>(bits >> 1) ^ -static_cast<std::int64_t>(bits & 1);
  return true;
}

}  // namespace

void append_counters(const Histogram& histogram, std::vector<std::uint8_t>& to) {
  if (histogram.count() == 0) return;
  // Only between the least and the greatest value: this runs on a worker's own thread, once a second for each
  // histogram.
  const std::uint32_t first = Histogram::index_of(histogram.min().count());
  const std::uint32_t last = Histogram::index_of(histogram.max().count());
  std::int64_t zeros = first;
  for (std::uint32_t index = first; index <= last; ++index) {
    const std::uint64_t n = histogram.count_at_index(index);
    if (n == 0) {
      ++zeros;
      continue;
    }
    if (zeros == 1) put_zigzag(0, to);
    if (zeros > 1) put_zigzag(-zeros, to);
    zeros = 0;
    put_zigzag(static_cast<std::int64_t>(n), to);
  }
}

core::Result<void> add_counters(const std::uint8_t* bytes, std::size_t size, Histogram& to) {
  const std::uint8_t* at = bytes;
  const std::uint8_t* const end = bytes + size;
  std::uint64_t index = 0;
  while (at != end) {
    std::int64_t value = 0;
    if (!take_zigzag(at, end, value)) return core::fail("the counters end in the middle of a number");
    if (value < 0) {
      if (value < -static_cast<std::int64_t>(Histogram::kIndexEnd)) return core::fail("a run of zeros is too long");
      index += static_cast<std::uint64_t>(-value);
      continue;
    }
    if (index >= Histogram::kIndexEnd) return core::fail("there are more counters than the range has buckets");
    const auto n = static_cast<std::uint64_t>(value);
    if (to.count() + n > (std::uint64_t{1} << 62)) return core::fail("the counts add up to more than can be");
    to.add_at_index(static_cast<std::uint32_t>(index), n);
    ++index;
  }
  return {};
}

PackedHistogram::PackedHistogram(const Histogram& from)
    : count_(from.count()), saturated_(from.saturated()), min_(from.min()), max_(from.max()), sum_(from.sum()) {
  append_counters(from, counters_);
  counters_.shrink_to_fit();
}

void PackedHistogram::unpack_into(Histogram& into) const {
  if (count_ == 0) return;
  const bool was_empty = into.count() == 0;
  const core::Nanos min = was_empty ? min_ : std::min(min_, into.min());
  const core::Nanos max = std::max(max_, into.max());
  const Histogram::Sum sum = into.sum() + sum_;
  const std::uint64_t saturated = into.saturated() + saturated_;
  (void)add_counters(counters_.data(), counters_.size(), into);  // these bytes are our own
  into.set_exact(min, max, sum, saturated);
}

}  // namespace tacos::measure
