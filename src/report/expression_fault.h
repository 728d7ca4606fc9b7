#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace tacos::report {

// Where in an expression that somebody typed reading stopped, and what is wrong there. Parsers throw it among
// themselves; what they hand out is its message.
struct ExpressionFault {
  std::size_t at = 0;
  std::string what;

  // kind is what was being read: "gate". The expression is shown with a caret under the fault.
  std::string message(std::string_view kind, std::string_view expression) const {
    return fmt::format("the {} can't be read: {}\n  {}\n  {}^", kind, what, expression,
                       std::string(std::min(at, expression.size()), ' '));
  }
};

}  // namespace tacos::report
