#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"

namespace tacos::gateway {

// Tells the service manager how the gateway stands, as sd_notify(3) describes: datagrams to the socket that
// NOTIFY_SOCKET names. Without that variable it tells nobody. A manager that does not read is not waited for; what it
// has not taken is told again. Thread rule: the main thread's.
class ServiceNotifier {
 public:
  // What the environment says: NOTIFY_SOCKET; WATCHDOG_USEC, unless WATCHDOG_PID is another process.
  explicit ServiceNotifier(const std::map<std::string, std::string>& environment);
  // This process's own.
  static ServiceNotifier of_this_process();

  // How soon what could not be told is told again.
  static constexpr core::Nanos kAgain = std::chrono::milliseconds(100);

  bool is_heard() const { return !socket_.empty(); }
  // How often the manager wants to hear that the gateway lives; 0: not at all. Half the time it was given.
  core::Nanos watchdog_interval() const { return watchdog_ / 2; }

  // What a full queue does not take is kept, the latest of each kind in order, and told again by tell_again().
  void ready() { tell("READY=1"); }
  // Between the two the manager knows that the gateway reloads. Carries the time, as Type=notify-reload asks.
  void reloading();
  // Ends what was to be told before.
  void stopping();
  // Dropped when it is not taken: the next sign of life follows.
  void alive() const { send("WATCHDOG=1"); }

  bool has_untold() const { return !untold_.empty(); }
  // Whether all is told now. To be called every kAgain or so.
  bool tell_again();

 private:
  void tell(std::string state);
  // Whether the manager's queue has taken it.
  bool send(std::string_view state) const;

  std::string socket_;  // a path, or '@' and an abstract name
  core::Nanos watchdog_{0};
  std::vector<std::string> untold_;  // oldest first; one of each kind at most
};

}  // namespace tacos::gateway
