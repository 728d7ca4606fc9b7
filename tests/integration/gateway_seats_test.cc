#include <array>
#include <set>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "integration/gateway_fixture.h"

namespace tacos::gateway {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class GatewaySeatsTest : public GatewayFixture {
 protected:
  std::string held_by(const std::string& grant, const Json& seats = {{"event_id", "show"}, {"quantity", 2}}) {
    const Reply reply = buy(grant, "/reservations", seats);
    EXPECT_EQ(reply.status, 201) << reply.raw.body;
    return reply.text("reservation_id");
  }
  std::string intent_for(const std::string& grant, const std::string& reservation) {
    const Reply reply =
        buy(grant, "/payment/intent", {{"reservation_id", reservation}, {"amount", 200}, {"currency", "USD"}});
    EXPECT_EQ(reply.status, 200) << reply.raw.body;
    return reply.text("payment_intent_id");
  }
};

TEST_F(GatewaySeatsTest, TheWholeJourneyEndsInASoldSeat) {
  start();
  const std::string grant = admitted("ann");
  const Reply held = buy(grant, "/reservations", {{"event_id", "show"}, {"quantity", 2}});
  EXPECT_EQ(held.status, 201);
  EXPECT_EQ(held.body["seat_ids"].size(), 2u);
  EXPECT_THAT(held.text("hold_expires_at"), ::testing::EndsWith("Z"));
  const std::string id = held.text("reservation_id");
  const std::string payment = intent_for(grant, id);
  const Reply approved = buy(grant, "/payment/process", {{"payment_intent_id", payment}, {"action", "approve"}});
  EXPECT_EQ(approved.text("status"), "approved");
  const Reply confirmed = buy(grant, "/reservations/" + id + "/confirm", {{"payment_intent_id", payment}});
  EXPECT_EQ(confirmed.status, 200);
  EXPECT_EQ(confirmed.text("status"), "confirmed");
  EXPECT_THAT(confirmed.text("order_id"), HasSubstr("ord_"));
  const Json events = admin("GET", "/admin/events").body["events"];
  EXPECT_EQ(events[0]["seats"], (Json{{"free", 9998}, {"held", 0}, {"sold", 2}}));
}

TEST_F(GatewaySeatsTest, OneGrantMakesOneReservation) {
  start();
  const std::string grant = admitted("ann");
  held_by(grant);
  const Reply second = buy(grant, "/reservations", {{"event_id", "show"}});
  EXPECT_EQ(second.status, 403);
  EXPECT_EQ(second.code(), "FORBIDDEN");
}

TEST_F(GatewaySeatsTest, ARepeatedRequestGetsTheFirstAnswer) {
  start();
  const std::string grant = admitted("ann");
  const Json body = {{"event_id", "show"}, {"quantity", 1}};
  const Reply first = buy(grant, "/reservations", body, "same");
  const Reply again = buy(grant, "/reservations", body, "same");
  EXPECT_EQ(first.raw.header("x-idempotency-cached"), "");
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.raw.header("x-idempotency-cached"), "true");
  EXPECT_EQ(again.raw.body, first.raw.body);
  const Reply conflict = buy(grant, "/reservations", {{"event_id", "show"}, {"quantity", 2}}, "same");
  EXPECT_EQ(conflict.status, 422);
  EXPECT_EQ(conflict.code(), "IDEMPOTENCY_CONFLICT");
  // Another route, another user: another key, though the text is the same.
  const Reply other_route =
      buy(grant, "/payment/intent",
          {{"reservation_id", first.text("reservation_id")}, {"amount", 100}, {"currency", "USD"}}, "same");
  EXPECT_EQ(other_route.status, 200);
  EXPECT_EQ(buy(admitted("bob"), "/reservations", body, "same").raw.header("x-idempotency-cached"), "");
}

TEST_F(GatewaySeatsTest, AKeyIsFreeAgainWhenNothingWasDone) {
  start();
  const std::string ann = admitted("ann");
  const std::string bob = admitted("bob");
  const std::string id = held_by(ann, {{"event_id", "show"}, {"seat_ids", {7}}});
  const Json wanted = {{"event_id", "show"}, {"seat_ids", {7}}};
  const Reply taken = buy(bob, "/reservations", wanted, "mine");
  EXPECT_EQ(taken.status, 409);
  EXPECT_EQ(taken.code(), "SEAT_TAKEN");
  EXPECT_EQ(buy(ann, "/reservations/" + id + "/cancel", Json::object()).status, 200);
  EXPECT_EQ(buy(bob, "/reservations", wanted, "mine").status, 201);
}

TEST_F(GatewaySeatsTest, AsksForAGrantAndAKey) {
  start();
  const std::string body = R"({"event_id":"show"})";
  const Reply nobody = call("POST", "/reservations", body);
  EXPECT_EQ(nobody.status, 401);
  EXPECT_EQ(nobody.code(), "UNAUTHENTICATED");
  EXPECT_EQ(nobody.raw.header("www-authenticate"), "Bearer");
  EXPECT_EQ(call("POST", "/reservations", body, "Authorization: Bearer nonsense\r\n").code(), "UNAUTHENTICATED");
  EXPECT_EQ(call("POST", "/reservations", body, "Authorization: Basic nonsense\r\n").code(), "UNAUTHENTICATED");
  const std::string waiting = join("eve").text("waiting_token");
  EXPECT_EQ(call("POST", "/reservations", body, "Authorization: Bearer " + waiting + "\r\n").code(), "UNAUTHENTICATED");
  const Reply no_key = call("POST", "/reservations", body, "Authorization: Bearer " + admitted("ann") + "\r\n");
  EXPECT_EQ(no_key.status, 400);
  EXPECT_EQ(no_key.code(), "IDEMPOTENCY_REQUIRED");
  const Reply long_key = buy(admitted("bob"), "/reservations", {{"event_id", "show"}}, std::string(300, 'k'));
  EXPECT_EQ(long_key.code(), "INVALID_ARGUMENT");
}

TEST_F(GatewaySeatsTest, SaysWhatIsWrongWithAReservation) {
  start();
  const std::string grant = admitted("ann");
  const struct {
    Json body;
    const char* code;
    const char* field;
  } cases[] = {
      {Json::object(), "MISSING_EVENT_ID", ""},
      {{{"event_id", "no such event!"}}, "INVALID_ARGUMENT", "event_id"},
      {{{"event_id", "another"}}, "FORBIDDEN", ""},
      {{{"event_id", "show"}, {"quantity", 0}}, "INVALID_ARGUMENT", "quantity"},
      {{{"event_id", "show"}, {"quantity", 11}}, "INVALID_ARGUMENT", "quantity"},
      {{{"event_id", "show"}, {"quantity", "2"}}, "INVALID_ARGUMENT", "quantity"},
      {{{"event_id", "show"}, {"quantity", 1}, {"seat_ids", {1}}}, "INVALID_ARGUMENT", "quantity"},
      {{{"event_id", "show"}, {"seat_ids", Json::array()}}, "INVALID_ARGUMENT", "seat_ids"},
      {{{"event_id", "show"}, {"seat_ids", {0}}}, "INVALID_ARGUMENT", "seat_ids"},
      {{{"event_id", "show"}, {"seat_ids", {"A1"}}}, "INVALID_ARGUMENT", "seat_ids"},
      {{{"event_id", "show"}, {"seat_ids", {10'001}}}, "INVALID_ARGUMENT", "seat_ids"},
      {{{"event_id", "show"}, {"seat_ids", {5, 5}}}, "INVALID_ARGUMENT", "seat_ids"},
      {{{"event_id", "show"}, {"seat_ids", {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}}}, "INVALID_ARGUMENT", "seat_ids"},
  };
  for (const auto& c : cases) {
    const Reply reply = buy(grant, "/reservations", c.body);
    EXPECT_EQ(reply.code(), c.code) << c.body;
    EXPECT_EQ(reply.body["error"].value("field", ""), c.field) << c.body;
  }
  // None of these has cost the grant.
  EXPECT_EQ(buy(grant, "/reservations", {{"event_id", "show"}}).status, 201);
}

TEST_F(GatewaySeatsTest, AnUnusedGrantLapses) {
  start();
  const std::string grant = admitted("ann");
  clock.advance(31s);
  const Reply late = buy(grant, "/reservations", {{"event_id", "show"}});
  EXPECT_EQ(late.status, 410);
  EXPECT_EQ(late.code(), "TOKEN_EXPIRED");
}

TEST_F(GatewaySeatsTest, AHoldLapsesAndItsSeatsComeBack) {
  options.seats = 2;
  start();
  const std::string grant = admitted("ann");
  const std::string id = held_by(grant);
  const std::string payment = intent_for(grant, id);
  buy(grant, "/payment/process", {{"payment_intent_id", payment}, {"action", "approve"}});
  clock.advance(121s);
  const Reply late = buy(grant, "/reservations/" + id + "/confirm", {{"payment_intent_id", payment}});
  EXPECT_EQ(late.status, 410) << late.raw.body;
  EXPECT_EQ(late.code(), "TOKEN_EXPIRED");
  EXPECT_EQ(late.body["payment_status"], "refund_due");
  eventually([&] { return admin("GET", "/admin/events").body["events"][0]["seats"]["free"] == 2; });
  EXPECT_EQ(held_by(admitted("bob")).substr(0, 4), "res_");
}

TEST_F(GatewaySeatsTest, ConfirmWantsAnApprovedPaymentForThisReservation) {
  start();
  const std::string ann = admitted("ann");
  const std::string bob = admitted("bob");
  const std::string ann_id = held_by(ann);
  const std::string bob_id = held_by(bob);
  const std::string payment = intent_for(ann, ann_id);
  const std::string confirm = "/reservations/" + ann_id + "/confirm";
  EXPECT_EQ(buy(ann, confirm, Json::object()).code(), "INVALID_ARGUMENT");
  EXPECT_EQ(buy(ann, confirm, {{"payment_intent_id", "pay_none"}}).code(), "INVALID_ARGUMENT");
  EXPECT_EQ(buy(ann, confirm, {{"payment_intent_id", payment}}).code(), "FORBIDDEN");
  EXPECT_EQ(buy(bob, "/reservations/" + bob_id + "/confirm", {{"payment_intent_id", payment}}).code(),
            "INVALID_ARGUMENT");
  // Somebody else's reservation and payment are nobody's business.
  EXPECT_EQ(buy(bob, "/payment/process", {{"payment_intent_id", payment}, {"action", "approve"}}).code(), "NOT_FOUND");
  EXPECT_EQ(buy(bob, "/reservations/" + ann_id + "/cancel", Json::object()).code(), "NOT_FOUND");
  EXPECT_EQ(buy(bob, "/payment/intent", {{"reservation_id", ann_id}, {"amount", 200}, {"currency", "USD"}}).code(),
            "NOT_FOUND");
  const Reply failed = buy(ann, "/payment/process", {{"payment_intent_id", payment}, {"action", "fail"}});
  EXPECT_EQ(failed.text("status"), "failed");
  EXPECT_EQ(buy(ann, confirm, {{"payment_intent_id", payment}}).code(), "FORBIDDEN");
}

TEST_F(GatewaySeatsTest, SaysWhatIsWrongWithAPayment) {
  start();
  const std::string grant = admitted("ann");
  const std::string id = held_by(grant);
  const std::pair<Json, const char*> intents[] = {
      {{{"amount", 200}, {"currency", "USD"}}, "reservation_id"},
      {{{"reservation_id", id}, {"amount", 0}, {"currency", "USD"}}, "amount"},
      {{{"reservation_id", id}, {"amount", 1}, {"currency", "USD"}}, "amount"},
      {{{"reservation_id", id}, {"amount", 100}, {"currency", "USD"}}, "amount"},
      {{{"reservation_id", id}, {"amount", 199}, {"currency", "USD"}}, "amount"},
      {{{"reservation_id", id}, {"amount", 201}, {"currency", "USD"}}, "amount"},
      {{{"reservation_id", id}, {"amount", -200}, {"currency", "USD"}}, "amount"},
      {{{"reservation_id", id}, {"amount", 1e300}, {"currency", "USD"}}, "amount"},
      {{{"reservation_id", id}, {"amount", 9223372036854775807}, {"currency", "USD"}}, "amount"},
      {{{"reservation_id", id}, {"amount", 200.5}, {"currency", "USD"}}, "amount"},
      {{{"reservation_id", id}, {"amount", "200"}, {"currency", "USD"}}, "amount"},
      {{{"reservation_id", id}, {"amount", true}, {"currency", "USD"}}, "amount"},
      {{{"reservation_id", id}, {"currency", "USD"}}, "amount"},
      {{{"reservation_id", id}, {"amount", 200}, {"currency", "usd"}}, "currency"},
      {{{"reservation_id", id}, {"amount", 200}, {"currency", "USDT"}}, "currency"},
      {{{"reservation_id", id}, {"amount", 200}, {"currency", "EUR"}}, "currency"},
      {{{"reservation_id", id}, {"amount", 200}}, "currency"},
  };
  for (const auto& [body, field] : intents) {
    const Reply reply = buy(grant, "/payment/intent", body);
    EXPECT_EQ(reply.code(), "INVALID_ARGUMENT") << body;
    EXPECT_EQ(reply.body["error"]["field"], field) << body;
  }
  EXPECT_EQ(buy(grant, "/payment/process", {{"payment_intent_id", intent_for(grant, id)}, {"action", "maybe"}})
                .body["error"]["field"],
            "action");
}

TEST_F(GatewaySeatsTest, ACancelledReservationGivesItsSeatsBackAndIsNotConfirmed) {
  start();
  const std::string grant = admitted("ann");
  const std::string id = held_by(grant);
  const std::string payment = intent_for(grant, id);
  buy(grant, "/payment/process", {{"payment_intent_id", payment}, {"action", "approve"}});
  const Reply cancelled = buy(grant, "/reservations/" + id + "/cancel", Json::object());
  EXPECT_EQ(cancelled.status, 200);
  EXPECT_EQ(cancelled.text("status"), "cancelled");
  EXPECT_EQ(buy(grant, "/reservations/" + id + "/confirm", {{"payment_intent_id", payment}}).code(), "TOKEN_EXPIRED");
  EXPECT_EQ(admin("GET", "/admin/events").body["events"][0]["seats"]["free"], 10'000);
}

TEST_F(GatewaySeatsTest, AConfirmedReservationIsNotCancelled) {
  start();
  const std::string grant = admitted("ann");
  const std::string id = held_by(grant);
  const std::string payment = intent_for(grant, id);
  buy(grant, "/payment/process", {{"payment_intent_id", payment}, {"action", "approve"}});
  EXPECT_EQ(buy(grant, "/reservations/" + id + "/confirm", {{"payment_intent_id", payment}}).status, 200);
  EXPECT_EQ(buy(grant, "/reservations/" + id + "/cancel", Json::object()).code(), "FORBIDDEN");
}

// Several connections at once, on both threads of the server: every seat has one buyer.
TEST_F(GatewaySeatsTest, NothingIsSoldTwiceWhenManyBuyAtOnce) {
  options.seats = 50;
  options.admission_burst = 1000;
  start();
  std::vector<std::string> grants;
  for (int i = 0; i < 50; ++i) grants.push_back(admitted("user-" + std::to_string(i)));
  std::vector<std::thread> buyers;
  std::array<std::vector<int>, 5> bought;
  for (std::size_t t = 0; t < bought.size(); ++t) {
    buyers.emplace_back([&, t] {
      net::RawClient client = connect();
      for (std::size_t i = t; i < grants.size(); i += bought.size()) {
        const auto answer = client.call(
            request("POST", "/reservations", R"({"event_id":"show","quantity":2})",
                    "Authorization: Bearer " + grants[i] + "\r\nIdempotency-Key: " + std::to_string(i) + "\r\n"));
        if (answer.status != 201) continue;
        const Json body = Json::parse(answer.body);
        for (const auto& seat : body["seat_ids"]) bought[t].push_back(seat.get<int>());
      }
    });
  }
  for (std::thread& buyer : buyers) buyer.join();
  std::multiset<int> all;
  for (const auto& seats : bought) all.insert(seats.begin(), seats.end());
  EXPECT_EQ(all.size(), 50u);
  EXPECT_EQ(std::set<int>(all.begin(), all.end()).size(), 50u);
}

}  // namespace
}  // namespace tacos::gateway
