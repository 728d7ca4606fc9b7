// The contract of Transport, held to by every implementation.
#include <algorithm>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/clock.h"
#include "support/scripted_server.h"
#include "support/test_certificate.h"
#include "tacos-load/transport/asio_transport.h"
#include "tacos-load/transport/curl_transport.h"
#include "tacos-load/transport/transport.h"

namespace tacos::load {
namespace {

using namespace std::chrono_literals;
using core::Instant;
using core::Nanos;
using measure::Outcome;
using support::answer;
using support::chunked_answer;
using support::raw;
using support::ScriptedServer;
using support::silence;
using support::TestCertificate;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::Not;

struct Engine {
  const char* name;
  core::Result<std::unique_ptr<Transport>> (*make)(const TransportOptions&, const core::Clock&);
};
void PrintTo(const Engine& engine, std::ostream* out) {
  *out << engine.name;
}

// A Response that outlives the call.
struct Answer {
  explicit Answer(const Response& from)
      : outcome(from.outcome),
        status(from.status),
        body(from.body),
        retry_after(from.retry_after),
        target(from.target),
        sent(from.sent),
        first_byte(from.first_byte),
        done(from.done) {}

  Outcome outcome;
  int status;
  std::string body;
  Nanos retry_after;
  std::uint32_t target;
  Instant sent, first_byte, done;
};

Request get(std::string_view target) {
  Request request;
  request.target = target;
  return request;
}

Request post(std::string_view target, std::string_view body = "{}") {
  Request request;
  request.method = Method::kPost;
  request.target = target;
  request.body = body;
  return request;
}

// Sends requests one after the other on one connection, each a pause after the answer to the one before.
class Conversation final : public TransportEvents {
 public:
  Conversation(Transport& transport, const core::Clock& clock, std::vector<Request> requests)
      : transport_(transport), clock_(clock), requests_(std::move(requests)) {}

  ConnectionId connection = 0;
  Nanos timeout = 5s;
  Nanos pause{0};
  std::function<void()> between = [] {};  // called after each answer but the last

  Instant on_time(Instant now) override {
    if (now >= next_at_) {
      next_at_ = Instant::never();
      send();
    }
    return now + 5ms;
  }

  // Sends the first request no sooner than this; the loop runs meanwhile.
  void start_after(Nanos rest) { next_at_ = clock_.now() + rest; }

  void on_response(ConnectionId id, const Response& response) override {
    EXPECT_FALSE(sending_) << "an answer came inside send()";
    EXPECT_EQ(id, connection);
    answers.emplace_back(response);
    if (finished()) return;
    between();
    if (pause > Nanos(0)) {
      next_at_ = clock_.now() + pause;
    } else {
      send();
      EXPECT_EQ(response.body, answers.back().body) << "sending again spoilt the answer at hand";
    }
  }

  bool finished() const override { return answers.size() == requests_.size(); }

  std::vector<Answer> answers;

 private:
  void send() {
    sending_ = true;
    transport_.send(connection, requests_[answers.size()], clock_.now() + timeout);
    sending_ = false;
  }

  Transport& transport_;
  const core::Clock& clock_;
  std::vector<Request> requests_;
  Instant next_at_;
  bool sending_ = false;
};

class TransportContract : public ::testing::TestWithParam<Engine> {
 protected:
  TransportOptions options_for(std::uint16_t port) const {
    TransportOptions options;
    options.host = "127.0.0.1";
    options.port = port;
    options.host_header = "tickets.example:" + std::to_string(port);
    options.connect_timeout = 5s;
    return options;
  }
  TransportOptions options() const { return options_for(server.port()); }

  std::unique_ptr<Transport> make(const TransportOptions& options) {
    auto made = GetParam().make(options, clock);
    EXPECT_TRUE(made.has_value()) << made.error().message;
    return std::move(*made);
  }
  std::unique_ptr<Transport> connected(const TransportOptions& options) {
    auto transport = make(options);
    const auto opened = transport->connect_all();
    EXPECT_TRUE(opened.has_value()) << opened.error().message;
    return transport;
  }
  std::vector<Answer> call(Transport& transport, std::vector<Request> requests, Nanos timeout = 5s) {
    Conversation conversation(transport, clock, std::move(requests));
    conversation.timeout = timeout;
    transport.run(conversation);
    return conversation.answers;
  }
  Answer call_once(const Request& request, Nanos timeout = 5s) {
    const auto transport = connected(options());
    return call(*transport, {request}, timeout).front();
  }
  // The message with which connect_all() fails.
  std::string refusal(const TransportOptions& options) {
    const auto opened = make(options)->connect_all();
    return opened.has_error() ? opened.error().message : "";
  }

  const CurlGlobal curl{};
  const core::SteadyClock clock{};
  ScriptedServer server;
};

TEST_P(TransportContract, HandsOverStatusBodyAndRetryAfter) {
  server.on("/busy", answer(429, R"({"error":{}})", "Retry-After: 7\r\n"));
  const Answer busy = call_once(get("/busy"));
  EXPECT_EQ(busy.outcome, Outcome::kOk) << "a refusal is a complete answer";
  EXPECT_EQ(busy.status, 429);
  EXPECT_EQ(busy.body, R"({"error":{}})");
  EXPECT_EQ(busy.retry_after, 7s);
}

TEST_P(TransportContract, PassesOverARetryAfterThatIsADateOrAbsurd) {
  server.on("/date", answer(503, "", "Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n"));
  server.on("/absurd", answer(503, "", "Retry-After: 99999999\r\n"));
  server.on("/next", answer(200));
  const auto transport = connected(options());
  for (const Answer& each : call(*transport, {get("/date"), get("/absurd"), get("/next")})) {
    EXPECT_EQ(each.outcome, Outcome::kOk);
    EXPECT_EQ(each.retry_after, 0s);
  }
}

TEST_P(TransportContract, SendsTheRequestAsItIsWorded) {
  TransportOptions with_headers = options();
  with_headers.headers = {"X-Load: yes"};
  const auto transport = connected(with_headers);
  Request reserve = post("/reservations?x=1%20&y=../z", R"({"quantity":1})");
  reserve.bearer = "grant-1";
  reserve.idempotency_key = "key-1";
  Request leave = get("/queue/leave?token=t");
  leave.method = Method::kDelete;
  const auto answers = call(*transport, {reserve, get("/queue/status?token=t"), leave, post("/bare", "")});
  EXPECT_THAT(answers, Each(::testing::Field(&Answer::outcome, Outcome::kOk)));

  const std::string sent = server.last_request("/reservations?x=1%20&y=../z");
  EXPECT_THAT(sent,
              AllOf(HasSubstr("POST /reservations?x=1%20&y=../z HTTP/1.1\r\n"),
                    HasSubstr("\r\nHost: tickets.example:" + std::to_string(server.port()) + "\r\n"),
                    HasSubstr("\r\nAuthorization: Bearer grant-1\r\n"), HasSubstr("\r\nIdempotency-Key: key-1\r\n"),
                    HasSubstr("\r\nContent-Type: application/json\r\n"), HasSubstr("\r\nContent-Length: 14\r\n")));
  EXPECT_THAT(sent, AllOf(HasSubstr("\r\nUser-Agent: tacos-load\r\n"), HasSubstr("\r\nX-Load: yes\r\n"),
                          HasSubstr("\r\n\r\n{\"quantity\":1}")));
  // Nothing of one request may stay for the next.
  const std::string status = server.last_request("/queue/status?token=t");
  EXPECT_THAT(status, HasSubstr("GET /queue/status?token=t HTTP/1.1\r\n"));
  for (const char* header : {"Authorization", "Idempotency-Key", "Content-Type", "Content-Length", "Expect"}) {
    EXPECT_THAT(status, Not(HasSubstr(header)));
  }
  EXPECT_THAT(server.last_request("/queue/leave?token=t"), HasSubstr("DELETE /queue/leave?token=t HTTP/1.1\r\n"));
  EXPECT_THAT(server.last_request("/bare"),
              AllOf(HasSubstr("POST /bare HTTP/1.1\r\n"), HasSubstr("Content-Length: 0\r\n")));
}

TEST_P(TransportContract, KeepsItsConnectionAndCountsReuse) {
  const auto transport = connected(options());
  const auto answers = call(*transport, {get("/1"), post("/2"), get("/3"), get("/4"), get("/5")});
  EXPECT_EQ(answers.size(), 5u);
  const TransportStats stats = transport->stats();
  EXPECT_EQ(stats.opened, 1u);
  EXPECT_EQ(stats.peak, 1u);
  EXPECT_EQ(stats.reused, 4u);
  EXPECT_EQ(stats.connect_failures, 0u);
}

TEST_P(TransportContract, ReopensAConnectionThatTheServerClosedWhileItRested) {
  const auto transport = connected(options());
  Conversation conversation(*transport, clock, {post("/1"), post("/2")});
  conversation.between = [&] { server.close_connections(); };
  conversation.pause = 50ms;
  transport->run(conversation);
  ASSERT_EQ(conversation.answers.size(), 2u);
  EXPECT_EQ(conversation.answers[1].outcome, Outcome::kOk);
  EXPECT_EQ(server.requests("/2"), 1u);
  EXPECT_EQ(transport->stats().opened, 2u);
  EXPECT_EQ(transport->stats().peak, 1u);
}

TEST_P(TransportContract, OutlivesAServerThatHangsUpAfterEveryAnswer) {
  const auto transport = connected(options());
  server.close_after_answers(1);
  const auto answers = call(*transport, {get("/1"), get("/2"), get("/3"), get("/4")});
  EXPECT_THAT(answers, Each(::testing::Field(&Answer::outcome, Outcome::kOk)));
}

TEST_P(TransportContract, DoesNotUseAConnectionAgainThatTheServerSaidItWillClose) {
  server.on("/last", answer(200, "bye", "Connection: close\r\n").then_close());
  const auto transport = connected(options());
  const auto answers = call(*transport, {post("/last"), post("/last"), post("/last")});
  EXPECT_THAT(answers, Each(::testing::Field(&Answer::body, std::string("bye"))));
  EXPECT_EQ(server.requests("/last"), 3u);
}

TEST_P(TransportContract, GivesUpAtTheDeadlineAndCarriesOn) {
  server.on("/never", silence());
  const auto transport = connected(options());
  Conversation conversation(*transport, clock, {get("/never"), get("/after")});
  conversation.timeout = 60ms;
  transport->run(conversation);
  const Answer& never = conversation.answers[0];
  EXPECT_EQ(never.outcome, Outcome::kTimeout);
  EXPECT_EQ(never.status, 0);
  EXPECT_EQ(never.first_byte, never.done);
  EXPECT_THAT(never.done - never.sent, Ge(Nanos(59ms)));
  EXPECT_EQ(transport->stats().opened, 2u) << "what still comes must not be taken for the next answer";
}

TEST_P(TransportContract, GivesUpOnAnAnswerThatBeganAndDoesNotEnd) {
  server.on("/half", raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"));
  EXPECT_EQ(call_once(get("/half"), 60ms).outcome, Outcome::kTimeout);
}

TEST_P(TransportContract, MeasuresFromTheSendToTheLastByte) {
  server.on("/slow", answer(200, "slow").after(30ms));
  const Answer slow = call_once(get("/slow"));
  EXPECT_EQ(slow.outcome, Outcome::kOk);
  EXPECT_LE(slow.sent, slow.first_byte);
  EXPECT_LE(slow.first_byte, slow.done);
  EXPECT_THAT(slow.done - slow.sent, Ge(Nanos(30ms)));
}

TEST_P(TransportContract, SaysWhereNobodyListens) {
  auto gone = std::make_unique<ScriptedServer>();
  const std::uint16_t port = gone->port();
  gone.reset();
  EXPECT_THAT(refusal(options_for(port)),
              AllOf(HasSubstr("127.0.0.1:" + std::to_string(port)), HasSubstr("refused"), HasSubstr("--target")));
}

TEST_P(TransportContract, CountsAConnectionThatCanNoLongerBeMade) {
  auto dying = std::make_unique<ScriptedServer>();
  const auto transport = connected(options_for(dying->port()));
  dying.reset();
  Conversation conversation(*transport, clock, {get("/1"), get("/2")});
  conversation.start_after(30ms);
  transport->run(conversation);
  EXPECT_THAT(conversation.answers, Each(::testing::Field(&Answer::outcome, Outcome::kConnectError)));
  EXPECT_EQ(transport->stats().connect_failures, 2u);
}

TEST_P(TransportContract, TellsAResetFromNonsense) {
  struct Case {
    const char* what;
    support::Reply reply;
    Outcome outcome;
  };
  const std::vector<Case> cases{
      {"closed without a word", silence().then_close(), Outcome::kReset},
      {"reset without a word", silence().then_reset(), Outcome::kReset},
      {"closed in the head", raw("HTTP/1.1 200 OK\r\nContent-Le").then_close(), Outcome::kReset},
      {"closed in the body", raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf").then_close(), Outcome::kReset},
      {"reset in the body", raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf").then_reset(), Outcome::kReset},
      {"closed in a chunk", raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nha").then_close(),
       Outcome::kReset},
      {"not HTTP", raw("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n\r\n").then_close(), Outcome::kProtocolError},
      {"no number for a length", raw("HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nx"), Outcome::kProtocolError},
      {"no size for a chunk", raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
       Outcome::kProtocolError},
  };
  const auto transport = connected(options());
  for (const Case& each : cases) {
    server.on("/odd", each.reply);
    const auto answers = call(*transport, {post("/odd"), post("/fine")}, 2s);
    EXPECT_EQ(answers[0].outcome, each.outcome) << each.what << ": " << name_of(answers[0].outcome);
    EXPECT_EQ(answers[0].status, 0) << each.what;
    EXPECT_EQ(answers[1].outcome, Outcome::kOk) << "after: " << each.what;
  }
}

TEST_P(TransportContract, ReadsAnswersOfEveryShape) {
  const std::string large(200'000, 'x');
  server.on("/chunks", chunked_answer("many small pieces", 3));
  server.on("/large", answer(200, large));
  server.on("/large-chunks", chunked_answer(large, 4096));
  server.on("/204", answer(204));
  server.on("/304", answer(304));
  server.on("/early",
            raw("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
  server.on("/until-close", raw("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall there is").then_close());
  const auto transport = connected(options());
  const auto answers = call(*transport, {get("/chunks"), get("/large"), get("/204"), get("/304"), get("/early"),
                                         get("/large-chunks"), get("/until-close")});
  EXPECT_THAT(answers, Each(::testing::Field(&Answer::outcome, Outcome::kOk)));
  EXPECT_EQ(answers[0].body, "many small pieces");
  EXPECT_EQ(answers[1].body, large);
  EXPECT_EQ(answers[2].status, 204);
  EXPECT_EQ(answers[2].body, "");
  EXPECT_EQ(answers[3].status, 304);
  EXPECT_EQ(answers[4].status, 200);
  EXPECT_EQ(answers[4].body, "ok");
  EXPECT_EQ(answers[5].body, large);
  EXPECT_EQ(answers[6].body, "all there is");
  EXPECT_EQ(transport->stats().opened, 1u);
}

TEST_P(TransportContract, RefusesAnAnswerBeyondTheLimit) {
  server.on("/huge", answer(200, std::string(5000, 'x')));
  server.on("/huge-chunks", chunked_answer(std::string(5000, 'x'), 1000));
  TransportOptions small = options();
  small.max_response_bytes = 4096;
  const auto transport = connected(small);
  const auto answers = call(*transport, {get("/huge"), get("/huge-chunks"), get("/fine")});
  EXPECT_EQ(answers[0].outcome, Outcome::kProtocolError);
  EXPECT_EQ(answers[1].outcome, Outcome::kProtocolError);
  EXPECT_EQ(answers[2].outcome, Outcome::kOk);
}

// All connections of a pool at once, then all of them again.
class Crowd final : public TransportEvents {
 public:
  Crowd(Transport& transport, const core::Clock& clock, std::uint32_t size)
      : transport_(transport), clock_(clock), size_(size) {}

  Instant on_time(Instant) override {
    for (ConnectionId id = 0; id < size_; ++id) transport_.send(id, get("/crowd"), clock_.now() + 10s);
    return Instant::never();
  }
  void on_response(ConnectionId id, const Response& response) override {
    ok += response.outcome == Outcome::kOk ? 1 : 0;
    if (++answered_ > size_) return;
    transport_.send(id, get("/crowd"), clock_.now() + 10s);
  }
  bool finished() const override { return answered_ == 2 * size_; }

  unsigned ok = 0;

 private:
  Transport& transport_;
  const core::Clock& clock_;
  std::uint32_t size_;
  std::uint32_t answered_ = 0;
};

TEST_P(TransportContract, OpensItsWholePoolBeforeTheRunAndKeepsToIt) {
  constexpr std::uint32_t kPool = 150;
  TransportOptions many = options();
  many.connections = kPool;
  const auto transport = make(many);
  const auto opened = transport->connect_all();
  ASSERT_TRUE(opened.has_value()) << opened.error().message;
  EXPECT_EQ(*opened, kPool);
  EXPECT_EQ(transport->stats().opened, kPool);
  EXPECT_EQ(server.requests("/crowd"), 0u);
  Crowd crowd(*transport, clock, kPool);
  transport->run(crowd);
  EXPECT_EQ(crowd.ok, 2 * kPool);
  EXPECT_LE(server.accepted(), kPool + 1) << "one may have felt the way; none may be opened in the run";
  EXPECT_EQ(transport->stats().opened, kPool);
  EXPECT_EQ(transport->stats().peak, kPool);
  EXPECT_EQ(transport->stats().reused, kPool);
  EXPECT_EQ(server.requests("/crowd"), 2 * kPool);
}

TEST_P(TransportContract, SpreadsItsConnectionsOverSourceAddresses) {
  TransportOptions spread = options();
  spread.connections = 4;
  spread.source_addresses = "127.0.0.2,127.0.0.3";
  const auto transport = connected(spread);
  Crowd crowd(*transport, clock, 4);
  transport->run(crowd);
  const auto clients = server.client_addresses();
  EXPECT_EQ(std::count(clients.begin(), clients.end(), "127.0.0.2"), 2);
  EXPECT_EQ(std::count(clients.begin(), clients.end(), "127.0.0.3"), 2);
}

TEST_P(TransportContract, NamesASourceAddressThatIsNone) {
  TransportOptions bad = options();
  bad.source_addresses = "127.0.0.2,localhorst";
  const auto made = GetParam().make(bad, clock);
  ASSERT_TRUE(made.has_error());
  EXPECT_THAT(made.error().message, AllOf(HasSubstr("'localhorst'"), HasSubstr("--source-address")));
}

// Asks to be woken at set times and notes when it was.
class Wakings final : public TransportEvents {
 public:
  explicit Wakings(const core::Clock& clock) : clock_(clock) {}

  Instant on_time(Instant now) override {
    if (asked_ != Instant()) {
      EXPECT_GE(now, asked_) << "woken early";
      lags.push_back(clock_.now() - asked_);
    }
    asked_ = clock_.now() + 700us;
    return asked_;
  }
  void on_response(ConnectionId, const Response&) override { ADD_FAILURE(); }
  bool finished() const override { return lags.size() == 300; }

  std::vector<Nanos> lags;

 private:
  const core::Clock& clock_;
  Instant asked_;
};

TEST_P(TransportContract, WakesTheRunLoopOnTime) {
  const auto transport = connected(options());
  Wakings wakings(clock);
  transport->run(wakings);
  std::sort(wakings.lags.begin(), wakings.lags.end());
  // Tens of microseconds on a machine at rest. The bound only has to tell that from a loop that counts in milliseconds.
  EXPECT_LT(wakings.lags[wakings.lags.size() / 2], 400us);
}

TEST_P(TransportContract, SpeaksTlsToAServerItCanVerify) {
  const TestCertificate certificate;
  ScriptedServer secure(certificate.certificate_file(), certificate.key_file());
  secure.on("/slow", answer(200, "tls").after(5ms));
  TransportOptions over_tls = options_for(secure.port());
  over_tls.tls = true;
  over_tls.connections = 3;
  over_tls.ca_file = certificate.certificate_file();
  const auto transport = connected(over_tls);
  const auto answers = call(*transport, {get("/slow"), post("/slow"), get("/slow")});
  EXPECT_THAT(answers, Each(::testing::Field(&Answer::body, std::string("tls"))));
  EXPECT_EQ(transport->stats().opened, 3u);
  EXPECT_EQ(transport->stats().reused, 2u);
}

TEST_P(TransportContract, ReopensATlsConnectionThatTheServerClosedWhileItRested) {
  const TestCertificate certificate;
  ScriptedServer secure(certificate.certificate_file(), certificate.key_file());
  TransportOptions over_tls = options_for(secure.port());
  over_tls.tls = true;
  over_tls.verify_peer = false;
  const auto transport = connected(over_tls);
  Conversation conversation(*transport, clock, {post("/1"), post("/2")});
  conversation.between = [&] { secure.close_connections(); };
  conversation.pause = 50ms;
  transport->run(conversation);
  EXPECT_EQ(conversation.answers[1].outcome, Outcome::kOk);
  EXPECT_EQ(secure.requests("/2"), 1u);
}

TEST_P(TransportContract, RefusesACertificateItCannotVerify) {
  const TestCertificate certificate;
  ScriptedServer secure(certificate.certificate_file(), certificate.key_file());
  TransportOptions over_tls = options_for(secure.port());
  over_tls.tls = true;
  EXPECT_THAT(refusal(over_tls), AllOf(HasSubstr("certificate"), HasSubstr(std::to_string(secure.port()))));
  over_tls.verify_peer = false;
  EXPECT_EQ(refusal(over_tls), "");
}

TEST_P(TransportContract, RefusesACertificateForSomebodyElse) {
  const TestCertificate certificate("DNS:somebody.example");
  ScriptedServer secure(certificate.certificate_file(), certificate.key_file());
  TransportOptions over_tls = options_for(secure.port());
  over_tls.tls = true;
  over_tls.ca_file = certificate.certificate_file();
  EXPECT_THAT(refusal(over_tls), HasSubstr("certificate"));
}

TEST_P(TransportContract, NamesACaFileItCannotRead) {
  TransportOptions over_tls = options();
  over_tls.tls = true;
  over_tls.ca_file = "/nowhere/ca.pem";
  const auto made = GetParam().make(over_tls, clock);
  ASSERT_TRUE(made.has_error());
  EXPECT_THAT(made.error().message, HasSubstr("'/nowhere/ca.pem'"));
}

TEST_P(TransportContract, StopsWithRequestsUnderWay) {
  server.on("/never", silence());
  TransportOptions two = options();
  two.connections = 2;
  const auto transport = connected(two);
  transport->send(1, get("/never"), clock.now() + 10s);
  EXPECT_EQ(call(*transport, {get("/fine")}).front().outcome, Outcome::kOk);
}  // destroying it is all there is left to do

INSTANTIATE_TEST_SUITE_P(Engines, TransportContract,
                         ::testing::Values(Engine{"asio", make_asio_transport}, Engine{"curl", make_curl_transport}),
                         [](const auto& engine) { return std::string(engine.param.name); });

// What only the asio transport does.
class AsioTransportTest : public TransportContract {};

TEST_P(AsioTransportTest, ConnectionsAreDealtOutToTheTargetsInTurn) {
  ScriptedServer second;
  TransportOptions both = options();
  both.connections = 5;
  both.other_targets = {{"127.0.0.1", second.port(), "second.example"}};
  const auto transport = connected(both);
  Crowd crowd(*transport, clock, 5);
  transport->run(crowd);
  // Each of five is sent on a connection of its own; the five after them go where a connection is free again.
  EXPECT_GE(server.requests("/crowd"), 3u);
  EXPECT_GE(second.requests("/crowd"), 2u);
  EXPECT_EQ(server.requests("/crowd") + second.requests("/crowd"), 10u);
  EXPECT_THAT(second.last_request("/crowd"), HasSubstr("Host: second.example\r\n"));
}

TEST_P(AsioTransportTest, APoolGoesOnDealingWhereThatOfTheWorkerBeforeStopped) {
  ScriptedServer second;
  TransportOptions one = options();
  one.connections = 1;
  one.other_targets = {{"127.0.0.1", second.port(), "second.example"}};
  one.first_target = 1;
  const auto transport = connected(one);
  const auto answers = call(*transport, {get("/next")});
  EXPECT_EQ(answers.front().target, 1u);
  EXPECT_EQ(second.requests("/next"), 1u);
  EXPECT_EQ(server.requests("/next"), 0u);
}

TEST_P(AsioTransportTest, ATargetThatIsGoneFailsItsOwnRequestsOnly) {
  auto second = std::make_unique<ScriptedServer>();
  TransportOptions both = options();
  both.connections = 2;
  both.other_targets = {{"127.0.0.1", second->port(), "second.example"}};
  const auto transport = connected(both);
  second.reset();
  EXPECT_EQ(call(*transport, {get("/here")}).front().outcome, Outcome::kOk);
  Conversation there(*transport, clock, {get("/there")});
  there.connection = 1;
  transport->run(there);
  EXPECT_EQ(there.answers.front().outcome, Outcome::kConnectError);
  EXPECT_EQ(there.answers.front().target, 1u);
}

INSTANTIATE_TEST_SUITE_P(Asio, AsioTransportTest, ::testing::Values(Engine{"asio", make_asio_transport}),
                         [](const auto& engine) { return std::string(engine.param.name); });

// What only the curl transport does.
class CurlTransportTest : public TransportContract {};

TEST_P(CurlTransportTest, SendsThroughAProxy) {
  TransportOptions proxied = options_for(80);
  proxied.host = "tickets.invalid";
  proxied.host_header = "tickets.invalid";
  proxied.proxy = "http://127.0.0.1:" + std::to_string(server.port());
  const auto transport = connected(proxied);
  EXPECT_EQ(call(*transport, {get("/queue/status")}).front().outcome, Outcome::kOk);
  EXPECT_THAT(server.last_request("http://tickets.invalid:80/queue/status"),
              HasSubstr("\r\nHost: tickets.invalid\r\n"));
}

TEST_P(CurlTransportTest, OpensItsPoolOnAServerThatDislikesOptions) {
  server.on("/", silence().then_close());
  TransportOptions many = options();
  many.connections = 20;
  const auto transport = connected(many);
  Crowd crowd(*transport, clock, 20);
  transport->run(crowd);
  EXPECT_EQ(crowd.ok, 40u);
}

INSTANTIATE_TEST_SUITE_P(Curl, CurlTransportTest, ::testing::Values(Engine{"curl", make_curl_transport}),
                         [](const auto& engine) { return std::string(engine.param.name); });

}  // namespace
}  // namespace tacos::load
