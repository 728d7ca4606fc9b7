#pragma once

#include <cstdint>
#include <string>

namespace tacos::gateway {

// "2026-11-21T08:25:09.775Z": RFC 3339, UTC, milliseconds.
std::string format_timestamp(std::int64_t unix_ms);

}  // namespace tacos::gateway
