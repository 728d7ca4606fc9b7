#include "net/http_server.h"

#include <sys/socket.h>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/clock.h"
#include "unit/net/echo_handler.h"
#include "unit/net/raw_client.h"

namespace tacos::net {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

const std::string kHost = "Host: a\r\n";

std::string get(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\n" + kHost + "\r\n";
}

class HttpServerTest : public ::testing::Test {
 protected:
  void start(HttpServerOptions options = {}) {
    options.sweep_interval = 1ms;
    options.drain_idle_timeout = 10ms;
    auto started = HttpServer::start(std::move(options), clock_, [this](boost::asio::io_context& loop, unsigned) {
      return std::make_unique<EchoHandler>(loop, seen_);
    });
    ASSERT_TRUE(started.has_value()) << started.error().message;
    server_ = std::move(*started);
  }
  RawClient connect() { return RawClient(server_->address().port); }
  std::uint64_t refusals(Refusal refusal) const {
    return server_->counts().refusals[static_cast<std::size_t>(refusal)];
  }
  // Waits for something another thread is about to do; fails the test after ten seconds.
  template <class Condition>
  void eventually(Condition condition) {
    const auto limit = std::chrono::steady_clock::now() + 10s;
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), limit) << "it never happened";
      std::this_thread::yield();
    }
  }

  core::ManualClock clock_;
  EchoHandler::Seen seen_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, AnswersOnOneConnectionAgainAndAgain) {
  start();
  RawClient client = connect();
  for (int i = 0; i < 3; ++i) {
    const auto answer = client.call("POST /a?b HTTP/1.1\r\n" + kHost + "Content-Length: 2\r\n\r\nhi");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "POST /a?b hi");
    EXPECT_EQ(answer.header("date").size(), 29u);
  }
  EXPECT_EQ(server_->counts().requests, 3u);
  EXPECT_EQ(server_->counts().connections_accepted, 1u);
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrderWhetherAtOnceOrLater) {
  start();
  RawClient client = connect();
  std::string all;
  for (int i = 0; i < 50; ++i) all += get((i % 3 == 0 ? "/later" : "/now") + std::to_string(i));
  client.send(all);
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(client.receive().body, "GET " + std::string(i % 3 == 0 ? "/later" : "/now") + std::to_string(i) + " ");
  }
  EXPECT_GT(seen_.turns.load(), 0);
}

// More than a connection may read in one go, and with its end told at the same time.
TEST_F(HttpServerTest, ReadsAllThatAClientHasSentAheadAndServesOthersMeanwhile) {
  start();
  for (const std::string path : {"/now", "/later"}) {
    RawClient flooding = connect();
    RawClient other = connect();
    std::string all;
    for (int i = 0; i < 2000; ++i) all += get(path + std::to_string(i));
    flooding.send(all);
    flooding.stop_sending();
    EXPECT_EQ(other.call(get("/other")).body, "GET /other ");
    for (int i = 0; i < 2000; ++i) ASSERT_EQ(flooding.receive().body, "GET " + path + std::to_string(i) + " ");
    EXPECT_TRUE(flooding.at_end());
  }
  EXPECT_EQ(server_->counts().connections_broken, 0u);
}

TEST_F(HttpServerTest, ReadsWhatArrivedWhileAnAnswerWasOwed) {
  start();
  RawClient client = connect();
  client.send(get("/held"));
  eventually([&] { return seen_.held.load() == 1; });
  client.send(get("/behind"));
  client.stop_sending();
  // The loop has come round since: it was told of those bytes while it may not read them.
  EXPECT_EQ(connect().call(get("/other")).status, 200);
  seen_.release = true;
  EXPECT_EQ(client.receive().body, "GET /held ");
  EXPECT_EQ(client.receive().body, "GET /behind ");
  EXPECT_TRUE(client.at_end());
}

TEST_F(HttpServerTest, KeepsOrClosesTheConnectionAsTheVersionAndTheClientSay) {
  start();
  RawClient one_zero = connect();
  EXPECT_EQ(one_zero.call("GET / HTTP/1.0\r\n\r\n").header("connection"), "close");
  EXPECT_TRUE(one_zero.at_end());
  RawClient kept = connect();
  EXPECT_EQ(kept.call("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").header("connection"), "keep-alive");
  EXPECT_EQ(kept.call(get("/again")).status, 200);
  RawClient closing = connect();
  EXPECT_EQ(closing.call("GET / HTTP/1.1\r\n" + kHost + "Connection: Close\r\n\r\n").header("connection"), "close");
  EXPECT_TRUE(closing.at_end());
  RawClient closed_by_handler = connect();
  EXPECT_EQ(closed_by_handler.call(get("/close")).header("connection"), "close");
  EXPECT_TRUE(closed_by_handler.at_end());
}

TEST_F(HttpServerTest, AnswersHeadWithoutABody) {
  start();
  RawClient client = connect();
  client.send("HEAD /x HTTP/1.1\r\n" + kHost + "\r\n" + get("/y"));
  const auto head = client.receive(true);
  EXPECT_EQ(head.header("content-length"), "8");
  EXPECT_EQ(client.receive().body, "GET /y ");
}

TEST_F(HttpServerTest, TellsAClientToContinueThatWaits) {
  start();
  RawClient client = connect();
  client.send("POST /p HTTP/1.1\r\n" + kHost + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(client.receive(true).status, 100);
  EXPECT_EQ(client.call("ok").body, "POST /p ok");
}

TEST_F(HttpServerTest, AnswersAClientThatHasStoppedSending) {
  start();
  RawClient client = connect();
  client.send(get("/last"));
  client.stop_sending();
  EXPECT_EQ(client.receive().body, "GET /last ");
  EXPECT_TRUE(client.at_end());
}

TEST_F(HttpServerTest, LetsItsOwnerWordARefusalAndThenCloses) {
  start();
  RawClient client = connect();
  const auto answer = client.call("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.header("x-refusal"), "yes");
  EXPECT_EQ(answer.header("connection"), "close");
  EXPECT_THAT(answer.body, HasSubstr("Host"));
  EXPECT_TRUE(client.at_end());
  EXPECT_EQ(refusals(Refusal::kMalformed), 1u);
}

// The refusal must reach a client that is still sending: no reset may overtake it.
TEST_F(HttpServerTest, RefusesALargeBodyInAWayTheClientCanRead) {
  start();
  RawClient client = connect();
  client.send("POST / HTTP/1.1\r\n" + kHost + "Content-Length: 400000\r\n\r\n");
  client.send(std::string(400000, 'x'));
  EXPECT_EQ(client.receive().status, 413);
}

TEST_F(HttpServerTest, RefusesARequestThatArrivesTooSlowly) {
  start();
  RawClient client = connect();
  client.send("GET / HTTP/1.1\r\nHo");
  eventually([&] { return server_->counts().bytes_received > 0; });
  clock_.advance(11s);
  EXPECT_EQ(client.receive().status, 408);
  EXPECT_TRUE(client.at_end());
  EXPECT_EQ(refusals(Refusal::kTooSlow), 1u);
}

TEST_F(HttpServerTest, ClosesAnIdleConnectionWithoutAWord) {
  start();
  RawClient client = connect();
  EXPECT_EQ(client.call(get("/")).status, 200);
  clock_.advance(74s);
  EXPECT_EQ(client.call(get("/")).status, 200);
  clock_.advance(76s);
  EXPECT_TRUE(client.at_end());
  eventually([&] { return server_->counts().connections_idle_closed == 1u; });
  eventually([&] { return server_->counts().connections_open == 0u; });
}

TEST_F(HttpServerTest, DropsAClientThatDoesNotReadItsAnswer) {
  start();
  RawClient client = connect();
  client.send(get("/large"));
  eventually([&] { return server_->counts().bytes_sent > 0; });
  eventually([&] {
    clock_.advance(1s);
    return server_->counts().write_timeouts == 1u;
  });
}

TEST_F(HttpServerTest, WritesAnAnswerThatDoesNotFitInTheKernelAtOnce) {
  start();
  RawClient client = connect();
  client.send(get("/large") + get("/next"));
  EXPECT_EQ(client.receive().body.size(), 8u * 1024 * 1024);
  EXPECT_EQ(client.receive().body, "GET /next ");
}

TEST_F(HttpServerTest, RefusesMoreConnectionsThanItMayHave) {
  HttpServerOptions options;
  options.max_connections = 2;
  start(options);
  RawClient first = connect();
  RawClient second = connect();
  ASSERT_EQ(first.call(get("/")).status, 200);
  ASSERT_EQ(second.call(get("/")).status, 200);
  RawClient third = connect();
  EXPECT_EQ(third.call(get("/")).status, 503);
  EXPECT_TRUE(third.at_end());
  EXPECT_EQ(refusals(Refusal::kTooManyConnections), 1u);
  EXPECT_EQ(first.call(get("/")).status, 200);
}

TEST_F(HttpServerTest, DropsConnectionsFarBeyondTheLimit) {
  HttpServerOptions options;
  options.max_connections = 1;
  start(options);
  RawClient first = connect();
  ASSERT_EQ(first.call(get("/")).status, 200);
  RawClient refused = connect();
  eventually([&] { return server_->counts().connections_open == 2u; });
  RawClient dropped = connect();
  EXPECT_TRUE(dropped.at_end());
  EXPECT_EQ(server_->counts().connections_dropped, 1u);
}

TEST_F(HttpServerTest, DealsConnectionsEvenlyToItsThreads) {
  HttpServerOptions options;
  options.threads = 2;
  start(options);
  std::vector<RawClient> clients;
  clients.reserve(20);
  for (int i = 0; i < 20; ++i) clients.push_back(connect());
  for (RawClient& client : clients) EXPECT_EQ(client.call(get("/later")).status, 200);
  EXPECT_EQ(server_->counts().connections_open, 20u);
}

TEST_F(HttpServerTest, FinishesWhatIsInFlightWhenItShutsDown) {
  start();
  RawClient idle = connect();
  EXPECT_EQ(idle.call(get("/")).status, 200);
  RawClient busy = connect();
  busy.send(get("/held"));
  eventually([&] { return seen_.held.load() == 1; });
  bool all_answered = false;
  std::thread shutting_down([&] { all_answered = server_->shut_down(10s); });
  EXPECT_TRUE(idle.at_end());
  seen_.release = true;
  const auto answer = busy.receive();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("connection"), "close");
  shutting_down.join();
  EXPECT_TRUE(all_answered);
  EXPECT_EQ(server_->counts().connections_open, 0u);
}

TEST_F(HttpServerTest, StopsAtTheDeadlineWhenAnAnswerDoesNotCome) {
  start();
  RawClient busy = connect();
  busy.send(get("/held"));
  eventually([&] { return seen_.held.load() == 1; });
  EXPECT_FALSE(server_->shut_down(1ms));
  server_.reset();
  EXPECT_TRUE(busy.at_end());
}

TEST_F(HttpServerTest, DropsWhatIsHalfSentAtTheDeadline) {
  start();
  std::vector<RawClient> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(connect());
    clients.back().send("POST /half HTTP/1.1\r\n" + kHost + "Expect: 100-continue\r\nContent-Length: 10\r\n\r\n");
    ASSERT_EQ(clients.back().receive(true).status, 100);
  }
  EXPECT_FALSE(server_->shut_down(1ms));
  server_.reset();
  for (RawClient& client : clients) EXPECT_TRUE(client.at_end());
}

TEST_F(HttpServerTest, SurvivesClientsThatLeaveBeforeTheirAnswer) {
  start();
  for (int i = 0; i < 20; ++i) {
    RawClient client = connect();
    client.send(get("/held") + get("/large"));
  }
  eventually([&] { return seen_.held.load() == 20; });
  seen_.release = true;
  eventually([&] { return server_->counts().connections_open == 0u; });
}

TEST_F(HttpServerTest, SaysWhoHasThePort) {
  start();
  HttpServerOptions options;
  options.listen.port = server_->address().port;
  const auto second = HttpServer::start(options, clock_, [this](boost::asio::io_context& loop, unsigned) {
    return std::make_unique<EchoHandler>(loop, seen_);
  });
  ASSERT_TRUE(second.has_error());
  EXPECT_THAT(second.error().message, HasSubstr("cannot listen on 127.0.0.1:" + std::to_string(options.listen.port)));
  EXPECT_THAT(second.error().message, HasSubstr("Address already in use; stop the program that uses it"));
}

}  // namespace
}  // namespace tacos::net
