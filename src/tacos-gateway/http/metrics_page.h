#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "net/http_server.h"
#include "tacos-gateway/http/address_limiter.h"
#include "tacos-gateway/http/gateway_log.h"
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
  std::optional<net::HttpServerCounts> admin_server = {};  // none without --admin-listen
  MemoryTrimmer::Counts trims = {};
  std::uint64_t log_lines_dropped = 0;
  std::array<std::uint64_t, kLogCauseNames.size()> log_lines_left_out{};
  std::uint64_t admin_auth_failures = 0;
  std::uint64_t admin_auth_throttled = 0;
  std::array<AddressLimiter::Counts, kJoinLimitNames.size()> join_limiters = {};
  std::string store_kind = "embedded";
  std::string position_strategy = "index";
};

// Event ids are users' choice where joins may create events: without a bound a stranger could grow every scrape.
inline constexpr std::size_t kMostEventsShown = 200;
// The label under which all other events are summed.
inline constexpr std::string_view kOtherEvents = "other";

// The text exposition format of Prometheus, version 0.0.4. Events that operators have declared come first, then those
// with the longest lines; those beyond kMostEventsShown are summed, where a sum means something.
inline constexpr std::string_view kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";
std::string metrics_page(const MetricsInput& input);

}  // namespace tacos::gateway
