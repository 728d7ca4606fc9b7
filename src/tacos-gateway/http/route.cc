#include "tacos-gateway/http/route.h"

#include <optional>

namespace tacos::gateway {
namespace {

using net::HttpMethod;

struct Entry {
  Route route;
  std::string_view pattern;
  std::string_view allow;  // the methods, none of which is part of another's name
  bool versioned;          // also under /api/v1
};

constexpr std::string_view kVersionPrefix = "/api/v1";
constexpr std::string_view kId = "{id}";

// In the order of Route.
constexpr std::array<Entry, kRouteCount - 1> kEntries{{
    {Route::kJoin, "/queue/join", "POST", true},
    {Route::kStatus, "/queue/status", "GET, HEAD", true},
    {Route::kEnter, "/queue/enter", "POST", true},
    {Route::kLeave, "/queue/leave", "DELETE", true},
    {Route::kReserve, "/reservations", "POST", true},
    {Route::kConfirm, "/reservations/{id}/confirm", "POST", true},
    {Route::kCancel, "/reservations/{id}/cancel", "POST", true},
    {Route::kPaymentIntent, "/payment/intent", "POST", true},
    {Route::kPaymentProcess, "/payment/process", "POST", true},
    {Route::kHealth, "/healthz", "GET, HEAD", false},
    {Route::kReady, "/readyz", "GET, HEAD", false},
    {Route::kMetrics, "/metrics", "GET, HEAD", false},
    {Route::kAdminEvents, "/admin/events", "GET, HEAD", false},
    {Route::kAdminAdmission, "/admin/events/{id}/admission", "PUT", false},
    {Route::kAdminPause, "/admin/events/{id}/pause", "POST", false},
    {Route::kAdminResume, "/admin/events/{id}/resume", "POST", false},
    {Route::kAdminDrain, "/admin/events/{id}/drain", "POST", false},
    {Route::kAdminEvent, "/admin/events/{id}", "GET, HEAD, PUT, DELETE", false},
    {Route::kAdminAudit, "/admin/audit", "GET, HEAD", false},
}};

// The variable part when the path fits the pattern ("" for a pattern without one).
std::optional<std::string_view> fits(std::string_view pattern, std::string_view path) {
  const std::size_t id_at = pattern.find(kId);
  if (id_at == std::string_view::npos) return pattern == path ? std::optional(std::string_view()) : std::nullopt;
  const std::string_view before = pattern.substr(0, id_at);
  const std::string_view after = pattern.substr(id_at + kId.size());
  if (path.size() <= before.size() + after.size() || !path.starts_with(before) || !path.ends_with(after)) {
    return std::nullopt;
  }
  const std::string_view id = path.substr(before.size(), path.size() - before.size() - after.size());
  return id.find('/') == std::string_view::npos ? std::optional(id) : std::nullopt;
}

bool allows(const Entry& entry, HttpMethod method) {
  return entry.allow.find(net::name_of(method)) != std::string_view::npos;
}

}  // namespace

std::string_view pattern_of(Route route) {
  return route == Route::kUnknown ? std::string_view("unknown") : kEntries[static_cast<std::size_t>(route)].pattern;
}

RouteMatch match_route(HttpMethod method, std::string_view path) {
  const bool versioned = path.starts_with(kVersionPrefix);
  if (versioned) path.remove_prefix(kVersionPrefix.size());
  for (const Entry& entry : kEntries) {
    if (versioned && !entry.versioned) continue;
    if (const auto id = fits(entry.pattern, path)) return {entry.route, allows(entry, method), entry.allow, *id};
  }
  return {};
}

}  // namespace tacos::gateway
