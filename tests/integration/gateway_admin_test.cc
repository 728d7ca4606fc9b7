#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "integration/gateway_fixture.h"

namespace tacos::gateway {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

class GatewayAdminTest : public GatewayFixture {};

TEST_F(GatewayAdminTest, IsClosedWithoutAToken) {
  options.admin_token.clear();
  start();
  const Reply refused = admin("GET", "/admin/events");
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.code(), "FORBIDDEN");
  EXPECT_THAT(refused.raw.body, HasSubstr("--admin-token-file"));
}

TEST_F(GatewayAdminTest, AsksForTheToken) {
  start();
  for (const std::string headers : {"", "Authorization: Bearer wrong\r\n", "Authorization: Bearer\r\n"}) {
    for (const auto& [method, target] :
         {std::pair{"GET", "/admin/events"}, std::pair{"GET", "/admin/audit"},
          std::pair{"POST", "/admin/events/show/pause"}, std::pair{"PUT", "/admin/events/show/admission"}}) {
      const Reply refused = call(method, target, "", headers);
      EXPECT_EQ(refused.status, 401) << method << " " << target << " " << headers;
      EXPECT_EQ(refused.code(), "UNAUTHENTICATED");
    }
  }
}

TEST_F(GatewayAdminTest, ChangesTheRateOfOneEventWhileItRuns) {
  options.admission_rate = core::Rate::per_second(0.001);
  options.admission_burst = 1;
  start();
  const std::string ann = join("ann").text("waiting_token");
  eventually([&] { return status(ann).text("status") == "ready"; });  // the burst of one
  const std::string bob = join("bob").text("waiting_token");
  clock.advance(10s);
  EXPECT_EQ(status(bob).text("status"), "waiting");
  const Reply changed = admin("PUT", "/admin/events/show/admission", R"({"rate":100,"burst":50})");
  EXPECT_EQ(changed.status, 200);
  EXPECT_EQ(changed.body["events_changed"], 1);
  EXPECT_EQ(changed.text("to"), "rate=100 burst=50");
  clock.advance(1s);
  eventually([&] { return status(bob).text("status") == "ready"; });
  EXPECT_EQ(admin("GET", "/admin/events").body["events"][0]["admission_rate"], 100);
}

TEST_F(GatewayAdminTest, PausesResumesAndDrains) {
  start();
  const std::string first = join("first").text("waiting_token");
  eventually([&] { return status(first).text("status") == "ready"; });
  EXPECT_EQ(admin("POST", "/admin/events/*/pause").status, 200);
  const std::string second = join("second").text("waiting_token");
  clock.advance(5s);
  EXPECT_EQ(status(second).text("status"), "waiting");
  EXPECT_EQ(admin("GET", "/admin/events").body["events"][0]["paused"], true);
  EXPECT_EQ(admin("POST", "/admin/events/show/resume").status, 200);
  clock.advance(1s);
  eventually([&] { return status(second).text("status") == "ready"; });
  EXPECT_EQ(admin("POST", "/admin/events/show/drain").status, 200);
  const Reply refused = join("third");
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.code(), "FORBIDDEN");
  EXPECT_EQ(enter(second).status, 200);
}

TEST_F(GatewayAdminTest, RecordsWhoDidWhat) {
  start();
  join("ann");
  const Reply paused = admin("POST", "/admin/events/show/pause");
  admin("PUT", "/admin/events/show/admission", R"({"rate":5})");
  const Json entries = admin("GET", "/admin/audit").body["entries"];
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0]["action"], "pause");
  EXPECT_EQ(entries[0]["event_id"], "show");
  EXPECT_EQ(entries[0]["from"], "rate=1000 paused=false draining=false");
  EXPECT_EQ(entries[0]["to"], "paused=true");
  EXPECT_EQ(entries[0]["peer"], "127.0.0.1");
  EXPECT_EQ(entries[0]["trace_id"], paused.raw.header("x-trace-id"));
  EXPECT_EQ(entries[0]["who"].get<std::string>().size(), 8u);
  EXPECT_EQ(entries[1]["action"], "admission");
  EXPECT_THAT(log_text(), HasSubstr(R"("msg":"operator action")"));
  EXPECT_THAT(log_text(), Not(HasSubstr(kAdminToken)));
}

TEST_F(GatewayAdminTest, SaysWhatIsWrong) {
  start();
  join("ann");
  const Reply unknown = admin("POST", "/admin/events/nowhere/pause");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.code(), "NOT_FOUND");
  EXPECT_EQ(admin("POST", "/admin/events/a%20b/pause").code(), "INVALID_ARGUMENT");
  for (const char* body : {"{}", R"({"rate":-1})", R"({"rate":"fast"})", R"({"rate":1e10})"}) {
    EXPECT_EQ(admin("PUT", "/admin/events/show/admission", body).body["error"].value("field", ""), "rate") << body;
  }
  EXPECT_EQ(admin("PUT", "/admin/events/show/admission", R"({"rate":1,"burst":0})").body["error"]["field"], "burst");
  EXPECT_EQ(admin("PUT", "/admin/events/show/admission", "nonsense").code(), "MALFORMED_JSON");
}

}  // namespace
}  // namespace tacos::gateway
