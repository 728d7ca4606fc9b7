#pragma once

#include <cstdint>

#include "tacos-plan/simulation/fluid_server.h"
#include "tacos-plan/simulation/sale_parameters.h"

namespace tacos::plan {

// The store's one executing thread: a second of CPU per second, spent command by command. Commands that would keep a
// client waiting too long are not executed, as when a connection pool gives up first. Thread rule: none.
class RedisStation {
 public:
  enum class Call : std::uint8_t { kJoin, kStatus, kEnter, kLeave };

  explicit RedisStation(const RedisParameters& costs) : costs_(costs) {}

  void begin_tick(double tick_sec) { cpu_.begin_tick(tick_sec, 1.0); }

  // The wait before the answer, in seconds; nothing is executed and the result is negative when that is beyond `most`.
  double offer(Call call, std::uint32_t waiting, double most_sec) {
    const double delay = cpu_.delay_sec();
    if (delay > most_sec) return -1;
    cpu_.add(cost_sec(call, waiting));
    return delay;
  }

  double cost_sec(Call call, std::uint32_t waiting) const {
    switch (call) {
      case Call::kStatus:
        return costs_.status_cpu_sec + costs_.status_cpu_sec_per_waiting * waiting;
      case Call::kJoin:
        return costs_.join_cpu_sec;
      case Call::kEnter:
        return costs_.enter_cpu_sec;
      default:
        return costs_.leave_cpu_sec;
    }
  }

  FluidServer::Use take_use() { return cpu_.take_use(); }

 private:
  RedisParameters costs_;
  FluidServer cpu_;
};

}  // namespace tacos::plan
