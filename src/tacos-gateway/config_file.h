#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace tacos::gateway {

// One line "option = value" of a config file.
struct ConfigLine {
  std::string name;
  std::string value;
  std::size_t number = 0;  // of the line, from 1
};

// The lines of a config file that say something. A comment is what follows a '#' at the start of a line or behind white
// space, so that a '#' within a value (a password in a URL) stays. An error names the line: one without '=', a section,
// a NUL byte, an empty value, an option that stands there twice. path is for the messages only.
core::Result<std::vector<ConfigLine>> parse_config(std::string_view text, std::string_view path);

}  // namespace tacos::gateway
