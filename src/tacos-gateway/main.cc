// tacos-gateway: parses, runs until it is told to stop, shuts down. What it does is in Gateway.
#include <cstdio>
#include <exception>
#include <signal.h>
#include <span>
#include <string>

#include <fmt/format.h>

#include "core/clock.h"
#include "tacos-gateway/gateway.h"
#include "tacos-gateway/options.h"

namespace {

using tacos::gateway::Gateway;
using tacos::gateway::GatewayCommand;
using tacos::gateway::GatewayLog;

// Documented in --help.
constexpr int kExitOk = 0;
constexpr int kExitWrongOption = 2;
constexpr int kExitCannotRun = 3;
constexpr int kExitCutOff = 4;

sigset_t stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

int run(const tacos::gateway::GatewayOptions& options) {
  // Blocked before any thread starts, so that all of them inherit it and only the waits below take the signals.
  const sigset_t signals = stop_signals();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  const tacos::core::SteadyClock clock;
  GatewayLog log(GatewayLog::level_named(options.log_level),
                 options.log_format == "json" ? GatewayLog::Format::kJson : GatewayLog::Format::kText, clock);
  auto gateway = Gateway::start(options, clock, log);
  if (gateway.has_error()) {
    fmt::print(stderr, "tacos-gateway: {}\n", gateway.error().message);
    return gateway.error().fault == Gateway::Fault::kOptions ? kExitWrongOption : kExitCannotRun;
  }
  int signal = 0;
  ::sigwait(&signals, &signal);
  log.info("shutting down", {{"signal", std::string_view(signal == SIGTERM ? "SIGTERM" : "SIGINT")}});
  (*gateway)->announce_shutdown();
  // A second signal ends the wait for load balancers to notice.
  const auto seconds = options.shutdown_delay / std::chrono::seconds(1);
  const timespec delay{seconds, (options.shutdown_delay - std::chrono::seconds(seconds)).count()};
  ::sigtimedwait(&signals, nullptr, &delay);
  return (*gateway)->shut_down() ? kExitOk : kExitCutOff;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::span<const char* const> arguments(argv + 1, static_cast<std::size_t>(argc > 0 ? argc - 1 : 0));
    const auto command = tacos::gateway::parse_gateway_options(arguments, tacos::gateway::gateway_environment());
    if (command.has_error()) {
      fmt::print(stderr, "tacos-gateway: {}\n", command.error().message);
      return kExitWrongOption;
    }
    switch (command->action) {
      case GatewayCommand::Action::kHelp:
        fmt::print("{}", tacos::gateway::gateway_help());
        return kExitOk;
      case GatewayCommand::Action::kVersion:
        fmt::print("tacos-gateway {}\n", TACOS_GATEWAY_VERSION);
        return kExitOk;
      case GatewayCommand::Action::kRun:
        return run(command->options);
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "tacos-gateway: {}\n", error.what());
  }
  return kExitCannotRun;
}
