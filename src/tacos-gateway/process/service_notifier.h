#pragma once

#include <map>
#include <string>
#include <string_view>

#include "core/clock.h"

namespace tacos::gateway {

// Tells the service manager how the gateway stands, as sd_notify(3) describes: datagrams to the socket that
// NOTIFY_SOCKET names. Without that variable it tells nobody. A manager that does not read is not waited for.
class ServiceNotifier {
 public:
  // What the environment says: NOTIFY_SOCKET; WATCHDOG_USEC, unless WATCHDOG_PID is another process.
  explicit ServiceNotifier(const std::map<std::string, std::string>& environment);
  // This process's own.
  static ServiceNotifier of_this_process();

  bool is_heard() const { return !socket_.empty(); }
  // How often the manager wants to hear that the gateway lives; 0: not at all. Half the time it was given.
  core::Nanos watchdog_interval() const { return watchdog_ / 2; }

  void ready() const { send("READY=1"); }
  // Between the two the manager knows that the gateway reloads. Carries the time, as Type=notify-reload asks.
  void reloading() const;
  void stopping() const { send("STOPPING=1"); }
  void alive() const { send("WATCHDOG=1"); }

 private:
  void send(std::string_view state) const;

  std::string socket_;  // a path, or '@' and an abstract name
  core::Nanos watchdog_{0};
};

}  // namespace tacos::gateway
