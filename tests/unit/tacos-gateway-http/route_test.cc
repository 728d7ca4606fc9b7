#include "tacos-gateway/http/route.h"

#include <tuple>

#include <gtest/gtest.h>

namespace tacos::gateway {
namespace {

using net::HttpMethod;

TEST(MatchRoute, FindsEveryRouteOfTheContract) {
  const std::tuple<HttpMethod, const char*, Route, const char*> cases[] = {
      {HttpMethod::kPost, "/queue/join", Route::kJoin, ""},
      {HttpMethod::kPost, "/api/v1/queue/join", Route::kJoin, ""},
      {HttpMethod::kGet, "/queue/status", Route::kStatus, ""},
      {HttpMethod::kHead, "/queue/status", Route::kStatus, ""},
      {HttpMethod::kPost, "/queue/enter", Route::kEnter, ""},
      {HttpMethod::kDelete, "/queue/leave", Route::kLeave, ""},
      {HttpMethod::kPost, "/reservations", Route::kReserve, ""},
      {HttpMethod::kPost, "/reservations/res_1/confirm", Route::kConfirm, "res_1"},
      {HttpMethod::kPost, "/api/v1/reservations/res_1/cancel", Route::kCancel, "res_1"},
      {HttpMethod::kPost, "/payment/intent", Route::kPaymentIntent, ""},
      {HttpMethod::kPost, "/api/v1/payment/process", Route::kPaymentProcess, ""},
      {HttpMethod::kGet, "/healthz", Route::kHealth, ""},
      {HttpMethod::kGet, "/readyz", Route::kReady, ""},
      {HttpMethod::kGet, "/metrics", Route::kMetrics, ""},
      {HttpMethod::kGet, "/admin/events", Route::kAdminEvents, ""},
      {HttpMethod::kPut, "/admin/events/show/admission", Route::kAdminAdmission, "show"},
      {HttpMethod::kPost, "/admin/events/*/pause", Route::kAdminPause, "*"},
      {HttpMethod::kPost, "/admin/events/show/resume", Route::kAdminResume, "show"},
      {HttpMethod::kPost, "/admin/events/show/drain", Route::kAdminDrain, "show"},
      {HttpMethod::kGet, "/admin/audit", Route::kAdminAudit, ""},
  };
  for (const auto& [method, path, route, id] : cases) {
    const RouteMatch match = match_route(method, path);
    EXPECT_EQ(match.route, route) << path;
    EXPECT_TRUE(match.method_allowed) << path;
    EXPECT_EQ(match.id, id) << path;
  }
}

TEST(MatchRoute, TellsAWrongMethodFromAnUnknownPath) {
  const RouteMatch wrong = match_route(HttpMethod::kGet, "/queue/join");
  EXPECT_EQ(wrong.route, Route::kJoin);
  EXPECT_FALSE(wrong.method_allowed);
  EXPECT_EQ(wrong.allow, "POST");
  EXPECT_FALSE(match_route(HttpMethod::kHead, "/queue/join").method_allowed);
}

TEST(MatchRoute, KnowsNothingElse) {
  for (const char* path :
       {"/", "", "/queue", "/queue/join/", "/queue/joiner", "/QUEUE/join", "/reservations/", "/reservations//confirm",
        "/reservations/a/b/confirm", "/reservations/confirm", "/api/v1/healthz", "/api/v1/admin/events", "/api/v1",
        "/api/v2/queue/join", "/admin/events//pause"}) {
    EXPECT_EQ(match_route(HttpMethod::kPost, path).route, Route::kUnknown) << path;
  }
}

TEST(PatternOf, NamesEveryRouteOnce) {
  EXPECT_EQ(pattern_of(Route::kJoin), "/queue/join");
  EXPECT_EQ(pattern_of(Route::kConfirm), "/reservations/{id}/confirm");
  EXPECT_EQ(pattern_of(Route::kAdminAudit), "/admin/audit");
  EXPECT_EQ(pattern_of(Route::kUnknown), "unknown");
}

}  // namespace
}  // namespace tacos::gateway
