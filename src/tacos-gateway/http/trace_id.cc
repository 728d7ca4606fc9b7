#include "tacos-gateway/http/trace_id.h"

#include <algorithm>

namespace tacos::gateway {
namespace {

bool is_lower_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_all_zero(std::string_view text) {
  return text.find_first_not_of('0') == std::string_view::npos;
}

}  // namespace

TraceId TraceId::random(core::Random& random) {
  static constexpr char kHex[] = "0123456789abcdef";
  TraceId id;
  for (std::size_t half = 0; half < 2; ++half) {
    std::uint64_t bits = random.next() | 1;
    for (std::size_t i = 0; i < kSize / 2; ++i, bits >>= 4) id.text_[half * kSize / 2 + i] = kHex[bits & 15];
  }
  return id;
}

std::optional<TraceId> TraceId::from_traceparent(std::string_view header) {
  // version "-" trace-id "-" parent-id "-" trace-flags; later versions may append more behind another '-'.
  if (header.size() < 55 || header[2] != '-' || header[35] != '-' || header[52] != '-') return std::nullopt;
  const std::string_view version = header.substr(0, 2);
  const std::string_view trace = header.substr(3, kSize);
  const std::string_view parent = header.substr(36, 16);
  if (!is_lower_hex(version) || version == "ff" || !is_lower_hex(trace) || !is_lower_hex(parent) ||
      !is_lower_hex(header.substr(53, 2)) || is_all_zero(trace) || is_all_zero(parent)) {
    return std::nullopt;
  }
  if (header.size() > 55 && (version == "00" || header[55] != '-')) return std::nullopt;
  TraceId id;
  std::copy(trace.begin(), trace.end(), id.text_.begin());
  return id;
}

}  // namespace tacos::gateway
