#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace tacos::plan {

// The text of a file of at most 256 MiB. `called` names the flag that asked for it, for the message.
core::Result<std::string> stored_text(const std::string& file, std::string_view called);

// Writes the text to the file, or to standard output when it has no name. Leaves no half-written file behind.
core::Result<void> store_text(const std::string& file, std::string_view text);

}  // namespace tacos::plan
