#pragma once

#include <string>

#include "tacos-gateway/http/api_thread.h"

namespace tacos::gateway {

// GET /healthz (this process answers), /readyz (it should be sent requests) and /metrics.
class ProbeRoutes {
 public:
  explicit ProbeRoutes(ApiThread& thread) : thread_(thread) {}

  void handle(ApiExchange& exchange);

 private:
  void ready(ApiExchange& exchange);
  void metrics(ApiExchange& exchange);

  ApiThread& thread_;
};

// What GET /metrics answers, from the counters as they stand now. Any thread; takes milliseconds when there are many
// events.
std::string current_metrics_page(GatewayServices& services, const OperatorReports::Snapshots& events);

}  // namespace tacos::gateway
