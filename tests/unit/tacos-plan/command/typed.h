#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tacos-plan/command/command_line.h"

namespace tacos::plan {

// What the program makes of these words behind its name.
inline Parsed parsed(const std::vector<std::string>& words) {
  std::vector<const char*> argv = {"tacos-plan"};
  for (const auto& word : words) argv.push_back(word.c_str());
  return parse_command_line(static_cast<int>(argv.size()), argv.data());
}

inline CommandLine typed(const std::vector<std::string>& words) {
  auto result = parsed(words);
  EXPECT_TRUE(result.command.has_value()) << result.output;
  return result.command.value_or(CommandLine());
}

}  // namespace tacos::plan
