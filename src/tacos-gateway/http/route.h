#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "net/http_request.h"

namespace tacos::gateway {

enum class Route : std::uint8_t {
  kJoin,
  kStatus,
  kEnter,
  kLeave,
  kReserve,
  kConfirm,
  kCancel,
  kPaymentIntent,
  kPaymentProcess,
  kHealth,
  kReady,
  kMetrics,
  kAdminEvents,
  kAdminAdmission,
  kAdminPause,
  kAdminResume,
  kAdminDrain,
  kAdminEvent,
  kAdminAudit,
  kUnknown,  // no such path; also what the server itself refuses
};
inline constexpr std::size_t kRouteCount = 20;

// The label of a route in metrics: its path with the variable part as {id}.
std::string_view pattern_of(Route route);

// What a path leads to.
struct RouteMatch {
  Route route = Route::kUnknown;
  bool method_allowed = true;
  std::string_view allow;  // the methods the path takes, as an Allow header says them
  std::string_view id;     // the variable part of the path, as sent
};

// Routes below /queue, /reservations and /payment stand at the root and again under /api/v1.
RouteMatch match_route(net::HttpMethod method, std::string_view path);

}  // namespace tacos::gateway
