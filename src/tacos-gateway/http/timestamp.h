#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tacos::gateway {

// "2026-11-21T08:25:09.775Z": RFC 3339, UTC, milliseconds.
std::string format_timestamp(std::int64_t unix_ms);

// Milliseconds since 1970 of "2026-12-24T10:00:00Z" or "2026-12-24T19:00:00.500+09:00" (RFC 3339, section 5.6), from
// 1970 to 2099; nothing for anything else. A fraction has one to three digits; a leap second is not taken.
std::optional<std::int64_t> parse_timestamp(std::string_view text);

}  // namespace tacos::gateway
