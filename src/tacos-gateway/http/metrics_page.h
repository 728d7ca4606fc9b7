#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "net/http_server.h"
#include "tacos-gateway/http/address_limiter.h"
#include "tacos-gateway/http/memory_trimmer.h"
#include "tacos-gateway/http/metrics.h"
#include "tacos-gateway/store/queue_store.h"

namespace tacos::gateway {

// Everything that GET /metrics shows, gathered at one request.
struct MetricsInput {
  std::span<const ThreadMetrics* const> threads;
  net::HttpServerCounts server;
  std::span<const EventSnapshot> events;
  std::span<const StoreMetric> store = {};
  MemoryTrimmer::Counts trims = {};
  std::array<AddressLimiter::Counts, kJoinLimitNames.size()> join_limiters = {};
  std::string store_kind = "embedded";
  std::string position_strategy = "index";
};

// The text exposition format of Prometheus, version 0.0.4.
inline constexpr std::string_view kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";
std::string metrics_page(const MetricsInput& input);

}  // namespace tacos::gateway
