#pragma once

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
  static void write_metrics(ApiExchange& exchange, std::span<const EventSnapshot> events);

  ApiThread& thread_;
};

}  // namespace tacos::gateway
