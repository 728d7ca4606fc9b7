#pragma once

#include <string_view>

#include <fmt/format.h>

namespace tacos::gateway {

// Appends text as the inside of a JSON string (RFC 8259, section 7). Bytes above 127 pass as they are: what comes from
// a request has been checked to be UTF-8 when it was read.
void append_json_escaped(fmt::memory_buffer& out, std::string_view text);

}  // namespace tacos::gateway
