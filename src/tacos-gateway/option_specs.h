#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/result.h"
#include "tacos-gateway/options.h"

namespace tacos::gateway {

// An option of the gateway as flags, files, the environment and the help have it.
struct OptionSpec {
  const char* section;
  const char* name;
  const char* value;
  const char* help;
  std::function<core::Result<void>(GatewayOptions&, const std::string&)> set;  // refuses with what it may be
  std::function<std::string(const GatewayOptions&)> show;
};

// In the order of the help.
const std::vector<OptionSpec>& option_specs();

// What must hold between options, whoever gave them.
core::Result<void> check_together(const GatewayOptions& options);

}  // namespace tacos::gateway
