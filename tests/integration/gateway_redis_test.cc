#include <cstdio>
#include <fstream>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "integration/gateway_fixture.h"
#include "support/redis_cluster_of_six.h"
#include "support/redis_server.h"

namespace tacos::gateway {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// A whole gateway whose line is on a Redis of the test's own, on that Redis's clock.
class GatewayRedisTest : public GatewayFixture {
 protected:
  GatewayRedisTest() {
    EXPECT_EQ(server.fault(), "");
    options.store = "unix://" + server.socket_path();
    options.store_timeout = std::chrono::milliseconds(500);
  }
  support::RedisServer server;
};

TEST_F(GatewayRedisTest, AUserWaitsEntersReservesPaysAndConfirms) {
  start();
  const std::string grant = admitted("ann");
  const Reply held = buy(grant, "/reservations", {{"event_id", "show"}, {"quantity", 2}});
  ASSERT_EQ(held.status, 201);
  const std::string id = held.text("reservation_id");
  const Reply intent = buy(grant, "/payment/intent", {{"reservation_id", id}, {"amount", 200}, {"currency", "USD"}});
  const std::string payment = intent.text("payment_intent_id");
  EXPECT_EQ(buy(grant, "/payment/process", {{"payment_intent_id", payment}, {"action", "approve"}}).status, 200);
  EXPECT_EQ(buy(grant, "/reservations/" + id + "/confirm", {{"payment_intent_id", payment}}).status, 200);
  EXPECT_EQ(buy(grant, "/reservations", {{"event_id", "show"}}).code(), "FORBIDDEN") << "a grant pays for one";
  const Reply events = admin("GET", "/admin/events");
  EXPECT_EQ(events.body["events"][0]["seats"]["sold"], 2);
  EXPECT_EQ(events.body["events"][0]["entered"], 1);
}

TEST_F(GatewayRedisTest, TheLastSeatTellsTheWholeLine) {
  options.seats = 1;
  start();
  const std::string grant = admitted("ann");
  const std::string late = join("bob").text("waiting_token");
  EXPECT_EQ(status(late).text("status"), "waiting");
  const std::string id = buy(grant, "/reservations", {{"event_id", "show"}}).text("reservation_id");
  const Reply intent = buy(grant, "/payment/intent", {{"reservation_id", id}, {"amount", 100}, {"currency", "USD"}});
  const std::string payment = intent.text("payment_intent_id");
  buy(grant, "/payment/process", {{"payment_intent_id", payment}, {"action", "approve"}});
  EXPECT_EQ(buy(grant, "/reservations/" + id + "/confirm", {{"payment_intent_id", payment}}).status, 200);
  EXPECT_EQ(status(late).text("status"), "sold_out");
  EXPECT_EQ(join("eve").code(), "SOLD_OUT");
}

TEST_F(GatewayRedisTest, ReadinessFollowsTheRedisAndTheLogNeverHasItsPassword) {
  options.store = "unix://user:topsecret@" + server.socket_path();
  server.ask({"ACL", "SETUSER", "user", "on", ">topsecret", "~*", "+@all"});
  start();
  eventually([&] { return call("GET", "/readyz").status == 200; });
  EXPECT_THAT(call("GET", "/metrics").raw.body, HasSubstr(R"(store_info{store="redis",position="watermark"} 1)"));
  server.kill_now();
  clock.advance(std::chrono::seconds(4));
  EXPECT_EQ(call("GET", "/readyz").code(), "STORE_UNAVAILABLE");
  EXPECT_EQ(join("ann").code(), "STORE_UNAVAILABLE");
  server.start_again();
  server.ask({"ACL", "SETUSER", "user", "on", ">topsecret", "~*", "+@all"});
  eventually([&] { return call("GET", "/readyz").status == 200; });
  eventually([&] { return join("ann").status == 202; });
  EXPECT_THAT(log_text(), Not(HasSubstr("topsecret")));
}

// As when too few replicas are there: what is asked is answered, what is to be changed is not.
TEST_F(GatewayRedisTest, ARedisThatTakesNoChangesIsNotAnEventThatIsMissing) {
  start();
  ASSERT_EQ(join("ann").status, 202);
  server.ask({"CONFIG", "SET", "min-replicas-to-write", "1"});
  for (const char* event : {"show", "*"}) {
    const std::string path = std::string("/admin/events/") + event;
    EXPECT_EQ(admin("PUT", path + "/admission", R"({"rate":1})").status, 503);
    EXPECT_EQ(admin("POST", path + "/pause").code(), "STORE_UNAVAILABLE");
  }
  const Json entries = admin("GET", "/admin/audit").body["entries"];
  ASSERT_EQ(entries.size(), 4u);
  for (const Json& entry : entries) EXPECT_THAT(entry["to"].get<std::string>(), testing::EndsWith(" (not confirmed)"));
  server.ask({"CONFIG", "SET", "min-replicas-to-write", "0"});
  EXPECT_EQ(admin("POST", "/admin/events/show/pause").status, 200);
  EXPECT_EQ(admin("POST", "/admin/events/nowhere/pause").code(), "EVENT_NOT_FOUND");
}

// The clock here stands still but for what a test lets pass; questions to the store go on in real time.
TEST_F(GatewayRedisTest, OnePrimaryOfAClusterMayBeAway) {
  support::RedisClusterOfSix cluster;
  ASSERT_EQ(cluster.fault(), "");
  options.store = cluster.url();
  start();
  eventually([&] { return call("GET", "/readyz").status == 200; });
  for (std::size_t replica = 3; replica < 6; ++replica) cluster.node(replica).kill_now();
  cluster.node(0).kill_now();
  clock.advance(std::chrono::seconds(2));
  eventually([&] { return call("GET", "/readyz").status == 200; });
  cluster.node(1).kill_now();
  cluster.node(2).kill_now();
  eventually([&] {
    clock.advance(std::chrono::milliseconds(100));
    return call("GET", "/readyz").code() == "STORE_UNAVAILABLE";
  });
}

TEST_F(GatewayRedisTest, ATokenOutlivesTheGatewayThatGaveIt) {
  const std::string keys = ::testing::TempDir() + "gateway-redis-keys-" + std::to_string(::getpid());
  std::ofstream(keys) << std::string(62, 'a') + "01"
                      << "\n";
  options.signing_key_file = keys;
  options.admission_rate = core::Rate::per_second(0);
  start();
  join("ann");
  const std::string token = join("bob").text("waiting_token");
  stop();
  start();
  const Reply reply = status(token);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body["position"], 2);
  EXPECT_EQ(join("bob").text("waiting_token"), token);
  std::remove(keys.c_str());
}

// A line on a primary, of which a replica must have what is answered.
class GatewayReplicaTest : public GatewayFixture {
 protected:
  GatewayReplicaTest() {
    EXPECT_EQ(replica.fault(), "");
    EXPECT_TRUE(primary.has_replicas(1));
    options.store = "redis://127.0.0.1:" + std::to_string(primary.port());
    options.store_replicas = 1;
  }
  support::RedisServer primary{{.port = support::free_port()}};
  support::RedisServer replica{{.replica_of = primary.port()}};
};

TEST_F(GatewayReplicaTest, NobodyEntersUntilTheReplicaHasItAndAskingAgainGivesOneGrant) {
  start();
  eventually([&] { return call("GET", "/readyz").status == 200; });
  const std::string token = join("ann").text("waiting_token");
  eventually([&] { return status(token).text("status") == "ready"; });
  replica.pause();
  for (int tries = 0; tries < 2; ++tries) {
    const Reply refused = enter(token);
    EXPECT_EQ(refused.status, 503);
    EXPECT_EQ(refused.code(), "STORE_UNAVAILABLE");
    EXPECT_NE(refused.raw.header("retry-after"), "");
  }
  EXPECT_EQ(join("bob").code(), "STORE_UNAVAILABLE");
  EXPECT_EQ(status(token).status, 200);
  replica.resume();
  ASSERT_TRUE(primary.has_replicas(1));
  const Reply entered = enter(token);
  ASSERT_EQ(entered.status, 200);
  EXPECT_EQ(enter(token).text("reservation_token"), entered.text("reservation_token"));
  EXPECT_EQ(admin("GET", "/admin/events").body["events"][0]["entered"], 1);
  EXPECT_THAT(call("GET", "/metrics").raw.body, HasSubstr("store_waits_short_total 3"));
}

}  // namespace
}  // namespace tacos::gateway
