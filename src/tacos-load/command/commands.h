#pragma once

#include <atomic>
#include <string>

#include "core/result.h"
#include "tacos-load/command/command_line.h"

namespace tacos::load {

// The exit codes of the contract that do not follow from a verdict (see --help).
inline constexpr int kBadCommand = 2;
inline constexpr int kCouldNotRun = 3;

// Says what went wrong on standard error and returns the code.
int complain(const core::Error& error, int code);

// Each carries out one command, prints what it found and returns the exit code.
//
// typed is the command line as a shell would read it back; stop is set by Ctrl-C.
int run_load(const CommandLine& command, std::string typed, const std::atomic<bool>& stop);
int run_report(const ReportCommand& command);
int run_compare(const CompareCommand& command);
int run_ladders(const LaddersCommand& command);

// A completion script for bash, zsh or fish, made from the grammar of commands.
std::string completion_script(const std::string& shell);

}  // namespace tacos::load
