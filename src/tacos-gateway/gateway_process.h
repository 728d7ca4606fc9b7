#pragma once

#include <bitset>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "tacos-gateway/gateway.h"
#include "tacos-gateway/options.h"
#include "tacos-gateway/process/service_notifier.h"
#include "tacos-gateway/process/signal_loop.h"

namespace tacos::gateway {

// How the program ends. Documented in --help.
enum class GatewayExit : int { kOk = 0, kWrongOption = 2, kCannotRun = 3, kCutOff = 4 };

// A gateway as a process: it serves until a signal ends it, reloads at SIGHUP, and tells the service manager how it
// stands. Thread rule: the main thread's, and made before any other thread.
class GatewayProcess {
 public:
  explicit GatewayProcess(const GatewayCommand& command);

  // Returns when the gateway has shut down. Why it could not start stands on standard error.
  GatewayExit run();

 private:
  // The log as the options say; an error when its file can't be written.
  core::Result<void> open_log();
  // Until a signal that ends the gateway: returns it.
  int serve();
  void tell_manager();
  // No longer than the manager may wait for what it has not been told.
  core::Nanos at_most(core::Nanos patience) const;
  void say_alive();
  GatewayExit shut_down(int signal);
  // While load balancers notice that this gateway goes. Whether it is to stop at once.
  bool wait_for_balancers();
  // What is in flight may finish, unless SIGQUIT comes.
  bool finish(core::Nanos grace);
  void pass_over(int signal);

  const GatewayOptions options_;
  const std::vector<std::string> warnings_;
  const SignalLoop signals_;
  ServiceNotifier manager_;
  const core::SteadyClock clock_;
  std::unique_ptr<GatewayLog> log_;
  std::unique_ptr<Gateway> gateway_;
  bool told_ready_ = false;
  core::Instant alive_due_;
  std::bitset<128> seen_;  // signals that were passed over before
};

}  // namespace tacos::gateway
