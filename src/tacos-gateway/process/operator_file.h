#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace tacos::gateway {

// What an operator's file holds.
struct OperatorFile {
  std::string text;
  bool readable_by_all = false;
};

// No file that the gateway reads is longer, so a wrong name can't fill the memory.
inline constexpr std::size_t kLargestFileBytes = 1024 * 1024;

// Whether the path leads to a regular file that is not empty and not too large. Never waits, whatever is there: a FIFO
// or a device is refused. The error names the path and the reason.
core::Result<void> check_operator_file(const std::string& path);

// Reads the file to its end, with the checks above.
core::Result<OperatorFile> read_operator_file(const std::string& path);

// The same for a file whose word counts as the operator's: refused when others may write it.
core::Result<OperatorFile> read_trusted_file(const std::string& path);

// The same for a file of secrets: refused when others may write it, since they could put a key of theirs in it.
core::Result<OperatorFile> read_secret_file(const std::string& path);

}  // namespace tacos::gateway
