// What every transport must do, run on each of them against a server that behaves well or badly.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/clock.h"
#include "support/scripted_server.h"
#include "tacos-load/transport/asio_transport.h"
#include "tacos-load/transport/curl_transport.h"

namespace tacos::load {
namespace {

using core::Instant;
using core::Nanos;
using measure::Outcome;
using std::chrono::milliseconds;
using std::chrono::seconds;
using support::Script;
using support::ScriptedServer;
using testing::HasSubstr;

struct Result {
  Outcome outcome = Outcome::kOk;
  int status = 0;
  std::string body;
  Nanos retry_after{0};
  Instant sent, first_byte, done;
};

// Sends the given requests, each when the one before it on the connection has ended, then ends the loop.
class Driver final : public TransportEvents {
 public:
  Driver(Transport& transport, const core::Clock& clock) : transport_(transport), clock_(clock) {}

  struct Planned {
    ConnectionId connection = 0;
    Method method = Method::kGet;
    std::string target = "/";
    std::string body{}, bearer{}, key{};
    Nanos timeout = seconds(5);
    Nanos pause{0};  // before it is sent
  };

  std::vector<Result> run(std::vector<Planned> plan) {
    plan_ = std::move(plan);
    transport_.run(*this);
    return results;
  }

  Instant on_time(Instant now) override {
    on_time_calls.push_back(now);
    if (next_ < plan_.size() && !busy_) {
      if (due_ == Instant()) due_ = now + plan_[next_].pause;
      if (now < due_) return due_;
      send_next();
    }
    return now + milliseconds(20);
  }

  void on_response(ConnectionId, const Response& r) override {
    EXPECT_FALSE(sending_) << "an answer must not arrive inside send()";
    results.push_back({r.outcome, r.status, std::string(r.body), r.retry_after, r.sent, r.first_byte, r.done});
    busy_ = false;
    due_ = Instant();
    if (next_ < plan_.size() && plan_[next_].pause == Nanos(0)) send_next();
  }

  bool finished() const override { return results.size() == plan_.size(); }

  std::vector<Result> results;
  std::vector<Instant> on_time_calls;

 private:
  void send_next() {
    const Planned& planned = plan_[next_++];
    Request request;
    request.method = planned.method;
    request.target = planned.target;
    request.body = planned.body;
    request.bearer = planned.bearer;
    request.idempotency_key = planned.key;
    busy_ = true;
    sending_ = true;
    transport_.send(planned.connection, request, clock_.now() + planned.timeout);
    sending_ = false;
  }

  Transport& transport_;
  const core::Clock& clock_;
  std::vector<Planned> plan_;
  std::size_t next_ = 0;
  bool busy_ = false;
  bool sending_ = false;
  Instant due_;
};

using Factory = core::Result<std::unique_ptr<Transport>> (*)(const TransportOptions&, const core::Clock&);

class TransportContract : public testing::TestWithParam<Factory> {
 protected:
  Transport& connect(std::uint16_t port) {
    options.host = "127.0.0.1";
    options.port = port;
    options.host_header = "127.0.0.1:" + std::to_string(port);
    auto made = GetParam()(options, clock);
    EXPECT_TRUE(made.has_value());
    transport = std::move(*made);
    const auto connected = transport->connect_all();
    EXPECT_TRUE(connected.has_value()) << (connected ? "" : connected.error().message);
    return *transport;
  }
  std::vector<Result> exchange(ScriptedServer& server, std::vector<Driver::Planned> plan) {
    Driver driver(connect(server.port()), clock);
    return driver.run(std::move(plan));
  }
  Result one(const Script& script, Driver::Planned planned = {}) {
    ScriptedServer server([&](const support::ReceivedRequest&) { return script; });
    const auto results = exchange(server, {std::move(planned)});
    transport.reset();
    return results.at(0);
  }

  CurlGlobal curl;
  core::SteadyClock clock;
  TransportOptions options;
  std::unique_ptr<Transport> transport;
};

INSTANTIATE_TEST_SUITE_P(Each, TransportContract, testing::Values(&make_asio_transport, &make_curl_transport),
                         [](const auto& param) { return param.param == &make_asio_transport ? "Asio" : "Curl"; });

TEST_P(TransportContract, HandsOverStatusBodyAndRetryAfter) {
  const Result result = one(Script::answer(R"({"a":1})", 503, "Retry-After: 7\r\n"));
  EXPECT_EQ(result.outcome, Outcome::kOk) << "a complete answer is an answer, whatever its status";
  EXPECT_EQ(result.status, 503);
  EXPECT_EQ(result.body, R"({"a":1})");
  EXPECT_EQ(result.retry_after, seconds(7));
  EXPECT_LE(result.sent, result.first_byte);
  EXPECT_LE(result.first_byte, result.done);
}

TEST_P(TransportContract, SendsWhatTheJourneyWords) {
  support::ReceivedRequest seen;
  ScriptedServer server([&](const support::ReceivedRequest& request) {
    seen = request;
    return Script::answer("{}");
  });
  options.headers = {"X-Own: yes"};
  exchange(server,
           {{.method = Method::kPost, .target = "/a?b=c", .body = R"({"x":1})", .bearer = "tok", .key = "k-1"}});
  EXPECT_THAT(seen.head, HasSubstr("POST /a?b=c HTTP/1.1\r\n"));
  EXPECT_THAT(seen.head, HasSubstr("Host: 127.0.0.1:"));
  EXPECT_THAT(seen.head, HasSubstr("Authorization: Bearer tok\r\n"));
  EXPECT_THAT(seen.head, HasSubstr("Idempotency-Key: k-1\r\n"));
  EXPECT_THAT(seen.head, HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_THAT(seen.head, HasSubstr("X-Own: yes\r\n"));
  EXPECT_EQ(seen.body, R"({"x":1})");
}

TEST_P(TransportContract, SendsDeleteWithoutABody) {
  support::ReceivedRequest seen;
  ScriptedServer server([&](const support::ReceivedRequest& request) {
    seen = request;
    return Script::answer("{}");
  });
  const auto results = exchange(server, {{.method = Method::kDelete, .target = "/x"}, {.target = "/y"}});
  EXPECT_EQ(results.size(), 2u);
  EXPECT_THAT(seen.head, HasSubstr("GET /y HTTP/1.1\r\n")) << "the method of one request does not stick to the next";
}

TEST_P(TransportContract, KeepsConnectionsAliveAndCountsTheirReuse) {
  ScriptedServer server([](const support::ReceivedRequest&) { return Script::answer("{}"); });
  const auto results = exchange(server, std::vector<Driver::Planned>(20));
  for (const auto& result : results) EXPECT_EQ(result.outcome, Outcome::kOk);
  EXPECT_EQ(transport->stats().reused, 19u);
  EXPECT_EQ(transport->stats().opened, 1u);
}

TEST_P(TransportContract, ReopensAConnectionThatTheServerClosedAtRest) {
  ScriptedServer server([](const support::ReceivedRequest&) {
    Script script = Script::answer("{}");  // says keep-alive, and closes all the same
    script.then = Script::Then::kClose;
    return script;
  });
  const auto results = exchange(server, {{}, {.pause = milliseconds(50)}, {.pause = milliseconds(50)}});
  for (const auto& result : results) EXPECT_EQ(result.outcome, Outcome::kOk);
}

TEST_P(TransportContract, TakesConnectionCloseAtItsWord) {
  ScriptedServer server([](const support::ReceivedRequest&) {
    Script script = Script::answer("{}", 200, "Connection: close\r\n");
    script.then = Script::Then::kClose;
    return script;
  });
  const auto results = exchange(server, std::vector<Driver::Planned>(3));
  for (const auto& result : results) EXPECT_EQ(result.outcome, Outcome::kOk);
}

TEST_P(TransportContract, ReadsChunkedAnswers) {
  Script script;
  script.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{\"a\"\r\n3\r\n:1}\r\n0\r\n\r\n";
  EXPECT_EQ(one(script).body, R"({"a":1})");
}

TEST_P(TransportContract, ReadsAnAnswerThatEndsWithTheConnection) {
  Script script;
  script.bytes = "HTTP/1.1 200 OK\r\n\r\nall of it";
  script.then = Script::Then::kClose;
  const Result result = one(script);
  EXPECT_EQ(result.outcome, Outcome::kOk);
  EXPECT_EQ(result.body, "all of it");
}

TEST_P(TransportContract, ReadsAnswersWithoutABody) {
  Script script;
  script.bytes = "HTTP/1.1 204 No Content\r\n\r\n";
  const Result result = one(script);
  EXPECT_EQ(result.outcome, Outcome::kOk);
  EXPECT_EQ(result.status, 204);
}

TEST_P(TransportContract, ReadsLargeBodiesWhole) {
  const std::string body(300'000, 'x');
  EXPECT_EQ(one(Script::answer(body)).body, body);
}

TEST_P(TransportContract, RefusesBodiesBeyondTheLimit) {
  options.max_response_bytes = 1000;
  EXPECT_EQ(one(Script::answer(std::string(5000, 'x'))).outcome, Outcome::kProtocolError);
}

TEST_P(TransportContract, GivesUpAtTheTimeOutAndGoesOn) {
  ScriptedServer server([](const support::ReceivedRequest& request) {
    Script script = Script::answer("{}");
    if (request.head.find("/slow") != std::string::npos) script.delay = milliseconds(2000);
    return script;
  });
  const auto results = exchange(server, {{.target = "/slow", .timeout = milliseconds(80)}, {.target = "/quick"}});
  EXPECT_EQ(results.at(0).outcome, Outcome::kTimeout);
  EXPECT_EQ(results.at(0).status, 0);
  EXPECT_GE(results.at(0).done - results.at(0).sent, milliseconds(79));
  EXPECT_LT(results.at(0).done - results.at(0).sent, milliseconds(1000));
  EXPECT_EQ(results.at(1).outcome, Outcome::kOk);
}

TEST_P(TransportContract, AConnectionThatEndsEarlyIsAReset) {
  Script nothing;
  nothing.then = Script::Then::kClose;
  EXPECT_EQ(one(nothing, {.method = Method::kPost}).outcome, Outcome::kReset);
  Script reset;
  reset.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf";
  reset.then = Script::Then::kReset;
  EXPECT_EQ(one(reset).outcome, Outcome::kReset);
}

TEST_P(TransportContract, WhatIsNotHttpIsAProtocolError) {
  for (const char* bytes : {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/1.1 abc\r\n\r\n"}) {
    Script script;
    script.bytes = bytes;
    script.then = Script::Then::kClose;
    EXPECT_EQ(one(script).outcome, Outcome::kProtocolError) << bytes;
  }
}

TEST_P(TransportContract, AnUnreachableTargetIsAnErrorThatNamesIt) {
  std::uint16_t port = 0;
  {
    const ScriptedServer gone([](const support::ReceivedRequest&) { return Script{}; });
    port = gone.port();
  }
  options.host = "127.0.0.1";
  options.port = port;
  auto made = GetParam()(options, clock);
  ASSERT_TRUE(made.has_value());
  const auto connected = (*made)->connect_all();
  ASSERT_TRUE(connected.has_error());
  EXPECT_THAT(connected.error().message, HasSubstr("127.0.0.1:" + std::to_string(port)));
  EXPECT_THAT(connected.error().message, HasSubstr("--target"));
}

TEST_P(TransportContract, AServerThatGoesAwayMeansConnectErrors) {
  auto server = std::make_unique<ScriptedServer>([](const support::ReceivedRequest&) { return Script::answer("{}"); });
  connect(server->port());
  server.reset();
  Driver driver(*transport, clock);
  const auto results = driver.run({{.pause = milliseconds(20)}, {}, {}});
  EXPECT_EQ(results.at(1).outcome, Outcome::kConnectError);
  EXPECT_EQ(results.at(2).outcome, Outcome::kConnectError);
}

TEST_P(TransportContract, WakesWhenItWasAskedTo) {
  ScriptedServer server([](const support::ReceivedRequest&) { return Script::answer("{}"); });
  Driver driver(connect(server.port()), clock);
  driver.run({{.pause = milliseconds(5)}, {.pause = milliseconds(5)}});
  ASSERT_GE(driver.on_time_calls.size(), 3u);
  const Nanos waited = driver.on_time_calls[1] - driver.on_time_calls[0];
  EXPECT_GE(waited, milliseconds(5));
  EXPECT_LT(waited, milliseconds(500)) << "generous: the machine may be busy";
}

TEST_P(TransportContract, ManyConnectionsCarryRequestsSideBySide) {
  ScriptedServer server([](const support::ReceivedRequest&) {
    Script script = Script::answer("{}");
    script.delay = milliseconds(2);
    return script;
  });
  options.connections = 100;
  std::vector<Driver::Planned> plan;
  for (ConnectionId id = 0; id < 100; ++id) plan.push_back({.connection = id});
  for (const auto& result : exchange(server, plan)) EXPECT_EQ(result.outcome, Outcome::kOk);
}

class TlsContract : public TransportContract {
 protected:
  Result ask(bool verify, bool trusted) {
    const auto identity = support::SelfSigned::make();
    const auto ca = std::filesystem::temp_directory_path() / ("tacos-ca-" + std::to_string(::getpid()) + ".pem");
    std::ofstream(ca) << identity.certificate;
    ScriptedServer server([](const support::ReceivedRequest&) { return Script::answer(R"({"tls":true})"); }, &identity);
    options.tls = true;
    options.verify_peer = verify;
    if (trusted) options.ca_file = ca.string();
    options.host = "localhost";
    options.port = server.port();
    options.host_header = "localhost";
    options.connect_timeout = seconds(5);
    transport = std::move(*GetParam()(options, clock));
    Result result;
    if (transport->connect_all()) {
      Driver driver(*transport, clock);
      result = driver.run({{}, {}}).at(1);
    } else {
      result.outcome = Outcome::kConnectError;
    }
    transport.reset();
    std::filesystem::remove(ca);
    return result;
  }
};

INSTANTIATE_TEST_SUITE_P(Each, TlsContract, testing::Values(&make_asio_transport, &make_curl_transport),
                         [](const auto& param) { return param.param == &make_asio_transport ? "Asio" : "Curl"; });

TEST_P(TlsContract, TalksToAServerItTrusts) {
  EXPECT_EQ(ask(true, true).body, R"({"tls":true})");
}
TEST_P(TlsContract, RefusesAServerItDoesNotTrust) {
  EXPECT_EQ(ask(true, false).outcome, Outcome::kConnectError);
}
TEST_P(TlsContract, TalksToAnyoneWhenToldTo) {
  EXPECT_EQ(ask(false, false).body, R"({"tls":true})");
}

}  // namespace
}  // namespace tacos::load
