#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "integration/gateway_fixture.h"

namespace tacos::gateway {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class GatewayHttpTest : public GatewayFixture {};

TEST_F(GatewayHttpTest, HealthAndReadinessSaySo) {
  start();
  EXPECT_EQ(call("GET", "/healthz").status, 200);
  EXPECT_EQ(call("GET", "/readyz").status, 200);
  EXPECT_EQ(call("HEAD", "/healthz").raw.header("content-length"), "18");
  gateway().announce_shutdown();
  const Reply stopping = call("GET", "/readyz");
  EXPECT_EQ(stopping.status, 503);
  EXPECT_NE(stopping.raw.header("retry-after"), "");
  EXPECT_EQ(stopping.raw.header("connection"), "close");
  const auto alive = connect().call(request("GET", "/healthz"));
  EXPECT_EQ(alive.status, 200);
  EXPECT_EQ(alive.header("connection"), "close");
}

TEST_F(GatewayHttpTest, UnknownPathsAndWrongMethodsAreToldApart) {
  start();
  const Reply unknown = call("GET", "/nothing/here");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.code(), "NOT_FOUND");
  const std::tuple<const char*, const char*, const char*> cases[] = {
      {"GET", "/queue/join", "POST, OPTIONS"},
      {"POST", "/queue/status", "GET, HEAD, OPTIONS"},
      {"POST", "/queue/leave", "DELETE, OPTIONS"},
      {"DELETE", "/reservations", "POST, OPTIONS"},
      {"GET", "/reservations/r/confirm", "POST, OPTIONS"},
      {"PUT", "/healthz", "GET, HEAD, OPTIONS"},
      {"POST", "/admin/events/e/admission", "PUT, OPTIONS"}};
  for (const auto& [method, target, allow] : cases) {
    const Reply reply = call(method, target);
    EXPECT_EQ(reply.status, 405) << method << " " << target;
    EXPECT_EQ(reply.code(), "METHOD_NOT_ALLOWED");
    EXPECT_EQ(reply.raw.header("allow"), allow);
  }
}

TEST_F(GatewayHttpTest, OptionsTellsWhatAPathTakes) {
  start();
  const std::pair<const char*, const char*> cases[] = {
      {"*", "GET, HEAD, POST, PUT, DELETE, OPTIONS"},
      {"/queue/join", "POST, OPTIONS"},
      {"/api/v1/queue/status?token=x", "GET, HEAD, OPTIONS"},
      {"/queue/leave", "DELETE, OPTIONS"},
      {"/reservations/r/confirm", "POST, OPTIONS"},
      {"/healthz", "GET, HEAD, OPTIONS"},
      {"/metrics", "GET, HEAD, OPTIONS"},
      {"/admin/events", "GET, HEAD, OPTIONS"},
      {"/admin/events/e/admission", "PUT, OPTIONS"},
  };
  for (const auto& [target, allow] : cases) {
    const Reply reply = call("OPTIONS", target);
    EXPECT_EQ(reply.status, 204) << target;
    EXPECT_EQ(reply.raw.header("allow"), allow) << target;
    EXPECT_EQ(reply.raw.headers.count("content-length"), 0u);
    EXPECT_EQ(reply.raw.headers.count("vary"), 0u) << "CORS is off unless asked for";
  }
  EXPECT_EQ(call("OPTIONS", "/nothing").status, 404);
}

TEST_F(GatewayHttpTest, EveryAnswerForbidsGuessingItsType) {
  start();
  for (const char* target : {"/healthz", "/metrics", "/nothing", "/admin/events", "/queue/status"}) {
    EXPECT_EQ(call("GET", target).raw.header("x-content-type-options"), "nosniff") << target;
  }
  EXPECT_EQ(connect().call("nonsense\r\n\r\n").header("x-content-type-options"), "nosniff");
}

class GatewayCorsTest : public GatewayFixture {
 protected:
  void SetUp() override {
    options.cors_origins = {"https://shop.example", "http://localhost:3000"};
    start();
  }
  Reply from(const std::string& origin, std::string_view method, std::string_view target, std::string_view more = {}) {
    return call(method, target, {}, "Origin: " + origin + "\r\n" + std::string(more));
  }
};

TEST_F(GatewayCorsTest, LetsPagesOfTheNamedOriginsReadTheAnswers) {
  for (const char* origin : {"https://shop.example", "http://localhost:3000"}) {
    const Reply reply = from(origin, "GET", "/queue/status");
    EXPECT_EQ(reply.raw.header("access-control-allow-origin"), origin);
    EXPECT_EQ(reply.raw.header("vary"), "Origin");
    EXPECT_EQ(reply.raw.header("access-control-expose-headers"),
              "Retry-After, X-Trace-Id, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, "
              "X-Idempotency-Cached");
    EXPECT_EQ(reply.raw.headers.count("access-control-allow-credentials"), 0u);
  }
  EXPECT_EQ(from("https://shop.example", "GET", "/nothing").raw.header("access-control-allow-origin"),
            "https://shop.example");
}

TEST_F(GatewayCorsTest, KnowsAnOriginByEveryByteOfIt) {
  for (const char* origin :
       {"https://shop.example.evil", "http://shop.example", "https://shop.example:443", "https://SHOP.example",
        "https://evil-shop.example", "https://shop.example/", "null", "*", "", "http://localhost:30000"}) {
    const Reply reply = from(origin, "GET", "/queue/status");
    EXPECT_EQ(reply.raw.headers.count("access-control-allow-origin"), 0u) << origin;
    EXPECT_EQ(reply.raw.header("vary"), "Origin") << origin;
    const Reply ahead = from(origin, "OPTIONS", "/queue/join", "Access-Control-Request-Method: POST\r\n");
    EXPECT_EQ(ahead.raw.headers.count("access-control-allow-methods"), 0u) << origin;
  }
}

TEST_F(GatewayCorsTest, AnswersABrowserThatAsksAhead) {
  const Reply reply = from("https://shop.example", "OPTIONS", "/reservations",
                           "Access-Control-Request-Method: POST\r\n"
                           "Access-Control-Request-Headers: authorization,idempotency-key\r\n");
  EXPECT_EQ(reply.status, 204);
  EXPECT_EQ(reply.raw.header("access-control-allow-origin"), "https://shop.example");
  EXPECT_EQ(reply.raw.header("access-control-allow-methods"), "POST, OPTIONS");
  EXPECT_EQ(reply.raw.header("access-control-allow-headers"),
            "Authorization, Idempotency-Key, Content-Type, traceparent");
  EXPECT_EQ(reply.raw.header("access-control-max-age"), "600");
}

TEST_F(GatewayCorsTest, LetsThemReadWhatTheServerItselfRefuses) {
  const std::string head = " HTTP/1.1\r\nHost: a\r\nOrigin: https://shop.example\r\n";
  const std::pair<std::string, int> cases[] = {
      {"POST /queue/join" + head + "Authorization: a\r\nAuthorization: b\r\n\r\n", 400},
      {"POST /queue/join" + head + "Content-Length: 99999999\r\n\r\n", 413},
      {"GET /" + std::string(9000, 'a') + head + "\r\n", 414},
      {"POST /queue/join" + head + "Expect: magic\r\n\r\n", 417},
      {"GET /queue/status" + head + "X: " + std::string(20'000, 'x') + "\r\n\r\n", 431},
  };
  for (const auto& [sent, status] : cases) {
    const auto refused = connect().call(sent);
    EXPECT_EQ(refused.status, status);
    EXPECT_EQ(refused.header("access-control-allow-origin"), "https://shop.example") << status;
    EXPECT_EQ(refused.header("vary"), "Origin") << status;
  }
  const auto stranger =
      connect().call("GET / HTTP/1.1\r\nHost: a\r\nOrigin: https://evil.example\r\nExpect: x\r\n\r\n");
  EXPECT_EQ(stranger.status, 417);
  EXPECT_EQ(stranger.headers.count("access-control-allow-origin"), 0u);
  EXPECT_EQ(stranger.header("vary"), "Origin");
  const auto twice = connect().call("GET /" + head + "Origin: https://shop.example\r\n\r\n");
  EXPECT_EQ(twice.status, 400);
  EXPECT_EQ(twice.headers.count("access-control-allow-origin"), 0u);
  EXPECT_EQ(
      connect().call("PUT /admin/events/a" + head + "Expect: x\r\n\r\n").headers.count("access-control-allow-origin"),
      0u);
}

TEST_F(GatewayHttpTest, TheSchemeAndTheTokenMayHaveSeveralSpacesBetweenThem) {
  start();
  for (const char* scheme : {"Bearer ", "Bearer  ", "bearer     "}) {
    EXPECT_EQ(call("GET", "/admin/events", {}, std::string("Authorization: ") + scheme + kAdminToken + "\r\n").status,
              200)
        << scheme;
  }
  for (const char* scheme : {"Bearer", "Bearer\t", "Bearer \t"}) {
    EXPECT_EQ(call("GET", "/admin/events", {}, std::string("Authorization: ") + scheme + kAdminToken + "\r\n").status,
              401)
        << scheme;
  }
}

TEST_F(GatewayCorsTest, KeepsOperatorsPathsToThemselves) {
  for (const char* target : {"/admin/events", "/admin/nothing", "/admin", "/admin?x", "/metrics"}) {
    for (const char* method : {"GET", "OPTIONS"}) {
      const Reply reply = from("https://shop.example", method, target, "Access-Control-Request-Method: GET\r\n");
      EXPECT_EQ(reply.raw.headers.count("access-control-allow-origin"), 0u) << method << " " << target;
      EXPECT_EQ(reply.raw.headers.count("access-control-allow-methods"), 0u) << method << " " << target;
    }
  }
}

// Two readers of such a body may differ in which value they take.
TEST_F(GatewayHttpTest, ABodyWithANameTwiceIsMalformed) {
  start();
  for (const char* body : {R"({"event_id":"a","event_id":"b"})", R"({"event_id":"a","\u0065vent_id":"a"})",
                           R"({"event_id":"a","x":[{"y":{"z":1,"z":1}}]})"}) {
    const Reply reply = call("POST", "/queue/join", body);
    EXPECT_EQ(reply.status, 400) << body;
    EXPECT_EQ(reply.code(), "MALFORMED_JSON") << body;
  }
  std::string members = R"({"event_id":"a")";
  for (int i = 1; i < 64; ++i) members += ",\"m" + std::to_string(i) + "\":1";
  EXPECT_EQ(call("POST", "/queue/join", members + "}").status, 202) << "64 members";
  EXPECT_EQ(call("POST", "/queue/join", members + R"(,"n":1})").code(), "MALFORMED_JSON") << "65 members";
}

TEST_F(GatewayHttpTest, ALimitOfConnectionsThatIsAskedForHoldsForLoopbackToo) {
  options.max_connections_per_address = 2;
  start();
  EXPECT_EQ(call("GET", "/healthz").status, 200);
  net::RawClient second = connect();
  EXPECT_EQ(second.call(request("GET", "/healthz")).status, 200);
  net::RawClient third = connect();
  const auto refused = third.call(request("GET", "/healthz"));
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(Json::parse(refused.body)["error"]["code"], "RATE_LIMITED");
  EXPECT_NE(refused.header("retry-after"), "");
  EXPECT_EQ(refused.header("connection"), "close");
  EXPECT_THAT(call("GET", "/metrics").raw.body,
              HasSubstr("http_server_refusals_total{reason=\"too_many_from_address\"} 1"));
}

TEST_F(GatewayHttpTest, LoopbackHasNoLimitOfConnectionsUnlessItIsAskedFor) {
  options.max_connections = 70;
  start();
  ASSERT_EQ(options.connections_per_address_used(), 64u);
  std::vector<net::RawClient> clients;
  for (int i = 0; i < 69; ++i) clients.push_back(connect());
  for (net::RawClient& client : clients) EXPECT_EQ(client.call(request("GET", "/healthz")).status, 200);
}

// What a stranger may send: each gets the contract's error and the gateway goes on.
TEST_F(GatewayHttpTest, EveryBrokenRequestGetsTheContractsError) {
  start();
  const std::string host = "Host: a\r\n";
  const std::tuple<std::string, int, const char*> cases[] = {
      {"nonsense\r\n\r\n", 400, "BAD_REQUEST"},
      {"GET / HTTP/1.1\r\n\r\n", 400, "BAD_REQUEST"},
      {"GET / HTTP/1.1\r\n" + host + host + "\r\n", 400, "BAD_REQUEST"},
      {"GET / HTTP/1.1\r\n" + host + "X : 1\r\n\r\n", 400, "BAD_REQUEST"},
      {"POST / HTTP/1.1\r\n" + host + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "BAD_REQUEST"},
      {"GET /" + std::string(9000, 'a') + " HTTP/1.1\r\n" + host + "\r\n", 414, "TARGET_TOO_LONG"},
      {"GET / HTTP/1.1\r\n" + host + "X: " + std::string(17000, 'a') + "\r\n\r\n", 431, "HEADERS_TOO_LARGE"},
      {"POST /queue/join HTTP/1.1\r\n" + host + "Content-Length: 70000\r\n\r\n", 413, "BODY_TOO_LARGE"},
      {"POST / HTTP/1.1\r\n" + host + "Expect: magic\r\n\r\n", 417, "EXPECTATION_FAILED"},
      {"BREW / HTTP/1.1\r\n" + host + "\r\n", 501, "NOT_IMPLEMENTED"},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip\r\n\r\n", 501, "NOT_IMPLEMENTED"},
      {"GET / HTTP/2.0\r\n" + host + "\r\n", 505, "VERSION_NOT_SUPPORTED"},
      {std::string("\0\0\0\0", 4), 400, "BAD_REQUEST"},
      {"\x16\x03\x01\x02", 400, "BAD_REQUEST"},
  };
  for (const auto& [bytes, status, code] : cases) {
    net::RawClient client = connect();
    const auto answer = client.call(bytes);
    EXPECT_EQ(answer.status, status) << bytes.substr(0, 60);
    const Json body = Json::parse(answer.body, nullptr, false);
    ASSERT_TRUE(body.is_object()) << bytes.substr(0, 60);
    EXPECT_EQ(body["error"]["code"], code) << bytes.substr(0, 60);
    EXPECT_EQ(body["error"]["trace_id"], answer.header("x-trace-id"));
    EXPECT_TRUE(client.at_end());
  }
  EXPECT_EQ(call("GET", "/healthz").status, 200);
}

TEST_F(GatewayHttpTest, ASlowRequestIsTimedOut) {
  start();
  net::RawClient client = connect();
  client.send("POST /queue/join HTTP/1.1\r\nHost: a\r\n");
  std::optional<net::RawClient::Answer> answer;
  std::thread waiting([&] { answer = client.receive(); });
  // The server counts from when it reads the first bytes, which may be after the first of these.
  while (admin("GET", "/metrics").raw.body.find("http_server_refusals_total{reason=\"too_slow\"} 1") ==
         std::string::npos) {
    clock.advance(1s);
  }
  waiting.join();
  EXPECT_EQ(answer->status, 408);
  EXPECT_THAT(answer->body, HasSubstr("REQUEST_TIMEOUT"));
}

TEST_F(GatewayHttpTest, TakesBodiesInChunksAndWithExpect) {
  start();
  net::RawClient client = connect();
  const auto chunked = client.call(
      "POST /queue/join HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "8\r\n{\"event_\r\n9\r\nid\":\"x\"} \r\n0\r\n\r\n");
  EXPECT_EQ(chunked.status, 202);
  client.send("POST /queue/join HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 16\r\n\r\n");
  EXPECT_EQ(client.receive(true).status, 100);
  EXPECT_EQ(client.call(R"({"event_id":"x"})").status, 202);
}

TEST_F(GatewayHttpTest, AnswersPipelinedRequestsInOrder) {
  options.opening_delay = 1h;
  start();
  net::RawClient client = connect();
  std::string all;
  for (int i = 0; i < 40; ++i) {
    all += request("POST", "/queue/join", R"({"event_id":"x","user_id":"u)" + std::to_string(i) + R"("})");
    all += request("GET", "/healthz");
  }
  client.send(all);
  for (int i = 0; i < 40; ++i) {
    const auto joined = client.receive();
    ASSERT_EQ(joined.status, 202);
    EXPECT_EQ(Json::parse(joined.body)["position"], i + 1);
    EXPECT_EQ(client.receive().status, 200);
  }
}

TEST_F(GatewayHttpTest, MetricsHaveTheNamesThatDashboardsKnow) {
  start();
  join("ann");
  join("bob");
  const std::string grant = admitted("eve");
  buy(grant, "/reservations", {{"event_id", "show"}});
  status("nonsense");
  const Reply reply = call("GET", "/metrics");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.raw.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  const std::string& page = reply.raw.body;
  for (const char* line : {
           "# TYPE http_server_requests_total counter",
           "http_server_requests_total{route=\"/queue/join\",method=\"POST\",status=\"202\"} 3",
           "http_server_requests_total{route=\"/queue/status\",method=\"GET\",status=\"404\"} 1",
           "# TYPE http_server_requests_duration_seconds histogram",
           "http_server_requests_duration_seconds_bucket{route=\"/queue/join\",le=\"+Inf\"} 3",
           "http_server_requests_duration_seconds_count{route=\"/queue/join\"} 3",
           "backend_call_duration_seconds_count{backend=\"inventory\"} 1",
           "queue_length{event=\"show\"} ",
           "admission_rate{event=\"show\"} 1000",
           "queue_tickets{event=\"show\",state=\"entered\"} 1",
           "seats{event=\"show\",state=\"held\"} 1",
           "http_server_connections 1",
           "http_server_refusals_total{reason=\"body_too_large\"} 0",
           "process_cpu_seconds_total ",
           "process_resident_memory_bytes ",
           "process_open_fds ",
       }) {
    EXPECT_THAT(page, HasSubstr(line));
  }
}

}  // namespace
}  // namespace tacos::gateway
