// Who may join, how often, and what a stranger is told who may not.
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "integration/gateway_fixture.h"
#include "support/assertion_signer.h"

namespace tacos::gateway {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class GatewayStrangersTest : public GatewayFixture {
 protected:
  GatewayStrangersTest() { options.opening_delay = 1h; }
  ~GatewayStrangersTest() override { std::filesystem::remove(key_file_); }

  void trust_the_site() {
    key_file_ = fmt::format("{}/tacos-site-key-{}", std::filesystem::temp_directory_path().string(), ::getpid());
    std::ofstream(key_file_) << site.pem();
    options.identity = "assertion";
    options.assertion_key_file = key_file_;
  }
  std::string claims(const std::string& sub, const std::string& event = "show", std::int64_t ends_in_sec = 60) const {
    const auto now = std::chrono::system_clock::now().time_since_epoch() / 1s;
    return Json{{"sub", sub}, {"event", event}, {"exp", now + ends_in_sec}}.dump();
  }
  Reply join_with(const Json& body, const std::string& headers = "") {
    return call("POST", "/queue/join", body.dump(), headers);
  }
  Reply join_anonymously(const std::string& headers = "") { return join_with({{"event_id", "show"}}, headers); }
  // The sum of the samples of /metrics whose line begins so.
  double metric(const std::string& beginning) {
    const std::string page = call("GET", "/metrics").raw.body;
    const std::size_t at = page.find("\n" + beginning);
    return at == std::string::npos ? -1 : std::stod(page.substr(page.find(' ', at + 1)));
  }

  const AssertionSigner site = AssertionSigner::ed25519(7);

 private:
  std::string key_file_;
};

TEST_F(GatewayStrangersTest, AJoinTakesTheSitesWordForWhoJoins) {
  trust_the_site();
  start();
  const std::string assertion = site.sign(claims("ann"));
  const Reply in_body = join_with({{"event_id", "show"}, {"assertion", assertion}});
  ASSERT_EQ(in_body.status, 202) << in_body.raw.body;
  const Reply in_header = join_anonymously("Authorization: Bearer " + site.sign(claims("ann")) + "\r\n");
  EXPECT_EQ(in_header.status, 202);
  EXPECT_EQ(in_header.text("waiting_token"), in_body.text("waiting_token")) << "one account, one place";
  const Reply named = join_with({{"event_id", "show"}, {"user_id", "ann"}, {"assertion", assertion}});
  EXPECT_EQ(named.text("waiting_token"), in_body.text("waiting_token"));
  const Reply bob = join_with({{"event_id", "show"}, {"assertion", site.sign(claims("bob"))}});
  EXPECT_EQ(bob.body["position"], 2);
  EXPECT_EQ(status(bob.text("waiting_token")).status, 200);
}

TEST_F(GatewayStrangersTest, ANameAloneIsNoProof) {
  trust_the_site();
  start();
  const Reply nothing = join("ann");
  EXPECT_EQ(nothing.status, 401);
  EXPECT_EQ(nothing.code(), "UNAUTHENTICATED");
  EXPECT_EQ(nothing.raw.header("www-authenticate"), "Bearer");
  EXPECT_EQ(nothing.body["error"]["field"], "assertion");
  EXPECT_THAT(nothing.raw.body, HasSubstr("log in at the site"));
  EXPECT_EQ(join_anonymously().status, 401);
  const Reply empty = join_with({{"event_id", "show"}, {"assertion", ""}});
  EXPECT_EQ(empty.status, 401);
  const Reply number = join_with({{"event_id", "show"}, {"assertion", 7}});
  EXPECT_EQ(number.status, 400);
  EXPECT_EQ(number.code(), "INVALID_ARGUMENT");
  const Reply another = join_with({{"event_id", "show"}, {"user_id", "ann"}, {"assertion", site.sign(claims("eve"))}});
  EXPECT_EQ(another.status, 403);
  EXPECT_EQ(another.code(), "FORBIDDEN");
  EXPECT_EQ(another.body["error"]["field"], "user_id");
  EXPECT_THAT(call("GET", "/admin/events", "", std::string("Authorization: Bearer ") + kAdminToken + "\r\n").raw.body,
              ::testing::Not(HasSubstr("\"show\"")))
      << "no refused join has reached the store";
  EXPECT_EQ(metric("joins_unproven_total{reason=\"no_assertion\"}"), 3);
  EXPECT_EQ(metric("joins_unproven_total{reason=\"another_user\"}"), 1);
}

TEST_F(GatewayStrangersTest, TellsWhyAnAssertionIsNotBelieved) {
  trust_the_site();
  start();
  const auto refused = [&](const std::string& assertion, const std::string& words, const std::string& reason) {
    const Reply reply = join_with({{"event_id", "show"}, {"assertion", assertion}});
    EXPECT_EQ(reply.status, 401) << words;
    EXPECT_EQ(reply.code(), "UNAUTHENTICATED");
    EXPECT_THAT(reply.raw.body, HasSubstr(words + "; get a new one from the site"));
    EXPECT_EQ(metric("joins_unproven_total{reason=\"" + reason + "\"}"), 1) << reason;
  };
  refused(site.sign(claims("ann", "show", 0)), "the assertion has expired", "expired");
  refused(site.sign(claims("ann", "gala")), "the assertion is for another event", "another_event");
  refused(AssertionSigner::ed25519(8).sign(claims("ann")), "the assertion's signature does not hold", "signature");
  refused(site.sign(R"({"alg":"none"})", claims("ann")), "the assertion's alg is not that of this gateway's key",
          "algorithm");
  refused("ann", "joined by dots", "not_compact");
  refused(std::string(5000, 'a'), "the assertion is longer than 4096 bytes", "too_long");
}

TEST_F(GatewayStrangersTest, AnAssertionEndsOnTheGatewaysClock) {
  trust_the_site();
  start();
  const std::string assertion = site.sign(claims("ann"));
  EXPECT_EQ(join_with({{"event_id", "show"}, {"assertion", assertion}}).status, 202);
  clock.advance(61s);
  EXPECT_EQ(join_with({{"event_id", "show"}, {"assertion", assertion}}).status, 401);
}

TEST_F(GatewayStrangersTest, DoesNotStartWithAKeyFileThatCannotBeUsed) {
  options.identity = "assertion";
  options.assertion_key_file = "/nowhere";
  GatewayLog log(GatewayLog::Level::kOff, GatewayLog::Format::kJson, clock);
  const auto started = Gateway::start(options, clock, log);
  ASSERT_TRUE(started.has_error());
  EXPECT_EQ(started.error().fault, Gateway::Fault::kOptions);
  EXPECT_EQ(started.error().message, "--assertion-key-file: cannot read '/nowhere'");
}

TEST_F(GatewayStrangersTest, AnonymousJoinsCanBeRefused) {
  options.anonymous = false;
  start();
  const Reply refused = join_anonymously();
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.code(), "UNAUTHENTICATED");
  EXPECT_EQ(refused.body["error"]["field"], "user_id");
  EXPECT_EQ(join_with({{"event_id", "show"}, {"user_id", nullptr}}).status, 401);
  EXPECT_EQ(join("ann").status, 202);
  EXPECT_EQ(metric("joins_unproven_total{reason=\"anonymous\"}"), 2);
}

TEST_F(GatewayStrangersTest, ALimitThatIsGivenHoldsForEverybody) {
  options.join_rate_per_address = core::Rate::per_second(0.25);
  options.join_burst_per_address = 3;
  options.join_limit_given = true;
  start();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(join_anonymously().status, 202);
  const Reply refused = join_anonymously();
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.code(), "RATE_LIMITED");
  EXPECT_EQ(refused.raw.header("retry-after"), "4");
  EXPECT_EQ(refused.raw.header("x-ratelimit-limit"), "3");
  EXPECT_EQ(refused.raw.header("x-ratelimit-remaining"), "0");
  EXPECT_EQ(refused.raw.header("x-ratelimit-reset"), "12");
  EXPECT_GE(refused.body["poll_after_ms"], 4000);
  EXPECT_LE(refused.body["poll_after_ms"], 5000);
  clock.advance(500ms);
  EXPECT_EQ(join_anonymously().raw.header("retry-after"), "4") << "3.5 s rounded up";
  clock.advance(3499ms);
  EXPECT_EQ(join_anonymously().status, 429);
  clock.advance(1ms);
  EXPECT_EQ(join_anonymously().status, 202) << "who comes when told gets in";
  EXPECT_EQ(join_anonymously().status, 429);
  EXPECT_EQ(metric("joins_rate_limited_total{by=\"address\"}"), 4);
  EXPECT_EQ(metric("joins_rate_limited_total{by=\"event\"}"), 0);
  EXPECT_EQ(admin("GET", "/admin/events").body["events"][0]["joined"], 4) << "a refused join takes no ticket";
}

TEST_F(GatewayStrangersTest, NobodyIsToldToComeBackSoonerThanInASecond) {
  options.join_rate_per_address = core::Rate::per_second(50);
  options.join_burst_per_address = 1;
  options.join_limit_given = true;
  start();
  join_anonymously();
  const Reply refused = join_anonymously();
  EXPECT_EQ(refused.raw.header("retry-after"), "1");
  EXPECT_GE(refused.body["poll_after_ms"], 1000);
  EXPECT_LE(refused.body["poll_after_ms"], 1250);
}

TEST_F(GatewayStrangersTest, TheUsualLimitPassesOverThisMachine) {
  options.join_burst_per_address = 1;
  start();
  for (int i = 0; i < 50; ++i) ASSERT_EQ(join_anonymously().status, 202);
  EXPECT_EQ(join_anonymously("X-Forwarded-For: 203.0.113.7\r\n").status, 202) << "nobody trusts this header";
}

TEST_F(GatewayStrangersTest, SaysOnceThatALimitedPeerMayBeAProxy) {
  options.join_rate_per_address = core::Rate::per_second(1);
  options.join_burst_per_address = 1;
  options.join_limit_given = true;
  start();
  for (int i = 0; i < 5; ++i) join_anonymously("X-Forwarded-For: 203.0.113.7\r\n");
  const std::string text = log_text();
  const std::size_t at = text.find("if it is your proxy, name it");
  ASSERT_NE(at, std::string::npos);
  EXPECT_EQ(text.find("if it is your proxy, name it", at + 1), std::string::npos);
}

TEST_F(GatewayStrangersTest, BehindATrustedProxyEachClientHasItsOwnAllowance) {
  options.trusted_proxies = "127.0.0.0/8";
  options.join_rate_per_address = core::Rate::per_second(1);
  options.join_burst_per_address = 1;
  start();
  const auto from = [&](const std::string& client) {
    return join_anonymously("X-Forwarded-For: " + client + "\r\n").status;
  };
  EXPECT_EQ(from("203.0.113.7"), 202);
  EXPECT_EQ(from("203.0.113.7"), 429);
  EXPECT_EQ(from("198.51.100.1, 203.0.113.7"), 429) << "what the client itself wrote does not help";
  EXPECT_EQ(from("203.0.113.8"), 202) << "another client is not harmed";
  EXPECT_EQ(from("2001:db8:0:1::1"), 202);
  EXPECT_EQ(from("2001:db8:0:1:ffff::2"), 429) << "one /64 is one client";
  EXPECT_EQ(from("2001:db8:0:2::1"), 202);
  EXPECT_EQ(from("garbage"), 202) << "the proxy itself";
  EXPECT_EQ(from("garbage"), 429) << "and it has a limit, too";
  admin("POST", "/admin/events/show/pause");
  call("POST", "/admin/events/show/resume", "",
       std::string("X-Forwarded-For: 203.0.113.7\r\nAuthorization: Bearer ") + kAdminToken + "\r\n");
  const Json entries = admin("GET", "/admin/audit").body["entries"];
  EXPECT_EQ(entries[0]["peer"], "127.0.0.1");
  EXPECT_EQ(entries[1]["peer"], "203.0.113.7");
}

TEST_F(GatewayStrangersTest, AnEventsLimitIsSharedByAllWhoAreNotProven) {
  options.join_rate_per_event = core::Rate::per_second(1);
  options.join_burst_per_event = 2;
  start();
  EXPECT_EQ(join("ann").status, 202);
  EXPECT_EQ(join_anonymously().status, 202);
  const Reply refused = join("bob");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.raw.header("retry-after"), "1");
  EXPECT_EQ(refused.raw.header("x-ratelimit-limit"), "2");
  EXPECT_EQ(join("bob", "another-show").status, 202) << "another event is not harmed";
  EXPECT_EQ(metric("joins_rate_limited_total{by=\"event\"}"), 1);
}

TEST_F(GatewayStrangersTest, AnEventsLimitDoesNotHoldUpWhomTheSiteVouchesFor) {
  trust_the_site();
  options.join_rate_per_event = core::Rate::per_second(1);
  options.join_burst_per_event = 1;
  start();
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(join_with({{"event_id", "show"}, {"assertion", site.sign(claims("user" + std::to_string(i)))}}).status,
              202);
  }
}

TEST_F(GatewayStrangersTest, AnEventGivesOutNoMoreTicketsThanItsLimit) {
  options.max_tickets = 2;
  start();
  const std::string ann = join("ann").text("waiting_token");
  EXPECT_EQ(join_anonymously().status, 202);
  const Reply refused = join("bob");
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.code(), "FORBIDDEN") << "it gives no more, ever: to ask again would not help";
  EXPECT_EQ(status(ann).status, 200) << "those in line are not harmed";
  EXPECT_EQ(join("bob", "another-show").status, 202);
}

}  // namespace
}  // namespace tacos::gateway
