#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "integration/gateway_fixture.h"

namespace tacos::gateway {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class GatewayQueueTest : public GatewayFixture {};

TEST_F(GatewayQueueTest, JoinAnswersWithATicketAndItsPlace) {
  options.admission_rate = core::Rate::per_second(0);
  options.admission_burst = 1;
  start();
  const Reply first = join("ann");
  EXPECT_EQ(first.status, 202);
  EXPECT_EQ(first.text("waiting_token").size(), 50u);
  EXPECT_EQ(first.body["position"], 1);
  EXPECT_EQ(first.text("status"), "waiting");
  EXPECT_TRUE(first.body["eta_sec"].is_number());
  EXPECT_GT(first.body["poll_after_ms"], 0);
  EXPECT_EQ(first.raw.header("content-type"), "application/json");
  EXPECT_EQ(first.raw.header("cache-control"), "no-store");
  EXPECT_EQ(first.raw.header("x-trace-id").size(), 32u);
}

TEST_F(GatewayQueueTest, TheSameUserKeepsTheSameTicketAndAnotherStandsBehind) {
  options.opening_delay = 1h;
  start();
  const Reply ann = join("ann");
  const Reply again = join("ann");
  EXPECT_EQ(again.text("waiting_token"), ann.text("waiting_token"));
  EXPECT_EQ(again.body["position"], 1);
  EXPECT_EQ(join("bob").body["position"], 2);
  EXPECT_EQ(join("ann", "another-show").body["position"], 1);
}

TEST_F(GatewayQueueTest, AnAnonymousUserIsSomebodyNewEachTime) {
  options.opening_delay = 1h;
  start();
  const Reply one = call("POST", "/queue/join", R"({"event_id":"show"})");
  const Reply two = call("POST", "/queue/join", R"({"event_id":"show","user_id":null})");
  EXPECT_EQ(one.status, 202);
  EXPECT_NE(one.text("waiting_token"), two.text("waiting_token"));
  EXPECT_EQ(two.body["position"], 2);
}

TEST_F(GatewayQueueTest, RoutesStandUnderTheVersionPrefixToo) {
  options.opening_delay = 1h;
  start();
  const Reply joined = call("POST", "/api/v1/queue/join", R"({"event_id":"show","user_id":"ann"})");
  EXPECT_EQ(joined.status, 202);
  EXPECT_EQ(call("GET", "/api/v1/queue/status?token=" + joined.text("waiting_token")).status, 200);
}

TEST_F(GatewayQueueTest, StatusGoesFromWaitingToReadyToEntered) {
  options.opening_delay = 10s;
  start();
  const std::string token = join("ann").text("waiting_token");
  clock.advance(2s);
  const Reply waiting = status(token);
  EXPECT_EQ(waiting.status, 200);
  EXPECT_EQ(waiting.text("status"), "waiting");
  EXPECT_EQ(waiting.body["position"], 1);
  EXPECT_EQ(waiting.body["waiting_time_sec"], 2.0);
  EXPECT_EQ(waiting.body["ready_for_entry"], false);
  clock.advance(9s);
  eventually([&] { return status(token).body["ready_for_entry"] == true; });
  EXPECT_EQ(status(token).text("status"), "ready");
  const Reply granted = enter(token);
  EXPECT_EQ(granted.status, 200);
  EXPECT_EQ(granted.text("admission"), "granted");
  EXPECT_EQ(granted.body["ttl_sec"], 30.0);
  EXPECT_EQ(status(token).text("status"), "entered");
  // A replay gives the same grant, with what is left of its time.
  clock.advance(4s);
  const Reply replay = enter(token);
  EXPECT_EQ(replay.text("reservation_token"), granted.text("reservation_token"));
  EXPECT_EQ(replay.body["ttl_sec"], 26.0);
}

TEST_F(GatewayQueueTest, EnterBeforeTheTurnTellsThePlace) {
  options.opening_delay = 1h;
  start();
  join("ann");
  const Reply early = enter(join("bob").text("waiting_token"));
  EXPECT_EQ(early.status, 403);
  EXPECT_EQ(early.code(), "NOT_READY");
  EXPECT_EQ(early.body["position"], 2);
  EXPECT_GT(early.body["poll_after_ms"], 0);
}

TEST_F(GatewayQueueTest, ATurnThatIsNotTakenLapses) {
  start();
  const std::string token = join("ann").text("waiting_token");
  eventually([&] { return status(token).text("status") == "ready"; });
  clock.advance(31s);
  EXPECT_EQ(enter(token).code(), "TOKEN_EXPIRED");
  EXPECT_EQ(enter(token).status, 410);
  EXPECT_EQ(status(token).text("status"), "expired");
}

TEST_F(GatewayQueueTest, LeaveGivesThePlaceUp) {
  options.opening_delay = 1h;
  start();
  const std::string ann = join("ann").text("waiting_token");
  const std::string bob = join("bob").text("waiting_token");
  const Reply left = call("DELETE", "/queue/leave?token=" + ann);
  EXPECT_EQ(left.status, 200);
  EXPECT_EQ(left.text("status"), "left");
  EXPECT_EQ(status(bob).body["position"], 1);
  EXPECT_EQ(status(ann).code(), "TOKEN_EXPIRED");
  EXPECT_EQ(enter(ann).code(), "TOKEN_EXPIRED");
}

TEST_F(GatewayQueueTest, SaysWhatIsWrongWithAJoin) {
  start();
  const struct {
    std::string body;
    const char* code;
    const char* field;
  } cases[] = {
      {"", "MISSING_EVENT_ID", ""},
      {"{}", "MISSING_EVENT_ID", ""},
      {R"({"event_id":null})", "MISSING_EVENT_ID", ""},
      {R"({"event_id":""})", "MISSING_EVENT_ID", ""},
      {R"({"event_id":"a b"})", "INVALID_ARGUMENT", "event_id"},
      {R"({"event_id":7})", "INVALID_ARGUMENT", "event_id"},
      {R"({"event_id":")" + std::string(65, 'a') + R"("})", "INVALID_ARGUMENT", "event_id"},
      {R"({"event_id":"show","user_id":""})", "INVALID_ARGUMENT", "user_id"},
      {R"({"event_id":"show","user_id":7})", "INVALID_ARGUMENT", "user_id"},
      {R"({"event_id":"show","user_id":")" + std::string(129, 'u') + R"("})", "INVALID_ARGUMENT", "user_id"},
      {R"({"event_id":"show","requested_at_ms":"now"})", "INVALID_ARGUMENT", "requested_at_ms"},
      {R"({"event_id":"show","requested_at_ms":-1})", "INVALID_ARGUMENT", "requested_at_ms"},
      {R"({"event_id":"show")", "MALFORMED_JSON", ""},
      {R"({"event_id":"show"} x)", "MALFORMED_JSON", ""},
      {R"(["show"])", "MALFORMED_JSON", ""},
      {"{'event_id':'show'}", "MALFORMED_JSON", ""},
      {"{\"event_id\":\"\xff\"}", "MALFORMED_JSON", ""},
      {std::string(2000, '['), "MALFORMED_JSON", ""},
  };
  for (const auto& c : cases) {
    const Reply reply = call("POST", "/queue/join", c.body);
    EXPECT_EQ(reply.status, 400) << c.body;
    EXPECT_EQ(reply.code(), c.code) << c.body;
    EXPECT_EQ(reply.body["error"].value("field", ""), c.field) << c.body;
    EXPECT_FALSE(reply.body["error"]["message"].get<std::string>().empty());
    EXPECT_EQ(reply.body["error"]["trace_id"], reply.raw.header("x-trace-id"));
  }
}

TEST_F(GatewayQueueTest, SaysWhatIsWrongWithAToken) {
  start();
  EXPECT_EQ(call("GET", "/queue/status").code(), "MISSING_TOKEN");
  EXPECT_EQ(call("GET", "/queue/status?token=").code(), "MISSING_TOKEN");
  EXPECT_EQ(call("DELETE", "/queue/leave").code(), "MISSING_TOKEN");
  EXPECT_EQ(call("POST", "/queue/enter", "{}").code(), "MISSING_TOKEN");
  EXPECT_EQ(call("POST", "/queue/enter", R"({"waiting_token":1})").code(), "INVALID_ARGUMENT");
  const Reply unknown = status("nonsense");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.code(), "TOKEN_NOT_FOUND");
  std::string forged = join("ann").text("waiting_token");
  forged.back() = forged.back() == 'A' ? 'B' : 'A';
  EXPECT_EQ(status(forged).code(), "TOKEN_NOT_FOUND");
  // A grant is no waiting token.
  EXPECT_EQ(status(admitted("bob")).code(), "TOKEN_NOT_FOUND");
}

TEST_F(GatewayQueueTest, TakesATokenThatWasPercentEncoded) {
  start();
  const std::string token = join("ann").text("waiting_token");
  std::string encoded;
  for (const char c : token) {
    char text[4];
    std::snprintf(text, sizeof text, "%%%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
    encoded += text;
  }
  EXPECT_EQ(status(encoded).status, 200);
}

TEST_F(GatewayQueueTest, HonoursTraceparentAndInventsATraceIdOtherwise) {
  start();
  const std::string trace = "0af7651916cd43dd8448eb211c80319c";
  const Reply traced =
      call("GET", "/queue/status?token=x", "", "traceparent: 00-" + trace + "-b7ad6b7169203331-01\r\n");
  EXPECT_EQ(traced.raw.header("x-trace-id"), trace);
  EXPECT_EQ(traced.body["error"]["trace_id"], trace);
  const Reply broken = call("GET", "/healthz", "", "traceparent: 00-" + trace + "-0000000000000000-01\r\n");
  EXPECT_EQ(broken.raw.header("x-trace-id").size(), 32u);
  EXPECT_NE(broken.raw.header("x-trace-id"), trace);
}

TEST_F(GatewayQueueTest, TellsTheWholeLineWhenEverythingIsSold) {
  options.seats = 1;
  start();
  const std::string grant = admitted("ann");
  const std::string bob = join("bob").text("waiting_token");
  const Reply held = buy(grant, "/reservations", {{"event_id", "show"}});
  ASSERT_EQ(held.status, 201);
  const std::string id = held.text("reservation_id");
  const Reply intent = buy(grant, "/payment/intent", {{"reservation_id", id}, {"amount", 100}, {"currency", "USD"}});
  const std::string payment = intent.text("payment_intent_id");
  buy(grant, "/payment/process", {{"payment_intent_id", payment}, {"action", "approve"}});
  ASSERT_EQ(buy(grant, "/reservations/" + id + "/confirm", {{"payment_intent_id", payment}}).status, 200);
  EXPECT_EQ(status(bob).text("status"), "sold_out");
  EXPECT_EQ(enter(bob).code(), "SOLD_OUT");
  const Reply late = join("eve");
  EXPECT_EQ(late.status, 410);
  EXPECT_EQ(late.code(), "SOLD_OUT");
}

TEST_F(GatewayQueueTest, RefusesMoreEventsThanItMayKeep) {
  options.max_events = 1;
  start();
  const Reply first = join("ann", "one");
  EXPECT_EQ(first.status, 202);
  EXPECT_EQ(status(first.text("waiting_token")).status, 200) << "somebody is there, and asks";
  const Reply refused = join("ann", "two");
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.code(), "OVERLOADED");
  const int retry_after = std::stoi(refused.raw.header("retry-after"));
  EXPECT_GE(retry_after, 1);
  EXPECT_LE(retry_after, 3);
  EXPECT_THAT(log_text(), HasSubstr(R"("msg":"request failed","trace_id":")" + refused.raw.header("x-trace-id")));
}

}  // namespace
}  // namespace tacos::gateway
