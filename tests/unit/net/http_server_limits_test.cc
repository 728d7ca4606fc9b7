#include <cstring>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/clock.h"
#include "net/address_counts.h"
#include "net/byte_budget.h"
#include "net/http_server.h"
#include "unit/net/echo_handler.h"
#include "unit/net/raw_client.h"

namespace tacos::net {
namespace {

using namespace std::chrono_literals;

const std::string kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

TEST(ByteBudget, GrantsAllOrNothingUpToItsLimit) {
  ByteBudget budget(100);
  EXPECT_TRUE(budget.try_take(60));
  EXPECT_FALSE(budget.try_take(41));
  EXPECT_TRUE(budget.try_take(40));
  EXPECT_FALSE(budget.try_take(1));
  budget.give_back(1);
  EXPECT_TRUE(budget.try_take(1));
  EXPECT_EQ(budget.used_bytes(), 100u);
}

TEST(BudgetShare, GivesBackWhatItTook) {
  ByteBudget budget(100);
  {
    BudgetShare share(&budget);
    EXPECT_TRUE(share.resize(100));
    EXPECT_FALSE(share.resize(101));
    EXPECT_EQ(budget.used_bytes(), 100u);
    EXPECT_TRUE(share.resize(10));
    EXPECT_EQ(budget.used_bytes(), 10u);
  }
  EXPECT_EQ(budget.used_bytes(), 0u);
  BudgetShare unbounded;
  EXPECT_TRUE(unbounded.resize(1'000'000));
}

TEST(AddressCounts, CountsByAddressAndForgetsWhoHasGone) {
  AddressCounts counts;
  const PeerAddress ann = PeerAddress::ipv4(0xcb007101);
  const PeerAddress bob = PeerAddress::ipv4(0xcb007102);
  {
    const auto first = counts.add(ann);
    auto second = counts.add(ann);
    EXPECT_EQ(first.number(), 1u);
    EXPECT_EQ(second.number(), 2u);
    EXPECT_EQ(counts.add(bob).number(), 1u);
    const auto moved = std::move(second);
    EXPECT_EQ(counts.add(ann).number(), 3u);
    EXPECT_EQ(counts.addresses(), 1u);
  }
  EXPECT_EQ(counts.addresses(), 0u);
}

TEST(AddressCounts, CountsAnIpv6SubscriberOnceHoweverManyAddressesItUses) {
  AddressCounts counts;
  PeerAddress::Bytes bytes{0x20, 0x01, 0x0d, 0xb8};
  const auto first = counts.add(PeerAddress::ipv6(bytes));
  bytes[15] = 1;
  EXPECT_EQ(counts.add(PeerAddress::ipv6(bytes)).number(), 2u);
  bytes[7] = 1;
  EXPECT_EQ(counts.add(PeerAddress::ipv6(bytes)).number(), 1u);
}

class HttpServerLimitsTest : public ::testing::Test {
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
  std::uint64_t refusals(Refusal refusal) const {
    return server_->counts().refusals[static_cast<std::size_t>(refusal)];
  }
  template <class Condition>
  void eventually(Condition condition) {
    const auto limit = std::chrono::steady_clock::now() + 10s;
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), limit) << "it never happened";
      std::this_thread::yield();
    }
  }

  HttpServerOptions options_;
  core::ManualClock clock_;
  EchoHandler::Seen seen_;
  std::unique_ptr<HttpServer> server_;
};

// Requests that are large and never end take what there is; small ones don't need any of it.
TEST_F(HttpServerLimitsTest, RefusesLargeRequestsWhenTheBudgetIsSpentAndServesSmallOnes) {
  options_.max_buffered_bytes = 100 * 1024;
  start();
  const std::string begun = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60001\r\n\r\n" + std::string(60'000, 'x');
  RawClient first = connect();
  first.send(begun);
  eventually([&] { return server_->counts().buffered_bytes >= 60'000; });
  RawClient second = connect();
  EXPECT_EQ(second.call(begun).status, 503);
  EXPECT_EQ(refusals(Refusal::kOverBudget), 1u);
  EXPECT_EQ(connect().call(kGet).status, 200);
  EXPECT_EQ(
      connect().call("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3500\r\n\r\n" + std::string(3500, 'x')).status,
      200);
  // Once the first is answered there is room again.
  first.send("x");
  EXPECT_EQ(first.receive().status, 200);
  eventually([&] { return server_->counts().buffered_bytes == 0; });
  EXPECT_EQ(connect().call(begun + "x").status, 200);
}

// A client that asks and asks and does not read keeps a bounded number of answers.
TEST_F(HttpServerLimitsTest, DropsAClientWhoseUnreadAnswersHaveNoRoom) {
  options_.max_buffered_bytes = 20 * 1024;
  start();
  RawClient client = connect();
  client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
  eventually([&] { return server_->counts().answers_over_budget == 1; });
  eventually([&] { return server_->counts().connections_open == 0; });
  EXPECT_EQ(server_->counts().buffered_bytes, 0u);
}

TEST_F(HttpServerLimitsTest, AnswersNoMoreRequestsOfAClientThatDoesNotRead) {
  start();
  std::vector<RawClient> clients;
  std::string ahead;
  for (int i = 0; i < 100; ++i) ahead += "GET /large HTTP/1.1\r\nHost: a\r\n\r\n";
  for (int i = 0; i < 4; ++i) {
    clients.push_back(connect());
    clients.back().send(ahead);
  }
  eventually([&] { return server_->counts().requests == 4; });
  EXPECT_EQ(connect().call(kGet).status, 200);
  EXPECT_EQ(server_->counts().requests, 5u);
  EXPECT_LE(server_->counts().buffered_bytes, 4u * 9 * 1024 * 1024);
}

TEST_F(HttpServerLimitsTest, RefusesMoreConnectionsOfOneAddressThanItMayHave) {
  options_.max_connections_per_address = 2;
  start();
  RawClient first = connect();
  RawClient second = connect();
  ASSERT_EQ(first.call(kGet).status, 200);
  ASSERT_EQ(second.call(kGet).status, 200);
  RawClient third = connect();
  EXPECT_EQ(third.call(kGet).status, 429);
  EXPECT_EQ(refusals(Refusal::kTooManyFromAddress), 1u);
  // Far beyond, nothing is said.
  RawClient fourth = connect();
  EXPECT_TRUE(fourth.at_end());
  EXPECT_EQ(server_->counts().connections_dropped_by_address, 1u);
  EXPECT_EQ(first.call(kGet).status, 200);
  {
    const RawClient gone = std::move(third);
    const RawClient gone_too = std::move(second);
  }
  eventually([&] { return server_->counts().connections_open == 1; });
  EXPECT_EQ(connect().call(kGet).status, 200);
}

TEST_F(HttpServerLimitsTest, DoesNotLimitPeersThatCarryMany) {
  options_.max_connections_per_address = 1;
  options_.carries_many = [](const PeerAddress& peer) { return peer.is_loopback(); };
  start();
  std::vector<RawClient> clients;
  for (int i = 0; i < 10; ++i) clients.push_back(connect());
  for (RawClient& client : clients) EXPECT_EQ(client.call(kGet).status, 200);
  EXPECT_EQ(server_->counts().addresses, 0u);
}

// Idle strangers do not keep users out, who have asked before and are idle for a moment.
TEST_F(HttpServerLimitsTest, MakesRoomWhenNearlyAllConnectionsAreInUse) {
  options_.max_connections = 16;
  options_.threads = 2;
  start();
  std::vector<RawClient> users;
  for (int i = 0; i < 4; ++i) users.push_back(connect());
  for (RawClient& user : users) ASSERT_EQ(user.call(kGet).status, 200);
  std::vector<RawClient> silent;
  for (int i = 0; i < 12; ++i) silent.push_back(connect());
  eventually([&] { return server_->counts().connections_accepted == 16; });
  for (RawClient& user : users) ASSERT_EQ(user.call(kGet).status, 200);
  EXPECT_EQ(server_->counts().connections_reclaimed, 0u) << "nobody has been silent for long";
  clock_.advance(1s);
  eventually([&] { return server_->counts().connections_open <= 14; });
  EXPECT_GE(server_->counts().connections_reclaimed, 2u);
  for (RawClient& user : users) EXPECT_EQ(user.call(kGet).status, 200);
  EXPECT_EQ(connect().call(kGet).status, 200);
}

TEST_F(HttpServerLimitsTest, LeavesIdleConnectionsAloneWhileThereIsRoom) {
  options_.max_connections = 100;
  start();
  RawClient silent = connect();
  eventually([&] { return server_->counts().connections_accepted == 1; });
  ASSERT_EQ(connect().call(kGet).status, 200);
  clock_.advance(60s);
  ASSERT_EQ(connect().call(kGet).status, 200);
  EXPECT_EQ(server_->counts().connections_reclaimed, 0u);
  EXPECT_EQ(silent.call(kGet).status, 200);
}

// Those who are one too many and say nothing must not hold a place for as long as a user may.
TEST_F(HttpServerLimitsTest, ClosesASilentConnectionThatIsOneTooManySoon) {
  options_.max_connections_per_address = 1;
  start();
  RawClient first = connect();
  ASSERT_EQ(first.call(kGet).status, 200);
  RawClient second = connect();
  eventually([&] { return server_->counts().connections_accepted == 2; });
  ASSERT_EQ(first.call(kGet).status, 200);  // the loop has come round: the second has its deadline
  clock_.advance(3s);
  EXPECT_TRUE(second.at_end());
  EXPECT_EQ(first.call(kGet).status, 200);
}

}  // namespace
}  // namespace tacos::net
