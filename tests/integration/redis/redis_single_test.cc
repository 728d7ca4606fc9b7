// The link to one server, beside a real one of the test's own.

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "redis/redis_link.h"
#include "support/redis_questions.h"
#include "support/redis_server.h"
#include "support/test_certificate.h"

namespace tacos::redis {
namespace {

using std::chrono::milliseconds;
using support::Question;
using support::Questions;
using support::RedisServer;
using support::RedisServerOptions;
using testing::HasSubstr;

class RealRedis : public testing::Test {
 protected:
  RealRedis() {
    options_.backoff_first = milliseconds(2);
    options_.backoff_most = milliseconds(50);
    options_.command_timeout = std::chrono::seconds(5);
  }

  std::unique_ptr<RedisLink> open(const std::string& text) {
    const auto url = parse_redis_url(text);
    EXPECT_TRUE(url.has_value()) << url.error().message;
    auto link = open_redis_link(loop_.get_executor(), *url, options_, clock_);
    EXPECT_TRUE(link.has_value()) << link.error().message;
    return std::move(*link);
  }
  std::unique_ptr<RedisLink> open(const RedisServer& server) { return open("unix://" + server.socket_path()); }
  bool run(const std::function<bool()>& holds) { return support::run_until(loop_, holds); }
  bool run_all() {
    return run([&] { return questions_.all_answered(); });
  }

  boost::asio::io_context loop_;
  core::SteadyClock clock_;
  RedisLinkOptions options_;
  Questions questions_;
};

TEST_F(RealRedis, ExecutesInTheOrderOfAsking) {
  RedisServer server({.port = support::free_port()});
  ASSERT_EQ(server.fault(), "");
  for (const std::string& url : {"unix://" + server.socket_path(), fmt::format("redis://localhost:{}", server.port()),
                                 fmt::format("redis://127.0.0.1:{}/5", server.port())}) {
    server.ask({"FLUSHALL"});
    const auto link = open(url);
    Questions questions;
    constexpr int kAsked = 10'000;
    for (int asked = 0; asked < kAsked; ++asked) questions.ask(*link, "INCR", "x");
    ASSERT_TRUE(run([&] { return questions.all_answered(); })) << link->fault();
    int n = 0;
    for (const Question& question : questions.all()) ASSERT_EQ(question.text, std::to_string(++n)) << url;
    EXPECT_EQ(link->counters().max_pending.value(), kAsked);
  }
}

TEST_F(RealRedis, AdmitsAUserWithItsPasswordAndNoOther) {
  RedisServer server;
  ASSERT_EQ(server.fault(), "");
  server.ask({"ACL", "SETUSER", "queue", "on", ">p@ss", "~q:*", "+@all"});
  server.ask({"ACL", "SETUSER", "default", "off"});
  const auto good = open("unix://queue:p%40ss@" + server.socket_path());
  questions_.ask(*good, "SET", "q:1", 1);
  questions_.ask(*good, "SET", "other", 1);
  ASSERT_TRUE(run_all()) << good->fault();
  EXPECT_EQ(questions_.all()[0].text, "OK");
  EXPECT_THAT(questions_.all()[1].text, HasSubstr("NOPERM"));

  const auto bad = open("unix://queue:wrong@" + server.socket_path());
  ASSERT_TRUE(run([&] { return !bad->fault().empty(); }));
  EXPECT_THAT(bad->fault(), HasSubstr("AUTH was answered 'WRONGPASS"));
  EXPECT_FALSE(bad->ready());
  const auto none = open(server);
  ASSERT_TRUE(run([&] { return !none->fault().empty(); }));
  EXPECT_THAT(none->fault(), HasSubstr("'NOAUTH"));
}

TEST_F(RealRedis, SpeaksTlsToWhomItTrusts) {
  const support::TestCertificate certificate;
  const support::TestCertificate stranger("DNS:elsewhere.example");
  RedisServer server({.tls_port = support::free_port(),
                      .certificate_file = certificate.certificate_file(),
                      .key_file = certificate.key_file()});
  ASSERT_EQ(server.fault(), "");
  const auto port = server.tls_port();
  for (const std::string& url : {fmt::format("rediss://localhost:{}?ca_file={}", port, certificate.certificate_file()),
                                 fmt::format("rediss://127.0.0.1:{}?ca_file={}", port, certificate.certificate_file()),
                                 fmt::format("rediss://127.0.0.1:{}?insecure=1", port)}) {
    const auto link = open(url);
    const std::string big(100'000, 'x');
    questions_.ask(*link, "ECHO", big);
    for (int asked = 0; asked < 1000; ++asked) questions_.ask(*link, "PING");
    ASSERT_TRUE(run_all()) << link->fault();
    EXPECT_EQ(questions_.all()[questions_.asked() - 1001].text, big);
    EXPECT_EQ(questions_.all().back().text, "PONG");
  }
  const auto mistrusted = open(fmt::format("rediss://localhost:{}?ca_file={}", port, stranger.certificate_file()));
  ASSERT_TRUE(run([&] { return !mistrusted->fault().empty(); }));
  EXPECT_THAT(mistrusted->fault(), HasSubstr("agreeing on TLS: certificate verify failed"));
  const auto plain = open(fmt::format("redis://localhost:{}", port));
  EXPECT_TRUE(run([&] { return !plain->fault().empty(); }));
}

TEST_F(RealRedis, ChecksThatTheCertificateIsOfTheHostItCalled) {
  const support::TestCertificate certificate("DNS:elsewhere.example");
  RedisServer server({.tls_port = support::free_port(),
                      .certificate_file = certificate.certificate_file(),
                      .key_file = certificate.key_file()});
  ASSERT_EQ(server.fault(), "");
  const auto link =
      open(fmt::format("rediss://localhost:{}?ca_file={}", server.tls_port(), certificate.certificate_file()));
  ASSERT_TRUE(run([&] { return !link->fault().empty(); }));
  EXPECT_THAT(link->fault(), HasSubstr("certificate verify failed"));
}

TEST_F(RealRedis, SaysThatACaFileCannotBeRead) {
  const auto link = open_redis_link(loop_.get_executor(), *parse_redis_url("rediss://localhost?ca_file=/no/such/file"),
                                    options_, clock_);
  ASSERT_TRUE(link.has_error());
  EXPECT_THAT(link.error().message, HasSubstr("can't read the CA file '/no/such/file'"));
}

TEST_F(RealRedis, EndsEveryRequestOnceWhenTheServerIsKilledAndGoesOnAfterwards) {
  RedisServer server;
  ASSERT_EQ(server.fault(), "");
  const auto link = open(server);
  constexpr std::size_t kInFlight = 5000;
  constexpr std::size_t kKilledAfter = 20'000;
  questions_.on_answer = [&](Question& question) {
    if (question.failure == RedisFailure::kNone && questions_.answered() < kKilledAfter)
      questions_.ask(*link, "INCR", "x");
    if (questions_.answered() == kKilledAfter / 2) server.kill_now();
  };
  for (std::size_t asked = 0; asked < kInFlight; ++asked) questions_.ask(*link, "INCR", "x");
  ASSERT_TRUE(run([&] { return link->counters().disconnects.value() == 1; }));
  server.start_again();
  ASSERT_EQ(server.fault(), "");
  questions_.on_answer = nullptr;
  questions_.ask(*link, "SET", "after", 1);
  ASSERT_TRUE(run_all()) << link->fault();
  EXPECT_EQ(questions_.all().back().text, "OK");
  questions_.expect_each_answered_once();
  EXPECT_GT(link->counters().unknown_outcomes.value(), 0u);
  EXPECT_EQ(link->counters().pending.value(), 0u);
}

TEST_F(RealRedis, LoadsItsScriptsAgainAfterAFlushAndARestart) {
  RedisServer server;
  ASSERT_EQ(server.fault(), "");
  auto book = std::make_shared<ScriptBook>();
  const RedisScript& script = book->add("add", "return redis.call('INCRBY', KEYS[1], ARGV[1])");
  options_.scripts = book;
  const auto link = open(server);
  ASSERT_TRUE(run([&] { return link->ready(); }));
  EXPECT_EQ(server.ask({"SCRIPT", "EXISTS", script.sha1}), "*1");
  const auto call_ten_times = [&] {
    for (int asked = 0; asked < 10; ++asked) {
      Question& question = questions_.prepare("EVALSHA", script.sha1, 1, "x", 3);
      question.request.script = &script;
      link->submit(question.request);
    }
    EXPECT_TRUE(run_all());
    return questions_.all().back().text;
  };
  EXPECT_EQ(call_ten_times(), "30");
  server.ask({"SCRIPT", "FLUSH"});
  EXPECT_EQ(call_ten_times(), "60");
  EXPECT_EQ(link->counters().scripts_loaded.value(), 1u);
  server.start_again();
  ASSERT_TRUE(run([&] { return link->counters().connects.value() == 2; }));
  EXPECT_EQ(call_ten_times(), "30") << "the server started empty";
  EXPECT_EQ(link->counters().scripts_loaded.value(), 1u) << "the greeting had loaded it";
}

TEST_F(RealRedis, GivesUpOnAServerThatIsStuck) {
  RedisServer server({.settings = {"--enable-debug-command", "yes"}});
  ASSERT_EQ(server.fault(), "");
  options_.command_timeout = milliseconds(100);
  const auto link = open(server);
  ASSERT_TRUE(run([&] { return link->ready(); }));
  questions_.ask(*link, "DEBUG", "SLEEP", "0.3");
  questions_.ask(*link, "BLPOP", "nothing", 10);
  ASSERT_TRUE(run_all());
  EXPECT_EQ(link->counters().timeouts.value(), 2u);
  for (const Question& question : questions_.all()) EXPECT_EQ(question.failure, RedisFailure::kUnknownOutcome);
  EXPECT_TRUE(run([&] { return link->ready(); }));
}

}  // namespace
}  // namespace tacos::redis
