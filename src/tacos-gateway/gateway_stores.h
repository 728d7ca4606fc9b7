#pragma once

#include <memory>

#include "core/clock.h"
#include "core/result.h"
#include "tacos-gateway/backend/seat_store.h"
#include "tacos-gateway/http/gateway_log.h"
#include "tacos-gateway/options.h"
#include "tacos-gateway/store/queue_store.h"

namespace tacos::gateway {

// The line and the seats behind it, in memory or on a Redis, as the options say.
struct GatewayStores {
  std::unique_ptr<QueueStore> line;
  std::unique_ptr<SeatStore> seats;  // goes before the line

  // clock and log must outlive them. An error names the option.
  static core::Result<GatewayStores> make(const GatewayOptions& options, const core::Clock& clock, GatewayLog& log);
  static SeatLimits seat_limits(const GatewayOptions& options);
};

}  // namespace tacos::gateway
