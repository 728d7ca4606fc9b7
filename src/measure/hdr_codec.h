#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "measure/histogram.h"

namespace tacos::measure {

// HdrHistogram's V2 wire format (HdrHistogram/HdrHistogram, AbstractHistogram.encodeIntoByteBuffer), big-endian:
//   cookie 0x1c849303 | payload length | normalizing index offset 0 | significant digits 3 | lowest 1 | highest |
//   integer-to-double ratio 1.0 | counters (append_counters)
// so that a run's histograms open in any of its tools. The format carries counters alone: minimum, maximum and sum come
// back as well as the buckets know them, within one part in 1,024.
std::vector<std::uint8_t> encode_hdr(const Histogram& histogram);

// The same inside cookie 0x1c849304 | length | zlib stream: what logs hold.
std::vector<std::uint8_t> encode_hdr_compressed(const Histogram& histogram);

// Reads either form. Safe on any bytes: what it makes of them is bounded by the range of a Histogram. Fails on other
// versions and on other resolutions than a Histogram has (3 digits, lowest value 1).
core::Result<Histogram> decode_hdr(std::span<const std::uint8_t> bytes);

// RFC 4648 base64 with padding: how the compressed form stands in a log.
std::string to_base64(std::span<const std::uint8_t> bytes);
core::Result<std::vector<std::uint8_t>> from_base64(std::string_view text);

}  // namespace tacos::measure
