#pragma once

#include <string>

#include "tacos-plan/command/command_line.h"
#include "tacos-plan/document/document.h"

namespace tacos::plan {

// Writes what a command has to say in the format that was asked for, to the file or to standard output. Text is as wide
// as the terminal (100 columns in a pipe or a file), in colour on a terminal unless NO_COLOR is set, in ASCII where the
// locale is not UTF-8. Returns the exit code: 0, or 3 with a message on standard error.
int write_output(const CommandLine& command, const Document& document, const std::string& json);

// A fault on standard error, as all commands report theirs; returns `code`.
int report_fault(const std::string& message, int code);

}  // namespace tacos::plan
