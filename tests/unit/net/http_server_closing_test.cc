// How a server goes away without its clients losing a request.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/clock.h"
#include "net/http_server.h"
#include "unit/net/echo_handler.h"
#include "unit/net/raw_client.h"

namespace tacos::net {
namespace {

using namespace std::chrono_literals;

const std::string kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

class HttpServerClosingTest : public ::testing::Test {
 protected:
  void start() {
    options_.sweep_interval = 1ms;
    auto started = HttpServer::start(options_, clock_, [this](boost::asio::io_context& loop, unsigned) {
      return std::make_unique<EchoHandler>(loop, seen_);
    });
    ASSERT_TRUE(started.has_value()) << started.error().message;
    server_ = std::move(*started);
  }
  RawClient connect() { return RawClient(server_->address().port); }
  template <class Condition>
  void eventually(Condition condition) {
    const auto limit = std::chrono::steady_clock::now() + 10s;
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), limit) << "it never happened";
      std::this_thread::yield();
    }
  }

  HttpServerOptions options_;
  core::SteadyClock clock_;
  EchoHandler::Seen seen_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerClosingTest, SaysConnectionCloseOnceClosingIsAnnounced) {
  start();
  RawClient open = connect();
  EXPECT_EQ(open.call(kGet).header("connection"), "");
  server_->begin_closing();
  const auto last = open.call(kGet);
  EXPECT_EQ(last.status, 200);
  EXPECT_EQ(last.header("connection"), "close");
  EXPECT_TRUE(open.at_end());
  RawClient late = connect();
  EXPECT_EQ(late.call(kGet).header("connection"), "close");
}

TEST_F(HttpServerClosingTest, AnswersARequestThatWasOnItsWayWhenTheDrainBegan) {
  options_.drain_idle_timeout = 5s;
  start();
  RawClient idle = connect();
  ASSERT_EQ(idle.call(kGet).status, 200);
  bool all_answered = false;
  std::thread shutting_down([&] { all_answered = server_->shut_down(10s); });
  // The port is closed from some moment on: by then the drain has begun.
  eventually([&] {
    try {
      connect();
      return false;
    } catch (const boost::system::system_error&) {
      return true;
    }
  });
  const auto last = idle.call(kGet);
  EXPECT_EQ(last.status, 200);
  EXPECT_EQ(last.header("connection"), "close");
  EXPECT_TRUE(idle.at_end());
  { const RawClient gone = std::move(idle); }
  shutting_down.join();
  EXPECT_TRUE(all_answered);
}

TEST_F(HttpServerClosingTest, ClosesAnIdleConnectionThatBringsNothing) {
  options_.drain_idle_timeout = 10ms;
  start();
  RawClient idle = connect();
  ASSERT_EQ(idle.call(kGet).status, 200);
  EXPECT_TRUE(server_->shut_down(10s));
  EXPECT_TRUE(idle.at_end());
  EXPECT_EQ(server_->counts().connections_broken, 0u);
}

// A client that pipelines must get the answer that was its connection's last: unread bytes must not cause a reset.
TEST_F(HttpServerClosingTest, TheLastAnswerReachesAClientThatGoesOnSending) {
  start();
  for (int round = 0; round < 50; ++round) {
    RawClient client = connect();
    client.send("GET /close HTTP/1.1\r\nHost: a\r\n\r\n" + kGet + kGet);
    client.send(kGet);
    const auto last = client.receive();
    ASSERT_EQ(last.status, 200) << round;
    ASSERT_EQ(last.header("connection"), "close");
    ASSERT_TRUE(client.at_end());
  }
  EXPECT_EQ(server_->counts().requests, 50u);
}

// Clients in a closed loop, each with one connection that it keeps: none loses a request that it sent.
TEST_F(HttpServerClosingTest, NoClosedLoopClientLosesARequest) {
  options_.threads = 2;
  start();
  constexpr int kClients = 64;
  std::atomic<int> answered{0};
  std::atomic<int> lost{0};
  std::vector<RawClient> clients;
  for (int i = 0; i < kClients; ++i) clients.push_back(connect());
  std::vector<std::thread> loops;
  for (RawClient& client : clients) {
    loops.emplace_back([&] {
      for (;;) {
        const auto answer = client.call(kGet);
        if (answer.status != 200) {
          lost.fetch_add(1);
          return;
        }
        answered.fetch_add(1);
        if (answer.header("connection") == "close") return client.stop_sending();
      }
    });
  }
  eventually([&] { return answered.load() > 10 * kClients; });
  EXPECT_TRUE(server_->shut_down(10s));
  for (std::thread& loop : loops) loop.join();
  EXPECT_EQ(lost.load(), 0) << "of " << answered.load();
}

}  // namespace
}  // namespace tacos::net
