// Who may do what over HTTP: names in line, declared events, and the way back of a user whose purchase came to nothing.
#include <cstdio>
#include <fstream>
#include <unistd.h>

#include <gmock/gmock.h>

#include "gateway_fixture.h"

namespace tacos::gateway {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;

class GatewayEventsTest : public GatewayFixture {
 protected:
  Reply join_with(const std::string& user, const std::string& headers, const Json& more = Json::object(),
                  const std::string& event = "show") {
    Json body{{"event_id", event}, {"user_id", user}};
    body.update(more);
    return call("POST", "/queue/join", body.dump(), headers);
  }
  static std::string key(const std::string& text) { return "Idempotency-Key: " + text + "\r\n"; }

  // A file that is removed again.
  class File {
   public:
    explicit File(const std::string& text)
        : path_("/tmp/tacos-events-" + std::to_string(::getpid()) + "-" + std::to_string(++made_) + ".json") {
      write(text);
    }
    ~File() { std::remove(path_.c_str()); }
    void write(const std::string& text) const { std::ofstream(path_) << text; }
    const std::string& path() const { return path_; }

   private:
    static inline int made_ = 0;
    std::string path_;
  };
};

TEST_F(GatewayEventsTest, ANameThatIsInLineIsGivenToNobodyElse) {
  options.opening_delay = hours(1);
  start();
  const Reply ann = join_with("ann", key("first"));
  ASSERT_EQ(ann.status, 202);
  for (const std::string& headers : {std::string(), key("second"), std::string("Authorization: Bearer nonsense\r\n")}) {
    const Reply thief = join_with("ann", headers);
    EXPECT_EQ(thief.status, 409) << headers;
    EXPECT_EQ(thief.code(), "ALREADY_IN_LINE");
    EXPECT_FALSE(thief.body.contains("waiting_token"));
    EXPECT_GE(thief.body.at("poll_after_ms"), 1000) << "when the name may be free";
  }
  EXPECT_EQ(join_with("ann", key("first")).text("waiting_token"), ann.text("waiting_token"));
  const std::string token = ann.text("waiting_token");
  EXPECT_EQ(join_with("ann", "Authorization: Bearer " + token + "\r\n").text("waiting_token"), token);
  EXPECT_EQ(join_with("ann", "", {{"waiting_token", token}}).text("waiting_token"), token);
  const std::string eve = join_with("eve", key("third")).text("waiting_token");
  EXPECT_EQ(join_with("ann", "Authorization: Bearer " + eve + "\r\n").status, 409) << "another ticket's token";
}

TEST_F(GatewayEventsTest, AnAnonymousJoinIsRepeatedByItsKey) {
  options.opening_delay = hours(1);
  start();
  const auto anonymous = [&](const std::string& headers) {
    return call("POST", "/queue/join", R"({"event_id":"show"})", headers).text("waiting_token");
  };
  const std::string first = anonymous(key("0123456789abcdef"));
  EXPECT_EQ(anonymous(key("0123456789abcdef")), first);
  EXPECT_NE(anonymous(key("0123456789abcdeg")), first);
  EXPECT_NE(anonymous(key("short")), anonymous(key("short"))) << "a key that others may choose too";
  EXPECT_NE(anonymous(""), anonymous(""));
}

TEST_F(GatewayEventsTest, AJoinsKeyHasALongestLength) {
  start();
  EXPECT_EQ(join_with("ann", key(std::string(255, 'k'))).status, 202);
  const Reply refused = join_with("bob", key(std::string(256, 'k')));
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.body["error"]["field"], "Idempotency-Key");
}

TEST_F(GatewayEventsTest, TokensTravelInTheAuthorizationHeaderToo) {
  options.opening_delay = hours(1);
  start();
  const std::string bearer = "Authorization: Bearer " + join("ann").text("waiting_token") + "\r\n";
  EXPECT_EQ(call("GET", "/queue/status", "", bearer).text("status"), "waiting");
  EXPECT_EQ(call("POST", "/queue/enter", "{}", bearer).code(), "NOT_READY");
  EXPECT_EQ(call("DELETE", "/queue/leave", "", bearer).text("status"), "left");
  EXPECT_EQ(call("GET", "/queue/status", "").code(), "MISSING_TOKEN");
}

// The loop of the first review: cancel, enter says "join again", join gives the same dead ticket with poll_after_ms 0.
TEST_F(GatewayEventsTest, WhoCancelsAReservationJoinsAgainAtTheEnd) {
  start();
  const std::string first = join("ann").text("waiting_token");
  const std::string grant = admitted("ann");
  const std::string id = buy(grant, "/reservations", {{"event_id", "show"}}).text("reservation_id");
  const Reply holding = join("ann");
  EXPECT_EQ(holding.text("waiting_token"), first) << "while the reservation stands";
  EXPECT_EQ(holding.text("status"), "entered");
  EXPECT_GE(holding.body.at("poll_after_ms"), 1000);
  EXPECT_EQ(buy(grant, "/reservations/" + id + "/cancel", Json::object()).status, 200);
  const Reply again = join("ann");
  EXPECT_EQ(again.status, 202);
  EXPECT_NE(again.text("waiting_token"), first);
  EXPECT_GE(again.body.at("poll_after_ms"), 1000);
  EXPECT_EQ(join("ann").text("waiting_token"), again.text("waiting_token"));
  const std::string second = admitted("ann");
  EXPECT_EQ(buy(second, "/reservations", {{"event_id", "show"}}).status, 201);
}

TEST_F(GatewayEventsTest, WhoseHoldLapsesJoinsAgainAtTheEnd) {
  options.hold_ttl = seconds(5);
  options.grant_ttl = seconds(10);
  start();
  const std::string first = join("ann").text("waiting_token");
  const std::string grant = admitted("ann");
  ASSERT_EQ(buy(grant, "/reservations", {{"event_id", "show"}}).status, 201);
  clock.advance(seconds(5));
  eventually([&] { return join("ann").text("waiting_token") != first; });
  EXPECT_EQ(admin("GET", "/admin/events/show").body.at("joined"), 2);
}

TEST_F(GatewayEventsTest, AGrantThatIsUsedDoesNotLapseUnderItsReservation) {
  options.grant_ttl = seconds(2);
  options.hold_ttl = minutes(5);
  start();
  const std::string token = join("ann").text("waiting_token");
  const std::string grant = admitted("ann");
  ASSERT_EQ(buy(grant, "/reservations", {{"event_id", "show"}}).status, 201);
  clock.advance(seconds(30));
  EXPECT_EQ(enter(token).text("reservation_token"), grant) << "not 410 'join again', which would give the same ticket";
}

TEST_F(GatewayEventsTest, EveryStatusTellsWhenToAskAgain) {
  options.turn_ttl = seconds(5);
  start();
  const std::string ann = join("ann").text("waiting_token");
  admitted("ann");
  EXPECT_EQ(status(ann).text("status"), "entered");
  EXPECT_GE(status(ann).body.at("poll_after_ms"), 1000);
  const std::string bob = join("bob").text("waiting_token");
  eventually([&] { return status(bob).text("status") == "ready"; });
  clock.advance(seconds(6));
  EXPECT_EQ(status(bob).text("status"), "ready") << "until a tick has seen it";
  EXPECT_GE(status(bob).body.at("poll_after_ms"), 1000);
  EXPECT_EQ(enter(bob).status, 410);
  EXPECT_GE(status(bob).body.at("poll_after_ms"), 1000);
}

TEST_F(GatewayEventsTest, OnlyDeclaredEventsAreJoinedWhereOthersMayNotBe) {
  options.events = "declared";
  start();
  const Reply made_up = join("ann", "made-up");
  EXPECT_EQ(made_up.status, 404);
  EXPECT_EQ(made_up.code(), "EVENT_NOT_FOUND");
  const Reply declared = admin("PUT", "/admin/events/show",
                               R"({"seats":3,"admission_rate":50,"admission_burst":5,"price":2500,"currency":"KRW",)"
                               R"("opens_at":"2099-12-24T19:00:00+09:00"})");
  EXPECT_EQ(declared.status, 201);
  EXPECT_EQ(declared.body.at("seats"), 3);
  EXPECT_EQ(declared.text("opens_at"), "2099-12-24T10:00:00.000Z");
  EXPECT_EQ(join("ann").status, 202);
  const Reply shown = admin("GET", "/admin/events/show");
  EXPECT_EQ(shown.body.at("declared"), true);
  EXPECT_EQ(shown.body.at("price"), 2500);
  EXPECT_EQ(shown.body.at("waiting"), 1);
  EXPECT_EQ(shown.body["seats"]["free"], 3);
  EXPECT_EQ(admin("PUT", "/admin/events/show", R"({"seats":4})").code(), "EVENT_IN_USE");
  EXPECT_EQ(admin("DELETE", "/admin/events/show").code(), "EVENT_IN_USE");
  EXPECT_EQ(admin("DELETE", "/admin/events/show?force=true").status, 200);
  EXPECT_EQ(admin("GET", "/admin/events/show").code(), "EVENT_NOT_FOUND");
  EXPECT_EQ(join("ann").code(), "EVENT_NOT_FOUND");
  EXPECT_THAT(admin("GET", "/admin/audit").raw.body, HasSubstr(R"("action":"withdraw by force","event_id":"show")"));
}

TEST_F(GatewayEventsTest, AnEventsOwnPriceIsWhatIsPaid) {
  start();
  ASSERT_EQ(admin("PUT", "/admin/events/show", R"({"price":2500,"currency":"KRW"})").status, 201);
  const std::string grant = admitted("ann");
  const Reply reserved = buy(grant, "/reservations", {{"event_id", "show"}, {"quantity", 2}});
  EXPECT_EQ(reserved.body.at("amount"), 5000);
  EXPECT_EQ(reserved.text("currency"), "KRW");
  const std::string id = reserved.text("reservation_id");
  const auto intent = [&](int amount, const char* currency) {
    return buy(grant, "/payment/intent", {{"reservation_id", id}, {"amount", amount}, {"currency", currency}}).status;
  };
  EXPECT_EQ(intent(4999, "KRW"), 400);
  EXPECT_EQ(intent(5000, "USD"), 400);
  EXPECT_EQ(intent(5000, "KRW"), 200);
}

TEST_F(GatewayEventsTest, ADeclarationThatIsWrongSaysWhere) {
  start();
  const std::pair<const char*, const char*> cases[] = {
      {R"({"seats":0})", "seats"},
      {R"({"seats":10000001})", "seats"},
      {R"({"seats":1.5})", "seats"},
      {R"({"seat":5})", "seat"},
      {R"({"admission_rate":-1})", "admission_rate"},
      {R"({"admission_rate":"5"})", "admission_rate"},
      {R"({"admission_burst":0})", "admission_burst"},
      {R"({"opens_at":"tomorrow"})", "opens_at"},
      {R"({"opens_at":"2026-02-30T10:00:00Z"})", "opens_at"},
      {R"({"opens_at":"2026-12-24T10:00:00"})", "opens_at"},
      {R"({"opens_at":-5})", "opens_at"},
      {R"({"opens_at":1798106400})", "opens_at"},
      {R"({"opens_at":1})", "opens_at"},
      {R"({"opens_at":99999999999})", "opens_at"},
      {R"({"":1})", ""},
      {R"({"a\"b":1})", "a\"b"},
      {R"({"price":-1})", "price"},
      {R"({"currency":"usd"})", "currency"},
      {R"({"event_id":"other"})", "event_id"},
  };
  for (const auto& [body, field] : cases) {
    const Reply refused = admin("PUT", "/admin/events/show", body);
    EXPECT_EQ(refused.status, 400) << body;
    EXPECT_EQ(refused.body["error"].value("field", ""), field) << body;
  }
  EXPECT_THAT(
      admin("PUT", "/admin/events/show", R"({"opens_at":1798106400})").raw.body,
      testing::HasSubstr("opens_at is in milliseconds, and 1798106400 looks like seconds; write 1798106400000"));
  EXPECT_EQ(admin("PUT", "/admin/events/early", R"({"opens_at":100000000000})").status, 201);
  EXPECT_EQ(admin("PUT", "/admin/events/at-once", R"({"opens_at":0})").status, 201);
  EXPECT_EQ(admin("PUT", "/admin/events/sh%2fow", "{}").status, 400);
  EXPECT_EQ(call("PUT", "/admin/events/show", "{}").status, 401) << "not without the operator's token";
  EXPECT_EQ(admin("PUT", "/admin/events/show", "{}").status, 201);
  EXPECT_EQ(admin("PUT", "/admin/events/show", "{}").status, 200);
}

TEST_F(GatewayEventsTest, AMisspeltMemberOfAnAdmissionChangesNothing) {
  start();
  ASSERT_EQ(admin("PUT", "/admin/events/show", "{}").status, 201);
  const std::vector<std::pair<std::string, std::string>> cases{
      {R"({"rate":5,"brust":7})", "brust"},
      {R"({"admission_rate":5})", "admission_rate"},
      {R"({"rate":5,"":7})", ""},
      {R"({"rate":5,"Rate":7})", "Rate"},
  };
  for (const auto& [body, field] : cases) {
    const Reply refused = admin("PUT", "/admin/events/show/admission", body);
    EXPECT_EQ(refused.status, 400) << body;
    EXPECT_EQ(refused.body["error"].value("field", ""), field) << body;
  }
  EXPECT_NE(admin("GET", "/admin/events/show").body.at("admission_rate"), 5);
  EXPECT_EQ(admin("PUT", "/admin/events/show/admission", R"({"rate":5,"burst":7})").status, 200);
}

TEST_F(GatewayEventsTest, WhatADeclarationLeavesOutStandsAsItWas) {
  start();
  ASSERT_EQ(admin("PUT", "/admin/events/show",
                  R"({"seats":7,"admission_rate":5,"admission_burst":3,"price":9,"currency":"EUR",)"
                  R"("opens_at":"2099-01-01T00:00:00Z"})")
                .status,
            201);
  const Reply changed = admin("PUT", "/admin/events/show", R"({"admission_rate":6})");
  EXPECT_EQ(changed.status, 200);
  EXPECT_EQ(changed.body.at("seats"), 7);
  EXPECT_EQ(changed.body.at("admission_rate"), 6);
  EXPECT_EQ(changed.body.at("admission_burst"), 3);
  EXPECT_EQ(changed.body.at("price"), 9);
  EXPECT_EQ(changed.text("currency"), "EUR");
  EXPECT_EQ(changed.text("opens_at"), "2099-01-01T00:00:00.000Z") << "or a change of the rate would open the sale";
  admin("PUT", "/admin/events/show/admission", R"({"burst":8})");
  EXPECT_EQ(admin("PUT", "/admin/events/show", R"({"admission_rate":7})").body.at("admission_burst"), 8);
}

TEST_F(GatewayEventsTest, EventsOfAFileAreDeclaredAndReadAgain) {
  const File file(R"({"schema":"tacos.events/1","events":[{"event_id":"a","seats":1},{"event_id":"b"}]})");
  options.events = file.path();
  start();
  EXPECT_EQ(join("ann", "a").status, 202);
  EXPECT_EQ(join("ann", "c").code(), "EVENT_NOT_FOUND");
  file.write(R"({"schema":"tacos.events/1","events":[{"event_id":"a","seats":1,"admission_rate":7},)"
             R"({"event_id":"c"}]})");
  EXPECT_TRUE(gateway().reload());
  EXPECT_EQ(admin("GET", "/admin/events/a").body.at("admission_rate"), 7);
  EXPECT_EQ(join("ann", "c").status, 202);
  EXPECT_EQ(join("ann", "b").code(), "EVENT_NOT_FOUND") << "no longer named, and not in use";
}

TEST_F(GatewayEventsTest, MadeUpEventsTakeNoDeclaredEventsPlace) {
  options.max_events = 10;
  start();
  for (int i = 0; i < 10; ++i) {
    const Reply made_up = join("u", "made-up-" + std::to_string(i));
    status(made_up.text("waiting_token"));
  }
  EXPECT_EQ(join("u", "one-more").status, 503);
  EXPECT_EQ(admin("PUT", "/admin/events/show", "{}").status, 201);
  EXPECT_EQ(join("ann", "show").status, 202);
}

}  // namespace
}  // namespace tacos::gateway
