// One live payment for one live reservation, at the price, and bounds on what a grant may make: on both stores.
#include <memory>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "integration/gateway_fixture.h"
#include "support/redis_server.h"

namespace tacos::gateway {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

// The points of the review, and others of their kind, as users meet them.
class GatewayMoneyTest : public GatewayFixture, public ::testing::WithParamInterface<const char*> {
 protected:
  std::string held_by(const std::string& grant) {
    const Reply reply = buy(grant, "/reservations", {{"event_id", "show"}, {"quantity", 2}});
    EXPECT_EQ(reply.status, 201) << reply.raw.body;
    return reply.text("reservation_id");
  }
  std::string intent_for(const std::string& grant, const std::string& reservation) {
    const Reply reply = ask_intent(grant, reservation);
    EXPECT_EQ(reply.status, 200) << reply.raw.body;
    return reply.text("payment_intent_id");
  }

  GatewayMoneyTest() {
    if (std::string_view(GetParam()) == "embedded") return;
    server_ = std::make_unique<support::RedisServer>();
    EXPECT_EQ(server_->fault(), "");
    options.store = "unix://" + server_->socket_path();
  }
  ~GatewayMoneyTest() override { stop(); }

  Reply process(const std::string& grant, const std::string& payment, const char* action = "approve") {
    return buy(grant, "/payment/process", {{"payment_intent_id", payment}, {"action", action}});
  }
  Reply ask_intent(const std::string& grant, const std::string& reservation) {
    return buy(grant, "/payment/intent", {{"reservation_id", reservation}, {"amount", 200}, {"currency", "USD"}});
  }
  Reply cancel(const std::string& grant, const std::string& reservation) {
    return buy(grant, "/reservations/" + reservation + "/cancel", Json::object());
  }
  Reply confirm(const std::string& grant, const std::string& reservation, const std::string& payment) {
    return buy(grant, "/reservations/" + reservation + "/confirm", {{"payment_intent_id", payment}});
  }
  static std::string message(const Reply& reply) { return reply.body["error"]["message"]; }
  // Time passes by itself on a Redis, by the test's clock in memory.
  void outlast_the_hold() {
    clock.advance(options.hold_ttl);
    if (server_) std::this_thread::sleep_for(options.hold_ttl);
  }

 private:
  std::unique_ptr<support::RedisServer> server_;
};
INSTANTIATE_TEST_SUITE_P(Stores, GatewayMoneyTest, ::testing::Values("embedded", "redis"),
                         [](const auto& of) { return std::string(of.param); });

TEST_P(GatewayMoneyTest, NothingIsApprovedForACancelledReservation) {
  start();
  for (const char* action : {"approve", "fail"}) {
    const std::string grant = admitted(action);
    const std::string id = held_by(grant);
    const std::string payment = intent_for(grant, id);
    const Reply cancelled = cancel(grant, id);
    EXPECT_EQ(cancelled.status, 200);
    EXPECT_FALSE(cancelled.body.contains("payment_status")) << "nothing was paid";
    const Reply late = process(grant, payment, action);
    EXPECT_EQ(late.status, 410) << late.raw.body;
    EXPECT_EQ(late.code(), "TOKEN_EXPIRED");
    EXPECT_THAT(message(late), HasSubstr("join again"));
    EXPECT_EQ(confirm(grant, id, payment).status, 410);
    EXPECT_EQ(ask_intent(grant, id).status, 410);
    EXPECT_EQ(cancel(grant, id).status, 200) << "again: nothing more";
  }
}

TEST_P(GatewayMoneyTest, NothingIsApprovedForAHoldThatHasLapsed) {
  options.hold_ttl = 1s;
  start();
  const std::string grant = admitted("ann");
  const std::string id = held_by(grant);
  const std::string payment = intent_for(grant, id);
  outlast_the_hold();
  EXPECT_EQ(process(grant, payment).status, 410);
  EXPECT_EQ(process(grant, payment, "fail").status, 410);
  EXPECT_EQ(ask_intent(grant, id).status, 410);
  const Reply late = confirm(grant, id, payment);
  EXPECT_EQ(late.status, 410);
  EXPECT_FALSE(late.body.contains("payment_status")) << "it was never approved";
  const Reply another = buy(grant, "/reservations", {{"event_id", "show"}});
  EXPECT_EQ(another.status, 410) << another.raw.body;
  EXPECT_EQ(another.code(), "TOKEN_EXPIRED");
  EXPECT_THAT(message(another), HasSubstr("join again"));
  eventually([&] { return admin("GET", "/admin/events").body["events"][0]["seats"]["free"] == 10'000; });
}

TEST_P(GatewayMoneyTest, APaymentForAHoldThatLapsedIsToBeRefunded) {
  options.hold_ttl = 1s;
  start();
  const std::string grant = admitted("ann");
  const std::string id = held_by(grant);
  const std::string payment = intent_for(grant, id);
  EXPECT_EQ(process(grant, payment).text("status"), "approved");
  outlast_the_hold();
  const Reply late = confirm(grant, id, payment);
  EXPECT_EQ(late.status, 410);
  EXPECT_EQ(late.body["payment_status"], "refund_due");
  EXPECT_THAT(message(late), HasSubstr("refunded"));
  EXPECT_EQ(process(grant, payment).body["payment_status"], "refund_due");
  const std::string bob = admitted("bob");
  const std::string bobs = held_by(bob);
  process(bob, intent_for(bob, bobs));
  EXPECT_EQ(cancel(bob, bobs).body["payment_status"], "refund_due");
}

TEST_P(GatewayMoneyTest, AReservationHasOnePaymentWhateverIsTried) {
  start();
  const std::string grant = admitted("ann");
  const std::string id = held_by(grant);
  const std::string first = intent_for(grant, id);
  const std::string second = intent_for(grant, id);
  const Reply replaced = process(grant, first);
  EXPECT_EQ(replaced.status, 404);
  EXPECT_THAT(message(replaced), HasSubstr("/payment/intent"));
  EXPECT_EQ(process(grant, second, "fail").text("status"), "failed");
  const std::string third = intent_for(grant, id);
  EXPECT_EQ(process(grant, third).text("status"), "approved");
  for (const std::string& other : {first, second}) EXPECT_EQ(process(grant, other).status, 404);
  const Reply refused = ask_intent(grant, id);
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.code(), "FORBIDDEN");
  EXPECT_THAT(message(refused), ::testing::AllOf(HasSubstr(third), HasSubstr("confirm")));
  EXPECT_EQ(confirm(grant, id, second).body["error"]["field"], "payment_intent_id");
  const Reply sold = confirm(grant, id, third);
  EXPECT_EQ(sold.status, 200);
  EXPECT_EQ(ask_intent(grant, id).status, 403);
  for (const std::string& other : {first, second}) EXPECT_EQ(process(grant, other).status, 404);
  EXPECT_EQ(confirm(grant, id, third).body["order_id"], sold.body["order_id"]);
  EXPECT_EQ(confirm(grant, id, second).status, 400);
  EXPECT_EQ(cancel(grant, id).status, 403);
}

TEST_P(GatewayMoneyTest, TheReservationTellsWhatIsToBePaid) {
  options.price = 4'200;
  options.currency = "CHF";
  start();
  const std::string grant = admitted("ann");
  const Reply held = buy(grant, "/reservations", {{"event_id", "show"}, {"seat_ids", {7, 8, 9}}});
  EXPECT_EQ(held.body["amount"], 12'600);
  EXPECT_EQ(held.body["currency"], "CHF");
  Json intent{{"reservation_id", held.text("reservation_id")}, {"amount", 4'200}, {"currency", "CHF"}};
  const Reply too_little = buy(grant, "/payment/intent", intent, "same");
  EXPECT_EQ(too_little.status, 400);
  EXPECT_EQ(too_little.code(), "INVALID_ARGUMENT");
  EXPECT_THAT(message(too_little), HasSubstr("12600"));
  intent["amount"] = held.body["amount"];
  intent["currency"] = "USD";
  const Reply other_currency = buy(grant, "/payment/intent", intent, "same");
  EXPECT_EQ(other_currency.body["error"]["field"], "currency");
  EXPECT_THAT(message(other_currency), HasSubstr("CHF"));
  intent["currency"] = "CHF";
  EXPECT_EQ(buy(grant, "/payment/intent", intent, "same").status, 200) << "a refusal gives its key back";
}

TEST_P(GatewayMoneyTest, IntentsAreLimitedForEachReservation) {
  options.max_intents_per_reservation = 3;
  start();
  const std::string grant = admitted("ann");
  const std::string id = held_by(grant);
  std::string last;
  for (int i = 0; i < 3; ++i) last = intent_for(grant, id);
  const Reply refused = ask_intent(grant, id);
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.code(), "RATE_LIMITED");
  const int wait = std::stoi(refused.raw.header("retry-after"));
  EXPECT_TRUE(wait >= 110 && wait <= 120) << wait << ": until the hold ends";
  EXPECT_EQ(refused.raw.header("x-ratelimit-limit"), "3");
  EXPECT_EQ(refused.raw.header("x-ratelimit-remaining"), "0");
  EXPECT_EQ(refused.raw.header("x-ratelimit-reset"), refused.raw.header("retry-after"));
  EXPECT_THAT(message(refused), HasSubstr(last));
  EXPECT_EQ(process(grant, last).text("status"), "approved");
  EXPECT_EQ(confirm(grant, id, last).status, 200);
  const std::string metrics = call("GET", "/metrics").raw.body;
  EXPECT_THAT(metrics, HasSubstr("payment_intents_total{outcome=\"created\"} 3\n"));
  EXPECT_THAT(metrics, HasSubstr("payment_intents_total{outcome=\"refused_limit\"} 1\n"));
  EXPECT_THAT(metrics, HasSubstr("payment_intents_total{outcome=\"approved\"} 1\n"));
}

TEST_P(GatewayMoneyTest, KeysAreLimitedForEachGrantAndAnHonestRetryGetsItsAnswer) {
  options.max_keys_per_grant = 8;
  options.max_intents_per_reservation = 10'000;
  start();
  const std::string honest = admitted("ann");
  const std::string id = held_by(honest);
  const Json body{{"reservation_id", id}, {"amount", 200}, {"currency", "USD"}};
  const Reply first = buy(honest, "/payment/intent", body, "mine");
  const std::string greedy = admitted("eve");
  const std::string eves = held_by(greedy);
  int made = 0;
  Reply refused;
  for (int i = 0; i < 300; ++i) {
    const Reply reply = ask_intent(greedy, eves);
    made += reply.status == 200;
    if (reply.status != 200) refused = reply;
  }
  EXPECT_EQ(made, 7) << "and one for the reservation";
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.code(), "RATE_LIMITED");
  EXPECT_EQ(refused.raw.header("x-ratelimit-limit"), "8");
  EXPECT_GT(std::stoi(refused.raw.header("retry-after")), 500);
  EXPECT_EQ(confirm(greedy, eves, "pay_none").status, 400) << "whoever has no key left still ends the purchase";
  EXPECT_EQ(cancel(greedy, eves).status, 200);
  const Reply retry = buy(honest, "/payment/intent", body, "mine");
  EXPECT_EQ(retry.raw.header("x-idempotency-cached"), "true");
  EXPECT_EQ(retry.raw.body, first.raw.body);
  EXPECT_EQ(process(honest, first.text("payment_intent_id")).text("status"), "approved");
  const std::string metrics = call("GET", "/metrics").raw.body;
  EXPECT_THAT(metrics, HasSubstr("idempotency_keys_total{outcome=\"refused_grant\"} 293\n"));
  EXPECT_THAT(metrics, HasSubstr("idempotency_keys_total{outcome=\"replayed\"} 1\n"));
}

// A payment and a cancellation at the same moment, on connections of their own: either the payment was refused, or who
// is to be refunded is told.
TEST_P(GatewayMoneyTest, APaymentThatMeetsACancellationIsRefusedOrToBeRefunded) {
  options.admission_burst = 1000;
  start();
  for (int round = 0; round < 30; ++round) {
    const std::string grant = admitted("user-" + std::to_string(round));
    const std::string id = held_by(grant);
    const std::string payment = intent_for(grant, id);
    const auto post = [&](const std::string& target, const Json& body, const char* key) {
      net::RawClient client = connect();
      const auto answer = client.call(request(
          "POST", target, body.dump(), "Authorization: Bearer " + grant + "\r\nIdempotency-Key: " + key + "\r\n"));
      return Reply{answer.status, Json::parse(answer.body), answer};
    };
    Reply paid;
    std::thread payer([&] {
      paid = post("/payment/process", {{"payment_intent_id", payment}, {"action", "approve"}}, "p");
    });
    const Reply cancelled = post("/reservations/" + id + "/cancel", Json::object(), "c");
    payer.join();
    EXPECT_EQ(cancelled.status, 200);
    ASSERT_TRUE(paid.status == 200 || paid.status == 410) << paid.raw.body;
    EXPECT_EQ(cancelled.body.contains("payment_status"), paid.status == 200) << paid.raw.body << cancelled.raw.body;
  }
  EXPECT_EQ(admin("GET", "/admin/events").body["events"][0]["seats"],
            (Json{{"free", 10'000}, {"held", 0}, {"sold", 0}}));
}

using GatewayKeysTest = GatewayFixture;

TEST_F(GatewayKeysTest, AFullStoreOfKeysRefusesNewOnesAndKeepsItsAnswers) {
  options.max_keys = 8;
  start();
  const std::string ann = admitted("ann");
  const Reply first = buy(ann, "/reservations", {{"event_id", "show"}}, "mine");
  EXPECT_EQ(first.status, 201);
  const std::string id = first.text("reservation_id");
  for (int i = 0; i < 7; ++i) {
    EXPECT_EQ(buy(ann, "/payment/intent", {{"reservation_id", id}, {"amount", 100}, {"currency", "USD"}}).status, 200);
  }
  const Reply refused = buy(admitted("bob"), "/reservations", {{"event_id", "show"}});
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.code(), "OVERLOADED");
  EXPECT_NE(refused.raw.header("retry-after"), "");
  EXPECT_EQ(buy(ann, "/reservations", {{"event_id", "show"}}, "mine").raw.body, first.raw.body);
  const std::string metrics = call("GET", "/metrics").raw.body;
  EXPECT_THAT(metrics, HasSubstr("idempotency_keys 8\n"));
  EXPECT_THAT(metrics, HasSubstr("idempotency_keys_total{outcome=\"refused_full\"} 1\n"));
}

}  // namespace
}  // namespace tacos::gateway
