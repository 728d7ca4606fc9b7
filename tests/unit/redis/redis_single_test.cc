// A link to one server that says whatever the test wants, on the test's own loop.

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "redis/redis_link.h"
#include "support/redis_fake.h"
#include "support/redis_questions.h"

namespace tacos::redis {
namespace {

using std::chrono::milliseconds;
using support::FakeRedis;
using support::Question;
using support::Questions;
using testing::ElementsAre;
using testing::HasSubstr;

class RedisSingleTest : public testing::Test {
 protected:
  RedisSingleTest() {
    options_.backoff_first = milliseconds(1);
    options_.backoff_most = milliseconds(8);
    options_.command_timeout = std::chrono::seconds(5);
  }

  void open(const std::string& before_address = "redis://", const std::string& after_address = "") {
    const auto url = parse_redis_url(before_address + server_.address() + after_address);
    ASSERT_TRUE(url.has_value()) << url.error().message;
    auto link = open_redis_link(loop_.get_executor(), *url, options_, clock_);
    ASSERT_TRUE(link.has_value()) << link.error().message;
    link_ = std::move(*link);
  }
  void open_and_wait() {
    open();
    ASSERT_TRUE(run([&] { return link_->ready(); })) << link_->fault();
  }
  bool run(const std::function<bool()>& holds) { return support::run_until(loop_, holds); }
  bool run_all() {
    return run([&] { return questions_.all_answered(); });
  }

  boost::asio::io_context loop_;
  core::SteadyClock clock_;
  FakeRedis server_{loop_};
  RedisLinkOptions options_;
  Questions questions_;
  std::unique_ptr<RedisLink> link_;
};

TEST_F(RedisSingleTest, GreetsBeforeItAsks) {
  auto book = std::make_shared<ScriptBook>();
  book->add("one", "return 1");
  options_.scripts = book;
  open("redis://queue:secret@", "/2");
  questions_.ask(*link_, "PING");
  ASSERT_TRUE(run_all());
  EXPECT_THAT(server_.greetings(),
              ElementsAre(ElementsAre("AUTH", "queue", "secret"), ElementsAre("CLIENT", "SETNAME", "tacos-gateway"),
                          ElementsAre("SELECT", "2"), ElementsAre("SCRIPT", "LOAD", "return 1")));
  EXPECT_THAT(server_.commands(), ElementsAre(ElementsAre("PING")));
  EXPECT_EQ(questions_.all()[0].text, "OK");
}

TEST_F(RedisSingleTest, SaysWhyAGreetingFailedAndTriesAgain) {
  server_.on_greeting = [&](const FakeRedis::Words& words) {
    return words[0] == "AUTH" && server_.accepted() < 3 ? FakeRedis::Answer{"-WRONGPASS invalid password\r\n"}
                                                        : FakeRedis::Answer{"+OK\r\n"};
  };
  open("redis://:secret@");
  ASSERT_TRUE(run([&] { return link_->ready(); }));
  EXPECT_THAT(link_->fault(), HasSubstr("AUTH was answered 'WRONGPASS invalid password'"));
  EXPECT_EQ(link_->counters().connects_failed.value(), 2u);
  EXPECT_EQ(link_->counters().connects.value(), 1u);
}

TEST_F(RedisSingleTest, SendsWhatOneTurnAsksInOneWrite) {
  open_and_wait();
  int n = 0;
  server_.on_command = [&](const FakeRedis::Words&) { return FakeRedis::Answer{":" + std::to_string(++n) + "\r\n"}; };
  for (int asked = 0; asked < 100; ++asked) questions_.ask(*link_, "INCR", "x");
  ASSERT_TRUE(run_all());
  EXPECT_EQ(server_.reads(), 1u);
  for (int at = 0; at < 100; ++at) {
    EXPECT_EQ(questions_.all()[static_cast<std::size_t>(at)].text, std::to_string(at + 1));
  }
  EXPECT_EQ(link_->counters().max_pending.value(), 100u);
  EXPECT_EQ(link_->counters().pending.value(), 0u);
  EXPECT_EQ(link_->counters().commands_sent.value(), 100u);
  EXPECT_EQ(link_->counters().replies.value(), 100u);
}

TEST_F(RedisSingleTest, HandsErrorsOn) {
  open_and_wait();
  server_.on_command = [](const FakeRedis::Words&) { return FakeRedis::Answer{"-WRONGTYPE no\r\n"}; };
  const Question& question = questions_.ask(*link_, "GET", "x");
  ASSERT_TRUE(run_all());
  EXPECT_EQ(question.failure, RedisFailure::kNone);
  EXPECT_TRUE(question.is_error);
  EXPECT_EQ(question.text, "WRONGTYPE no");
  EXPECT_EQ(link_->counters().error_replies.value(), 1u);
}

TEST_F(RedisSingleTest, ReadsRepliesThatComeInHalves) {
  open_and_wait();
  server_.on_command = [](const FakeRedis::Words&) { return FakeRedis::Answer{"$12\r\nhal"}; };
  const Question& question = questions_.ask(*link_, "GET", "x");
  ASSERT_TRUE(run([&] { return server_.commands().size() == 1; }));
  for (int turn = 0; turn < 5; ++turn) loop_.poll_one();
  EXPECT_EQ(question.answers, 0);
  server_.say("f a reply\r\n");
  ASSERT_TRUE(run_all());
  EXPECT_EQ(question.text, "half a reply");
}

TEST_F(RedisSingleTest, FailsWhatIsLostInTheMiddleExactlyOnceAndGoesOn) {
  open_and_wait();
  server_.on_command = [&](const FakeRedis::Words&) {
    return FakeRedis::Answer{":1\r\n", server_.commands().size() == 10};
  };
  for (int asked = 0; asked < 20; ++asked) questions_.ask(*link_, "INCR", "x");
  ASSERT_TRUE(run_all());
  std::size_t replied = 0;
  for (const Question& question : questions_.all()) {
    if (question.failure == RedisFailure::kNone)
      ++replied;
    else
      EXPECT_EQ(question.failure, RedisFailure::kUnknownOutcome);
  }
  EXPECT_LE(replied, 10u);  // a reset may overtake the answers
  EXPECT_EQ(link_->counters().disconnects.value(), 1u);
  questions_.ask(*link_, "INCR", "x");
  ASSERT_TRUE(run_all());
  EXPECT_EQ(questions_.all().back().text, "1");
  EXPECT_EQ(server_.accepted(), 2u);
  questions_.expect_each_answered_once();
}

TEST_F(RedisSingleTest, SendsAgainOnlyWhatIsIdempotent) {
  open_and_wait();
  server_.on_command = [&](const FakeRedis::Words&) {
    return server_.accepted() == 1 ? FakeRedis::Answer{"", true} : FakeRedis::Answer{"+again\r\n"};
  };
  Question& once = questions_.prepare("INCR", "x");
  Question& twice = questions_.prepare("GET", "x");
  twice.request.idempotent = true;
  link_->submit(once.request);
  link_->submit(twice.request);
  ASSERT_TRUE(run_all());
  EXPECT_EQ(once.failure, RedisFailure::kUnknownOutcome);
  EXPECT_EQ(twice.failure, RedisFailure::kNone);
  EXPECT_EQ(twice.text, "again");
}

TEST_F(RedisSingleTest, GivesUpOnAServerThatDoesNotAnswer) {
  options_.command_timeout = milliseconds(30);
  open_and_wait();
  server_.on_command = [](const FakeRedis::Words&) { return FakeRedis::Answer{}; };
  Question& slow = questions_.ask(*link_, "BLPOP", "x", 0);
  Question& behind = questions_.prepare("GET", "x");
  behind.request.timeout = std::chrono::seconds(5);
  link_->submit(behind.request);
  ASSERT_TRUE(run_all());
  EXPECT_EQ(slow.failure, RedisFailure::kUnknownOutcome);
  EXPECT_EQ(behind.failure, RedisFailure::kUnknownOutcome);
  EXPECT_EQ(link_->counters().timeouts.value(), 1u);
  EXPECT_THAT(link_->fault(), HasSubstr("no answer in time"));
  EXPECT_TRUE(run([&] { return link_->ready(); }));
}

TEST_F(RedisSingleTest, GivesUpOnAHurriedRequestWithoutDisturbingTheOthers) {
  open_and_wait();
  server_.on_command = [](const FakeRedis::Words&) { return FakeRedis::Answer{}; };
  const auto ask_hurriedly = [&]() -> Question& {
    Question& question = questions_.prepare("GET", "x");
    question.request.timeout = milliseconds(5);
    link_->submit(question.request);
    return question;
  };
  const Question& first = ask_hurriedly();
  const Question& patient = questions_.ask(*link_, "GET", "x");
  const Question& last = ask_hurriedly();
  ASSERT_TRUE(run([&] { return first.answers + last.answers == 2; }));
  EXPECT_EQ(first.failure, RedisFailure::kUnknownOutcome);
  EXPECT_EQ(last.failure, RedisFailure::kUnknownOutcome);
  const Question& next = questions_.ask(*link_, "GET", "x");
  ASSERT_TRUE(run([&] { return server_.commands().size() == 4; }));
  server_.say("+1\r\n+2\r\n+3\r\n+4\r\n");
  ASSERT_TRUE(run_all());
  EXPECT_EQ(patient.text, "2");
  EXPECT_EQ(next.text, "4");
  const Question& alone = ask_hurriedly();
  ASSERT_TRUE(run([&] { return alone.answers == 1; }));
  server_.say("+5\r\n");
  questions_.ask(*link_, "GET", "x");
  ASSERT_TRUE(run([&] { return server_.commands().size() == 6; }));
  server_.say("+6\r\n");
  ASSERT_TRUE(run_all());
  EXPECT_EQ(questions_.all().back().text, "6");
  EXPECT_EQ(link_->counters().disconnects.value(), 0u);
  questions_.expect_each_answered_once();
}

TEST_F(RedisSingleTest, HangsUpOnAServerThatIsSilentToHurriedRequestsToo) {
  options_.command_timeout = milliseconds(60);
  open_and_wait();
  server_.on_command = [](const FakeRedis::Words&) { return FakeRedis::Answer{}; };
  questions_.on_answer = [&](Question& question) {
    if (link_->counters().disconnects.value() == 0) link_->submit(question.request);
  };
  Question& hurried = questions_.prepare("GET", "x");
  hurried.request.timeout = milliseconds(5);
  link_->submit(hurried.request);
  EXPECT_TRUE(run([&] { return link_->counters().disconnects.value() == 1; }));
}

TEST_F(RedisSingleTest, AnIdempotentRequestThatTimesOutMayStillHaveBeenExecuted) {
  options_.command_timeout = milliseconds(60);
  open_and_wait();
  server_.on_command = [&](const FakeRedis::Words&) {
    server_.stop_listening();
    return FakeRedis::Answer{"", true};
  };
  Question& question = questions_.prepare("GET", "x");
  question.request.idempotent = true;
  link_->submit(question.request);
  ASSERT_TRUE(run_all());
  EXPECT_EQ(question.failure, RedisFailure::kUnknownOutcome);
}

TEST_F(RedisSingleTest, LetsRequestsWaitForAConnectionUntilTheirTimeIsUp) {
  server_.stop_listening();
  options_.command_timeout = milliseconds(30);
  open();
  Question& question = questions_.ask(*link_, "PING");
  ASSERT_TRUE(run_all());
  EXPECT_EQ(question.failure, RedisFailure::kNotSent);
  EXPECT_EQ(server_.commands().size(), 0u);
  EXPECT_THAT(link_->fault(), HasSubstr("connecting: Connection refused"));
  EXPECT_EQ(link_->counters().timeouts.value(), 1u);
  EXPECT_GE(link_->counters().connects_failed.value(), 2u) << "it goes on trying";
}

TEST_F(RedisSingleTest, GivesUpOnAGreetingThatIsNotAnswered) {
  options_.connect_timeout = milliseconds(20);
  server_.on_greeting = [&](const FakeRedis::Words&) {
    return server_.accepted() == 1 ? FakeRedis::Answer{} : FakeRedis::Answer{"+OK\r\n"};
  };
  open();
  questions_.ask(*link_, "PING");
  ASSERT_TRUE(run_all());
  EXPECT_EQ(questions_.all()[0].text, "OK");
  EXPECT_THAT(link_->fault(), HasSubstr("no connection within 20 ms"));
}

TEST_F(RedisSingleTest, RefusesMoreThanMayBePending) {
  options_.max_pending = 10;
  open_and_wait();
  for (int asked = 0; asked < 13; ++asked) questions_.ask(*link_, "PING");
  for (std::size_t at = 10; at < 13; ++at) EXPECT_EQ(questions_.all()[at].failure, RedisFailure::kOverloaded);
  ASSERT_TRUE(run_all());
  EXPECT_EQ(link_->counters().overflows.value(), 3u);
  EXPECT_EQ(link_->counters().replies.value(), 10u);
  questions_.ask(*link_, "PING");
  ASSERT_TRUE(run_all());
  EXPECT_EQ(questions_.all().back().failure, RedisFailure::kNone);
}

TEST_F(RedisSingleTest, HangsUpOnNonsense) {
  const std::vector<std::string> nonsense = {"HTTP/1.1 400 Bad Request\r\n\r\n", ":1\r\n:2\r\n", "*1000000000\r\n",
                                             "$999999999999999999999\r\n"};
  open_and_wait();
  std::size_t asked = 0;
  server_.on_command = [&](const FakeRedis::Words&) { return FakeRedis::Answer{nonsense[asked]}; };
  for (; asked < nonsense.size(); ++asked) {
    ASSERT_TRUE(run([&] { return link_->ready(); }));
    const auto lost = link_->counters().disconnects.value();
    questions_.ask(*link_, "GET", "x");
    ASSERT_TRUE(run([&] { return link_->counters().disconnects.value() == lost + 1; })) << nonsense[asked];
    ASSERT_TRUE(run_all());
  }
  questions_.expect_each_answered_once();
}

TEST_F(RedisSingleTest, TakesAReplyAsLargeAsItsLimitAndNoLarger) {
  options_.reply_limits.max_bytes = 1'000'000;
  open_and_wait();
  std::size_t size = 900'000;
  server_.on_command = [&](const FakeRedis::Words&) {
    return FakeRedis::Answer{"$" + std::to_string(size) + "\r\n" + std::string(size, 'x') + "\r\n"};
  };
  questions_.ask(*link_, "GET", "x");
  ASSERT_TRUE(run_all());
  EXPECT_EQ(questions_.all()[0].text.size(), size);
  size = 1'100'000;
  questions_.ask(*link_, "GET", "x");
  ASSERT_TRUE(run_all());
  EXPECT_EQ(questions_.all()[1].failure, RedisFailure::kUnknownOutcome);
  EXPECT_THAT(link_->fault(), HasSubstr("a reply is beyond 1000000 bytes"));
}

TEST_F(RedisSingleTest, LoadsALostScriptOnceAndAsksAgainInOrder) {
  auto book = std::make_shared<ScriptBook>();
  const RedisScript& script = book->add("one", "return 1");
  options_.scripts = book;
  open_and_wait();
  const std::size_t loaded_when_greeting = server_.greetings().size();
  bool known = false;
  server_.on_greeting = [&](const FakeRedis::Words& words) {
    known = known || words[0] == "SCRIPT";
    return FakeRedis::Answer{"+OK\r\n"};
  };
  server_.on_command = [&](const FakeRedis::Words& words) {
    return known ? FakeRedis::Answer{"+" + words[3] + "\r\n"} : FakeRedis::Answer{"-NOSCRIPT No matching script.\r\n"};
  };
  std::string order;
  questions_.on_answer = [&](Question& question) { order += question.text; };
  for (const char* name : {"a", "b", "c"}) {
    Question& question = questions_.prepare("EVALSHA", script.sha1, 0, name);
    question.request.script = &script;
    link_->submit(question.request);
  }
  ASSERT_TRUE(run_all());
  EXPECT_EQ(order, "abc");
  EXPECT_EQ(server_.greetings().size(), loaded_when_greeting + 1);
  EXPECT_EQ(link_->counters().scripts_loaded.value(), 1u);
}

TEST_F(RedisSingleTest, GivesUpOnAScriptThatIsNeverKnown) {
  auto book = std::make_shared<ScriptBook>();
  const RedisScript& script = book->add("one", "return 1");
  options_.scripts = book;
  open_and_wait();
  server_.on_command = [](const FakeRedis::Words&) { return FakeRedis::Answer{"-NOSCRIPT no\r\n"}; };
  Question& question = questions_.prepare("EVALSHA", script.sha1, 0);
  question.request.script = &script;
  link_->submit(question.request);
  ASSERT_TRUE(run_all());
  EXPECT_EQ(question.text, "NOSCRIPT no");
  EXPECT_LE(server_.commands().size(), 5u);
}

// The name of a managed primary leads to another server after a failover, but only for new connections.
TEST_F(RedisSingleTest, ConnectsAnewWhenItsServerHasBecomeAReplica) {
  open_and_wait();
  server_.on_command = [&](const FakeRedis::Words&) {
    return server_.accepted() == 1 ? FakeRedis::Answer{"-READONLY You can't write against a read only replica.\r\n"}
                                   : FakeRedis::Answer{"+OK\r\n"};
  };
  questions_.ask(*link_, "SET", "x", 1);
  ASSERT_TRUE(run_all());
  EXPECT_TRUE(questions_.all()[0].is_error);
  questions_.ask(*link_, "SET", "x", 1);
  ASSERT_TRUE(run_all());
  EXPECT_EQ(questions_.all()[1].text, "OK");
  EXPECT_EQ(server_.accepted(), 2u);
}

TEST_F(RedisSingleTest, ARequestMayBeAskedAgainWhenItIsAnswered) {
  open_and_wait();
  int left = 50;
  questions_.on_answer = [&](Question& question) {
    if (--left > 0) link_->submit(question.request);
  };
  questions_.ask(*link_, "PING");
  ASSERT_TRUE(run([&] { return left == 0; }));
  EXPECT_EQ(server_.commands().size(), 50u);
}

TEST_F(RedisSingleTest, MayBeClosedWhileAnAnswerIsHandledAndFailsTheRest) {
  open_and_wait();
  questions_.on_answer = [&](Question&) { link_->close(); };
  for (int asked = 0; asked < 5; ++asked) questions_.ask(*link_, "PING");
  ASSERT_TRUE(run_all());
  questions_.expect_each_answered_once();
  EXPECT_EQ(questions_.all()[0].failure, RedisFailure::kNone);
  EXPECT_EQ(questions_.all()[4].failure, RedisFailure::kUnknownOutcome);
  questions_.on_answer = nullptr;
  questions_.ask(*link_, "PING");
  EXPECT_EQ(questions_.all().back().failure, RedisFailure::kNotSent);
}

TEST_F(RedisSingleTest, FailsWhatIsPendingWhenItIsDestroyed) {
  open_and_wait();
  questions_.ask(*link_, "PING");
  link_.reset();
  questions_.expect_each_answered_once();
  EXPECT_EQ(questions_.all()[0].failure, RedisFailure::kNotSent);
  loop_.poll();
}

TEST_F(RedisSingleTest, TellsHowLongEachCommandTook) {
  std::vector<core::Nanos> trips;
  options_.on_round_trip = [&](core::Nanos trip) { trips.push_back(trip); };
  open_and_wait();
  for (int asked = 0; asked < 3; ++asked) questions_.ask(*link_, "PING");
  ASSERT_TRUE(run_all());
  ASSERT_EQ(trips.size(), 3u);
  for (const auto trip : trips) EXPECT_GT(trip, core::Nanos(0));
}

}  // namespace
}  // namespace tacos::redis
