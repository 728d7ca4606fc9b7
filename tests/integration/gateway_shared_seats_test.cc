// Two gateways of one line, each with its own connections to one Redis: what the users of both may rely on.
#include <array>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/random.h"
#include "integration/gateway_fixture.h"
#include "support/redis_server.h"

namespace tacos::gateway {
namespace {

using std::chrono::milliseconds;

class GatewaySharedSeatsTest : public GatewayFixture {
 protected:
  GatewaySharedSeatsTest() {
    EXPECT_EQ(server.fault(), "");
    options.store = "unix://" + server.socket_path();
    options.store_timeout = std::chrono::seconds(1);
    options.admission_burst = 1000;
    options.grant_ttl = std::chrono::minutes(10);
    options.signing_key_file = ::testing::TempDir() + "shared-seats-" + std::to_string(::getpid());
    std::ofstream(options.signing_key_file) << std::string(62, 'b') + "01"
                                            << "\n";
  }
  ~GatewaySharedSeatsTest() override { std::remove(options.signing_key_file.c_str()); }

  void start_both() {
    start();
    start_second();
  }
  void start_second() {
    auto started = Gateway::start(options, clock, second_log_);
    ASSERT_TRUE(started.has_value()) << started.error().message;
    second_ = std::move(*started);
  }
  std::uint16_t port(std::size_t at) { return at == 0 ? gateway().address().port : second_->address().port; }

  Reply buy_at(std::size_t at, const std::string& grant, std::string_view target, const Json& body,
               const std::string& key) {
    net::RawClient client(port(at));
    Reply reply;
    reply.raw = client.call(request("POST", target, body.dump(),
                                    "Authorization: Bearer " + grant + "\r\nIdempotency-Key: " + key + "\r\n"));
    reply.status = reply.raw.status;
    reply.body = Json::parse(reply.raw.body, nullptr, false);
    return reply;
  }
  // As a client does that is told to come back: the same request with the same key, at the other gateway in turn.
  Reply insist(std::size_t at, const std::string& grant, std::string_view target, const Json& body,
               const std::string& key) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    for (;; at = 1 - at) {
      Reply reply = buy_at(at, grant, target, body, key);
      const bool again = reply.status == 503 || reply.code() == "IDEMPOTENCY_IN_FLIGHT";
      if (!again || std::chrono::steady_clock::now() > limit) return reply;
      if (reply.status == 503) {
        EXPECT_NE(reply.raw.header("retry-after"), "");
      }
      ++repeats_;
      std::this_thread::sleep_for(milliseconds(20));
    }
  }
  int repeats() const { return repeats_; }
  Json seats() { return admin("GET", "/admin/events").body["events"][0]["seats"]; }

  support::RedisServer server;

 private:
  GatewayLog second_log_{GatewayLog::Level::kOff, GatewayLog::Format::kJson, clock};
  std::unique_ptr<Gateway> second_;
  std::atomic<int> repeats_{0};
};

TEST_F(GatewaySharedSeatsTest, AUserReservesAtOnePaysAtTheOtherAndConfirmsAtTheFirst) {
  start_both();
  const std::string grant = admitted("ann");
  const Reply held = buy_at(0, grant, "/reservations", {{"event_id", "show"}, {"quantity", 2}}, "r");
  ASSERT_EQ(held.status, 201) << held.raw.body;
  const Reply replay = buy_at(1, grant, "/reservations", {{"event_id", "show"}, {"quantity", 2}}, "r");
  EXPECT_EQ(replay.raw.body, held.raw.body);
  EXPECT_EQ(replay.raw.header("x-idempotency-cached"), "true");
  EXPECT_EQ(buy_at(1, grant, "/reservations", {{"event_id", "show"}}, "r").code(), "IDEMPOTENCY_CONFLICT");
  EXPECT_EQ(buy_at(1, grant, "/reservations", {{"event_id", "show"}}, "other").code(), "FORBIDDEN");
  const std::string id = held.text("reservation_id");
  const Reply intent =
      buy_at(1, grant, "/payment/intent", {{"reservation_id", id}, {"amount", 200}, {"currency", "USD"}}, "i");
  ASSERT_EQ(intent.status, 200) << intent.raw.body;
  const Json payment = {{"payment_intent_id", intent.text("payment_intent_id")}};
  EXPECT_EQ(buy_at(0, grant, "/reservations/" + id + "/confirm", payment, "early").code(), "FORBIDDEN");
  Json approve = payment;
  approve["action"] = "approve";
  EXPECT_EQ(buy_at(1, grant, "/payment/process", approve, "p").text("status"), "approved");
  const Reply sold = buy_at(0, grant, "/reservations/" + id + "/confirm", payment, "c");
  EXPECT_EQ(sold.status, 200) << sold.raw.body;
  EXPECT_EQ(sold.body["seat_ids"], held.body["seat_ids"]);
  EXPECT_EQ(buy_at(1, grant, "/reservations/" + id + "/confirm", payment, "again").body["order_id"],
            sold.body["order_id"]);
  EXPECT_EQ(seats(), (Json{{"free", 9998}, {"held", 0}, {"sold", 2}}));
}

TEST_F(GatewaySharedSeatsTest, TheLastSeatsAreNeverSoldTwice) {
  options.seats = 60;
  start_both();
  std::vector<std::string> grants;
  for (int i = 0; i < 60; ++i) grants.push_back(admitted("user-" + std::to_string(i)));
  std::vector<std::thread> buyers;
  std::array<std::vector<int>, 6> bought;
  std::atomic<int> refused{0};
  for (std::size_t t = 0; t < bought.size(); ++t) {
    buyers.emplace_back([&, t] {
      for (std::size_t i = t; i < grants.size(); i += bought.size()) {
        const Reply reply = buy_at(t % 2, grants[i], "/reservations", {{"event_id", "show"}, {"quantity", 2}}, "r");
        if (reply.status != 201) {
          EXPECT_EQ(reply.code(), "SEAT_TAKEN");
          ++refused;
          continue;
        }
        for (const auto& seat : reply.body["seat_ids"]) bought[t].push_back(seat.get<int>());
      }
    });
  }
  for (std::thread& buyer : buyers) buyer.join();
  std::multiset<int> all;
  for (const auto& some : bought) all.insert(some.begin(), some.end());
  EXPECT_EQ(all.size(), 60u);
  EXPECT_EQ(std::set<int>(all.begin(), all.end()).size(), 60u);
  EXPECT_EQ(refused, 30);
  EXPECT_EQ(seats(), (Json{{"free", 0}, {"held", 60}, {"sold", 0}}));
}

TEST_F(GatewaySharedSeatsTest, ASeatThatTwoWantHasOneBuyer) {
  start_both();
  for (int round = 0; round < 20; ++round) {
    const std::string ann = admitted("ann-" + std::to_string(round));
    const std::string bob = admitted("bob-" + std::to_string(round));
    const Json wanted = {{"event_id", "show"}, {"seat_ids", {round + 1}}};
    int statuses[2] = {0, 0};
    std::thread other([&] { statuses[1] = buy_at(1, bob, "/reservations", wanted, "r").status; });
    statuses[0] = buy_at(0, ann, "/reservations", wanted, "r").status;
    other.join();
    EXPECT_EQ(statuses[0] + statuses[1], 201 + 409) << round;
  }
}

// One grant shown at both gateways at once: one reservation.
TEST_F(GatewaySharedSeatsTest, AGrantMakesOneReservationWhicheverGatewaysItIsShownTo) {
  start_both();
  for (int round = 0; round < 20; ++round) {
    const std::string grant = admitted("ann-" + std::to_string(round));
    const Json body = {{"event_id", "show"}, {"quantity", 1}};
    int statuses[2] = {0, 0};
    std::thread other([&] { statuses[1] = buy_at(1, grant, "/reservations", body, "two").status; });
    statuses[0] = buy_at(0, grant, "/reservations", body, "one").status;
    other.join();
    EXPECT_EQ((statuses[0] == 201) + (statuses[1] == 201), 1) << statuses[0] << " " << statuses[1];
  }
  EXPECT_EQ(seats()["held"], 20);
}

// Both gateways are asked for a payment at once, and then to approve what each made: one is approved, and sells.
TEST_F(GatewaySharedSeatsTest, AReservationIsPaidForOnceWhicheverGatewaysAreAsked) {
  start_both();
  for (int round = 0; round < 20; ++round) {
    const std::string grant = admitted("ann-" + std::to_string(round));
    const std::string id = buy_at(0, grant, "/reservations", {{"event_id", "show"}}, "r").text("reservation_id");
    const auto at_both = [&](const std::function<Reply(std::size_t)>& ask) {
      std::array<Reply, 2> replies;
      std::thread other([&] { replies[1] = ask(1); });
      replies[0] = ask(0);
      other.join();
      return replies;
    };
    const auto intents = at_both([&](std::size_t at) {
      return buy_at(at, grant, "/payment/intent", {{"reservation_id", id}, {"amount", 100}, {"currency", "USD"}},
                    "i" + std::to_string(at));
    });
    const auto approved = at_both([&](std::size_t at) {
      const std::string& payment = intents[at].body["payment_intent_id"].get_ref<const std::string&>();
      return buy_at(1 - at, grant, "/payment/process", {{"payment_intent_id", payment}, {"action", "approve"}},
                    "p" + std::to_string(at));
    });
    ASSERT_EQ(approved[0].status + approved[1].status, 200 + 404) << approved[0].raw.body << approved[1].raw.body;
    const std::string paid = intents[approved[0].status == 200 ? 0 : 1].text("payment_intent_id");
    const auto others = at_both([&](std::size_t at) {
      return buy_at(at, grant, "/payment/intent", {{"reservation_id", id}, {"amount", 100}, {"currency", "USD"}},
                    "j" + std::to_string(at));
    });
    for (const Reply& other : others) EXPECT_EQ(other.code(), "FORBIDDEN");
    const auto sold = at_both([&](std::size_t at) {
      return buy_at(at, grant, "/reservations/" + id + "/confirm", {{"payment_intent_id", paid}},
                    "c" + std::to_string(at));
    });
    EXPECT_EQ(sold[0].status, 200) << sold[0].raw.body;
    EXPECT_EQ(sold[0].body["order_id"], sold[1].body["order_id"]) << "one order";
  }
  EXPECT_EQ(seats(), (Json{{"free", 9980}, {"held", 0}, {"sold", 20}}));
}

// A cancellation at one gateway and a confirmation at the other: one of them, and the seat is free or sold, not both.
TEST_F(GatewaySharedSeatsTest, AReservationIsConfirmedOrCancelledAndNeverBoth) {
  start_both();
  int sold = 0;
  for (int round = 0; round < 30; ++round) {
    const std::string grant = admitted("ann-" + std::to_string(round));
    const std::string id = buy_at(0, grant, "/reservations", {{"event_id", "show"}}, "r").text("reservation_id");
    const Reply intent =
        buy_at(1, grant, "/payment/intent", {{"reservation_id", id}, {"amount", 100}, {"currency", "USD"}}, "i");
    const Json payment = {{"payment_intent_id", intent.text("payment_intent_id")}};
    Json approve = payment;
    approve["action"] = "approve";
    EXPECT_EQ(buy_at(0, grant, "/payment/process", approve, "p").text("status"), "approved");
    Reply cancelled;
    std::thread other([&] { cancelled = buy_at(1, grant, "/reservations/" + id + "/cancel", Json::object(), "x"); });
    const Reply confirmed = buy_at(0, grant, "/reservations/" + id + "/confirm", payment, "c");
    other.join();
    ASSERT_TRUE((confirmed.status == 200 && cancelled.status == 403) ||
                (confirmed.status == 410 && cancelled.status == 200))
        << confirmed.raw.body << cancelled.raw.body;
    for (const Reply& reply : {confirmed, cancelled}) {
      EXPECT_EQ(reply.body.contains("payment_status"), cancelled.status == 200) << reply.raw.body;
    }
    sold += confirmed.status == 200;
  }
  EXPECT_EQ(seats(), (Json{{"free", 10'000 - sold}, {"held", 0}, {"sold", sold}}));
}

TEST_F(GatewaySharedSeatsTest, ARequestWhoseKeyIsInFlightIsToldWhenToAskAgain) {
  start_both();
  for (int round = 0; round < 50; ++round) {
    const std::string grant = admitted("ann-" + std::to_string(round));
    const Json wish = {{"event_id", "show"}};
    std::thread busy([&] {
      server.ask({"EVAL",
                  "local function ms() local t = redis.call('TIME') return t[1] * 1000 + t[2] / 1000 end "
                  "local to = ms() + 100 while ms() < to do end return 1",
                  "0"});
    });
    std::this_thread::sleep_for(milliseconds(20));
    Reply first;
    std::thread other([&] { first = buy_at(0, grant, "/reservations", wish, "r"); });
    const Reply second = buy_at(1, grant, "/reservations", wish, "r");
    other.join();
    busy.join();
    const Reply& refused = first.status == 409 ? first : second;
    if (refused.status != 409) continue;  // one was done before the other came
    EXPECT_EQ(refused.code(), "IDEMPOTENCY_IN_FLIGHT");
    EXPECT_NE(refused.raw.header("retry-after"), "");
    return;
  }
  FAIL() << "no request met another with its key";
}

TEST_F(GatewaySharedSeatsTest, WithoutTheRedisNothingIsSoldAndTheClientIsToldWhenToComeBack) {
  options.store_timeout = milliseconds(100);
  start();
  const std::string grant = admitted("ann");
  server.kill_now();
  const Reply reply = buy(grant, "/reservations", {{"event_id", "show"}});
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.code(), "STORE_UNAVAILABLE");
  EXPECT_NE(reply.raw.header("retry-after"), "");
}

// Connections break and answers get lost; users repeat what they were not told, with the same key, at either gateway.
// Each ends with what was asked for, once.
TEST_F(GatewaySharedSeatsTest, WhateverBreaksEachBuyerGetsOneReservationAndNoSeatTwoBuyers) {
  constexpr std::size_t kBuyers = 120;
  options.seats = 3 * kBuyers;
  options.store_timeout = milliseconds(200);
  start_both();
  std::vector<std::string> grants;
  for (std::size_t i = 0; i < kBuyers; ++i) grants.push_back(admitted("user-" + std::to_string(i)));
  long long cut = 0;
  std::thread trouble([&] {
    core::Random random(7);
    // Not for ever: a link whose every connection is cut backs off for up to 2 s.
    for (int i = 0; i < 60; ++i) {
      std::this_thread::sleep_for(milliseconds(5 + random.below(25)));
      if (random.below(5) == 0) {  // long enough for commands to be given up that are executed afterwards
        server.ask({"EVAL",
                    "local function ms() local t = redis.call('TIME') return t[1] * 1000 + t[2] / 1000 end "
                    "local to = ms() + 250 while ms() < to do end return 1",
                    "0"});
      }
      cut += server.ask_number({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
    }
  });
  std::array<std::vector<int>, 4> bought;
  std::array<std::set<std::string>, 4> orders;
  std::vector<std::thread> buyers;
  for (std::size_t t = 0; t < bought.size(); ++t) {
    buyers.emplace_back([&, t] {
      for (std::size_t i = t; i < kBuyers; i += bought.size()) {
        const Json wish = {{"event_id", "show"}, {"quantity", 2}};
        const Reply held = insist(i % 2, grants[i], "/reservations", wish, "r");
        ASSERT_EQ(held.status, 201) << held.raw.body;
        const std::string id = held.text("reservation_id");
        const Reply again = insist(1 - i % 2, grants[i], "/reservations", wish, "r");
        EXPECT_EQ(again.raw.body, held.raw.body);
        const Reply intent = insist(i % 2, grants[i], "/payment/intent",
                                    {{"reservation_id", id}, {"amount", 200}, {"currency", "USD"}}, "i");
        ASSERT_EQ(intent.status, 200) << intent.raw.body;
        const std::string payment = intent.text("payment_intent_id");
        const Reply paid = insist(1 - i % 2, grants[i], "/payment/process",
                                  {{"payment_intent_id", payment}, {"action", "approve"}}, "p");
        ASSERT_EQ(paid.status, 200) << paid.raw.body;
        const Reply sold =
            insist(i % 2, grants[i], "/reservations/" + id + "/confirm", {{"payment_intent_id", payment}}, "c");
        ASSERT_EQ(sold.status, 200) << sold.raw.body;
        EXPECT_EQ(sold.body["seat_ids"], held.body["seat_ids"]);
        orders[t].insert(sold.text("order_id"));
        for (const auto& seat : sold.body["seat_ids"]) bought[t].push_back(seat.get<int>());
      }
    });
  }
  for (std::thread& buyer : buyers) buyer.join();
  trouble.join();
  std::multiset<int> all;
  std::set<std::string> every_order;
  for (std::size_t t = 0; t < bought.size(); ++t) {
    all.insert(bought[t].begin(), bought[t].end());
    every_order.insert(orders[t].begin(), orders[t].end());
  }
  EXPECT_EQ(all.size(), 2 * kBuyers);
  EXPECT_EQ(std::set<int>(all.begin(), all.end()).size(), 2 * kBuyers);
  EXPECT_EQ(every_order.size(), kBuyers);
  // How many requests that hits is chance.
  EXPECT_GT(cut, 10) << "nothing was broken";
  RecordProperty("connections cut", std::to_string(cut));
  RecordProperty("repeats", repeats());
  eventually([&] { return call("GET", "/readyz").status == 200 && admin("GET", "/admin/events").status == 200; });
  EXPECT_EQ(seats(), (Json{{"free", kBuyers}, {"held", 0}, {"sold", 2 * kBuyers}}));
}

}  // namespace
}  // namespace tacos::gateway
