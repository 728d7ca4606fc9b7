// tacos-gateway: parses and runs. What it does is in Gateway, how it lives as a process in GatewayProcess.
#include <cstdio>
#include <exception>
#include <span>
#include <string>

#include <fmt/format.h>

#include "tacos-gateway/gateway_process.h"
#include "tacos-gateway/options.h"
#include "tacos-gateway/process/signal_loop.h"

namespace {

using tacos::gateway::GatewayCommand;
using tacos::gateway::GatewayExit;

// SIGPIPE is held back: of a reader that has gone, such as head(1), nothing more is heard than a failed write.
void say(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

GatewayExit run(std::span<const char* const> arguments) {
  const auto command = tacos::gateway::parse_gateway_options(arguments, tacos::gateway::gateway_environment());
  if (command.has_error()) {
    fmt::print(stderr, "tacos-gateway: {}\n", command.error().message);
    return GatewayExit::kWrongOption;
  }
  switch (command->action) {
    case GatewayCommand::Action::kHelp:
      say(tacos::gateway::gateway_help());
      return GatewayExit::kOk;
    case GatewayCommand::Action::kVersion:
      say(fmt::format("tacos-gateway {}\n", TACOS_GATEWAY_VERSION));
      return GatewayExit::kOk;
    case GatewayCommand::Action::kRun:
      break;
  }
  return tacos::gateway::GatewayProcess(*command).run();
}

}  // namespace

int main(int argc, char** argv) {
  // Before anything that takes time: a reload that a service manager asks for early must not end the start.
  tacos::gateway::hold_signals();
  GatewayExit exit = GatewayExit::kCannotRun;
  try {
    exit = run({argv + 1, static_cast<std::size_t>(argc > 0 ? argc - 1 : 0)});
  } catch (const std::exception& error) {
    fmt::print(stderr, "tacos-gateway: {}\n", error.what());
  }
  return static_cast<int>(exit);
}
