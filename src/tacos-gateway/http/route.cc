#include "tacos-gateway/http/route.h"

#include <optional>

namespace tacos::gateway {
namespace {

using net::HttpMethod;

struct Entry {
  Route route;
  std::string_view pattern;
  HttpMethod method;
  std::string_view allow;
  bool versioned;  // also under /api/v1
};

constexpr std::string_view kVersionPrefix = "/api/v1";
constexpr std::string_view kId = "{id}";

// In the order of Route.
constexpr std::array<Entry, kRouteCount - 1> kEntries{{
    {Route::kJoin, "/queue/join", HttpMethod::kPost, "POST", true},
    {Route::kStatus, "/queue/status", HttpMethod::kGet, "GET, HEAD", true},
    {Route::kEnter, "/queue/enter", HttpMethod::kPost, "POST", true},
    {Route::kLeave, "/queue/leave", HttpMethod::kDelete, "DELETE", true},
    {Route::kReserve, "/reservations", HttpMethod::kPost, "POST", true},
    {Route::kConfirm, "/reservations/{id}/confirm", HttpMethod::kPost, "POST", true},
    {Route::kCancel, "/reservations/{id}/cancel", HttpMethod::kPost, "POST", true},
    {Route::kPaymentIntent, "/payment/intent", HttpMethod::kPost, "POST", true},
    {Route::kPaymentProcess, "/payment/process", HttpMethod::kPost, "POST", true},
    {Route::kHealth, "/healthz", HttpMethod::kGet, "GET, HEAD", false},
    {Route::kReady, "/readyz", HttpMethod::kGet, "GET, HEAD", false},
    {Route::kMetrics, "/metrics", HttpMethod::kGet, "GET, HEAD", false},
    {Route::kAdminEvents, "/admin/events", HttpMethod::kGet, "GET, HEAD", false},
    {Route::kAdminAdmission, "/admin/events/{id}/admission", HttpMethod::kPut, "PUT", false},
    {Route::kAdminPause, "/admin/events/{id}/pause", HttpMethod::kPost, "POST", false},
    {Route::kAdminResume, "/admin/events/{id}/resume", HttpMethod::kPost, "POST", false},
    {Route::kAdminDrain, "/admin/events/{id}/drain", HttpMethod::kPost, "POST", false},
    {Route::kAdminAudit, "/admin/audit", HttpMethod::kGet, "GET, HEAD", false},
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
  return method == entry.method || (method == HttpMethod::kHead && entry.method == HttpMethod::kGet);
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
