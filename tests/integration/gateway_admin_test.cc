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

TEST_F(GatewayAdminTest, SlowsAnAddressThatGuessesAndTellsOfIt) {
  start();
  const auto guess = [&] { return call("GET", "/admin/events", "", "Authorization: Bearer a-wrong-secret\r\n"); };
  for (int i = 0; i < 5; ++i) EXPECT_EQ(guess().status, 401) << i;
  const Reply refused = guess();
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.code(), "RATE_LIMITED");
  EXPECT_EQ(refused.raw.header("retry-after"), "1");
  EXPECT_EQ(refused.raw.header("x-ratelimit-limit"), "5");
  EXPECT_EQ(refused.raw.header("x-ratelimit-remaining"), "0");
  EXPECT_EQ(refused.raw.header("x-ratelimit-reset"), "1");
  EXPECT_EQ(admin("GET", "/admin/events").status, 429) << "unread, so that a guesser learns nothing";
  EXPECT_EQ(call("GET", "/healthz").status, 200);
  clock.advance(1s);
  EXPECT_EQ(admin("GET", "/admin/events").status, 200);
  const std::string metrics = call("GET", "/metrics").raw.body;
  EXPECT_THAT(metrics, HasSubstr("admin_auth_failures_total 7\n"));
  EXPECT_THAT(metrics, HasSubstr("admin_auth_throttled_total 2\n"));
  EXPECT_THAT(log_text(), HasSubstr(R"("msg":"request to /admin refused")"));
  EXPECT_THAT(log_text(), HasSubstr(R"("reason":"wrong token","peer":"127.0.0.1")"));
  EXPECT_THAT(log_text(), Not(HasSubstr("a-wrong-secret")));
}

TEST_F(GatewayAdminTest, ARequestWithoutATokenIsNoGuess) {
  start();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(call("GET", "/admin/events").status, 401) << i;
  EXPECT_EQ(admin("GET", "/admin/events").status, 200);
}

TEST_F(GatewayAdminTest, ListsEventsInPagesInTheOrderOfTheirIds) {
  start();
  for (const char* event : {"d", "b", "e", "a", "c"}) join("ann", event);
  const auto ids = [](const Reply& page) {
    std::string all;
    for (const Json& event : page.body["events"]) all += event["event_id"].get<std::string>();
    return all;
  };
  const Reply first = admin("GET", "/admin/events?limit=2");
  EXPECT_EQ(ids(first), "ab");
  EXPECT_EQ(first.body["next"], "b");
  EXPECT_EQ(first.body["total"], 5);
  EXPECT_EQ(ids(admin("GET", "/admin/events?limit=2&after=b")), "cd");
  const Reply last = admin("GET", "/admin/events?limit=2&after=d");
  EXPECT_EQ(ids(last), "e");
  EXPECT_FALSE(last.body.contains("next"));
  EXPECT_EQ(ids(admin("GET", "/admin/events?limit=5")), "abcde");
  EXPECT_FALSE(admin("GET", "/admin/events?limit=5").body.contains("next"));
  EXPECT_EQ(ids(admin("GET", "/admin/events?after=zzz")), "");
  for (const char* query : {"limit=0", "limit=1001", "limit=-1", "limit=5x", "limit=99999999999999999999"}) {
    EXPECT_EQ(admin("GET", std::string("/admin/events?") + query).body["error"].value("field", ""), "limit") << query;
  }
  EXPECT_EQ(admin("GET", "/admin/events?after=a%20b").body["error"].value("field", ""), "after");
}

TEST_F(GatewayAdminTest, HasAPortOfItsOwnWhenAskedFor) {
  options.admin_listen = "127.0.0.1:0";
  start();
  join("ann");
  net::RawClient operators(gateway().admin_address().port);
  const std::string token = std::string("Authorization: Bearer ") + kAdminToken + "\r\n";
  const auto ask = [&](net::RawClient& client, std::string_view method, std::string_view target) {
    return client.call(request(method, target, "", token)).status;
  };
  net::RawClient strangers = connect();
  for (const char* target : {"/metrics", "/admin/events", "/admin/audit"}) {
    EXPECT_EQ(ask(operators, "GET", target), 200) << target;
    EXPECT_EQ(ask(strangers, "GET", target), 404) << target;
    EXPECT_EQ(ask(strangers, "PATCH", target), 404) << target << ": 405 would tell that it is there";
  }
  EXPECT_EQ(ask(operators, "POST", "/admin/events/show/pause"), 200);
  EXPECT_EQ(ask(strangers, "POST", "/admin/events/show/pause"), 404);
  for (const char* target : {"/healthz", "/readyz"}) {
    EXPECT_EQ(ask(operators, "GET", target), 200) << target;
    EXPECT_EQ(ask(strangers, "GET", target), 200) << target;
  }
  for (const char* target : {"/queue/status", "/api/v1/queue/status"}) {
    EXPECT_EQ(ask(operators, "GET", target), 404) << target;
    EXPECT_EQ(strangers.call(request("GET", target)).status, 400) << target;
  }
  EXPECT_EQ(ask(operators, "POST", "/queue/join"), 404);
  EXPECT_TRUE(shut_down());
}

// 17,001 idle connections in small: every place of the public port is taken.
TEST_F(GatewayAdminTest, AnswersOperatorsWhenThePublicPortIsFull) {
  options.admin_listen = "127.0.0.1:0";
  options.max_connections = 32;
  start();
  std::vector<net::RawClient> idle;
  for (int i = 0; i < 40; ++i) idle.push_back(connect());
  net::RawClient operators(gateway().admin_address().port);
  EXPECT_EQ(operators.call(request("GET", "/healthz")).status, 200);
  EXPECT_EQ(operators.call(request("GET", "/readyz")).status, 200);
  EXPECT_EQ(operators.call(request("GET", "/metrics")).status, 200);
  EXPECT_EQ(
      operators.call(request("GET", "/admin/events", "", std::string("Authorization: Bearer ") + kAdminToken + "\r\n"))
          .status,
      200);
}

TEST_F(GatewayAdminTest, TheMetricsShowTheDeedThatWasAnsweredJustBefore) {
  start();
  for (int i = 1; i <= 3; ++i) {
    join("user-" + std::to_string(i));
    EXPECT_THAT(call("GET", "/metrics").raw.body, HasSubstr("queue_joins_total{event=\"show\"} " + std::to_string(i)));
  }
}

TEST_F(GatewayAdminTest, StrangersLinesHideNoneOfOurs) {
  options.max_events = 1;
  start();
  status(join("ann").text("waiting_token"));  // so that the event does not make room
  for (int i = 0; i < 100; ++i) {
    net::RawClient stranger = connect();
    EXPECT_EQ(stranger.call("BREW / HTTP/1.1\r\nHost: a\r\n\r\n").status, 501);
    EXPECT_EQ(connect().call("GET / HTTP/9.9\r\nHost: a\r\n\r\n").status, 505);
  }
  EXPECT_EQ(join("bob", "another").status, 503);
  EXPECT_THAT(log_text(), HasSubstr(R"("code":"OVERLOADED")"));
  EXPECT_THAT(log_text(), Not(HasSubstr("NOT_IMPLEMENTED")));
  EXPECT_THAT(log_text(), Not(HasSubstr("VERSION_NOT_SUPPORTED")));
}

TEST_F(GatewayAdminTest, SaysWhatIsWrong) {
  start();
  join("ann");
  const Reply unknown = admin("POST", "/admin/events/nowhere/pause");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.code(), "EVENT_NOT_FOUND");
  EXPECT_EQ(admin("POST", "/admin/events/a%20b/pause").code(), "INVALID_ARGUMENT");
  for (const char* body : {"{}", R"({"rate":-1})", R"({"rate":"fast"})", R"({"rate":1e10})"}) {
    EXPECT_EQ(admin("PUT", "/admin/events/show/admission", body).body["error"].value("field", ""), "rate") << body;
  }
  EXPECT_EQ(admin("PUT", "/admin/events/show/admission", R"({"rate":1,"burst":0})").body["error"]["field"], "burst");
  EXPECT_EQ(admin("PUT", "/admin/events/show/admission", "nonsense").code(), "MALFORMED_JSON");
}

}  // namespace
}  // namespace tacos::gateway
