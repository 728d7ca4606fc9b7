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
  const std::tuple<const char*, const char*, const char*> cases[] = {{"GET", "/queue/join", "POST"},
                                                                     {"POST", "/queue/status", "GET, HEAD"},
                                                                     {"POST", "/queue/leave", "DELETE"},
                                                                     {"DELETE", "/reservations", "POST"},
                                                                     {"GET", "/reservations/r/confirm", "POST"},
                                                                     {"OPTIONS", "/healthz", "GET, HEAD"},
                                                                     {"POST", "/admin/events/e/admission", "PUT"}};
  for (const auto& [method, target, allow] : cases) {
    const Reply reply = call(method, target);
    EXPECT_EQ(reply.status, 405) << method << " " << target;
    EXPECT_EQ(reply.code(), "METHOD_NOT_ALLOWED");
    EXPECT_EQ(reply.raw.header("allow"), allow);
  }
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
