// Requests that are done when replicas have them, beside a server that says whatever the test wants.

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
using Answer = FakeRedis::Answer;
using Words = FakeRedis::Words;

class RedisDurableTest : public testing::Test {
 protected:
  RedisDurableTest() {
    options_.backoff_first = milliseconds(1);
    options_.backoff_most = milliseconds(8);
    options_.command_timeout = std::chrono::seconds(5);
    options_.wait_replicas = 1;
    server_.on_command = [this](const Words& words) {
      if (words[0] == "WAIT") return Answer{wait_answer_};
      return Answer{"+" + words.back() + "\r\n"};
    };
  }

  void open_and_wait() {
    auto link =
        open_redis_link(loop_.get_executor(), *parse_redis_url("redis://" + server_.address()), options_, clock_);
    ASSERT_TRUE(link.has_value()) << link.error().message;
    link_ = std::move(*link);
    ASSERT_TRUE(run([&] { return link_->ready(); })) << link_->fault();
  }
  Question& ask_durably(const char* name) {
    Question& question = questions_.prepare("SET", name);
    question.request.durable = true;
    link_->submit(question.request);
    return question;
  }
  bool run(const std::function<bool()>& holds) { return support::run_until(loop_, holds); }
  bool run_all() {
    return run([&] { return questions_.all_answered(); });
  }
  void run_what_is_there() {
    for (int turn = 0; turn < 20; ++turn) loop_.poll();
  }
  std::string sent() const {
    std::string names;
    for (const Words& words : server_.commands()) names += words[0] == "WAIT" ? "W" : words.back();
    return names;
  }

  boost::asio::io_context loop_;
  core::SteadyClock clock_;
  FakeRedis server_{loop_};
  std::string wait_answer_ = ":1\r\n";
  RedisLinkOptions options_;
  Questions questions_;
  std::unique_ptr<RedisLink> link_;
};

TEST_F(RedisDurableTest, OneWaitFollowsAllThatIsWrittenTogether) {
  options_.wait_timeout = std::chrono::microseconds(70'001);
  open_and_wait();
  ask_durably("a");
  questions_.ask(*link_, "GET", "b");
  ask_durably("c");
  questions_.ask(*link_, "GET", "d");
  std::string order;
  questions_.on_answer = [&](Question& question) { order += question.text; };
  ASSERT_TRUE(run_all());
  EXPECT_EQ(sent(), "abcdW");
  EXPECT_THAT(server_.commands().back(), ElementsAre("WAIT", "1", "71"));
  EXPECT_EQ(server_.reads(), 1u);
  EXPECT_EQ(order, "bdac") << "only what is durable waits for the replicas";
  EXPECT_EQ(link_->counters().waits.value(), 1u);
  EXPECT_EQ(link_->counters().waits_short.value(), 0u);
  EXPECT_EQ(link_->counters().commands_sent.value(), 4u);
  questions_.expect_each_answered_once();
}

TEST_F(RedisDurableTest, NothingWaitsWhenNoReplicasAreAskedFor) {
  options_.wait_replicas = 0;
  open_and_wait();
  ask_durably("a");
  ASSERT_TRUE(run_all());
  EXPECT_EQ(sent(), "a");
  EXPECT_EQ(link_->counters().waits.value(), 0u);
}

TEST_F(RedisDurableTest, ADurableRequestIsDoneOnlyWhenTheWaitIsAnswered) {
  wait_answer_ = "";
  open_and_wait();
  const Question& durable = ask_durably("a");
  const Question& other = questions_.ask(*link_, "GET", "b");
  ASSERT_TRUE(run([&] { return other.answers == 1 && sent() == "abW"; }));
  run_what_is_there();
  EXPECT_EQ(durable.answers, 0);
  server_.say(":2\r\n");
  ASSERT_TRUE(run_all());
  EXPECT_EQ(durable.failure, RedisFailure::kNone);
  EXPECT_EQ(durable.text, "a") << "its reply was kept while another came";
}

TEST_F(RedisDurableTest, TooFewReplicasFailWhatWasWrittenTogetherAndItIsNotSentAgain) {
  wait_answer_ = ":0\r\n";
  open_and_wait();
  Question& idempotent = questions_.prepare("SET", "a");
  idempotent.request.durable = idempotent.request.idempotent = true;
  link_->submit(idempotent.request);
  ask_durably("b");
  const Question& other = questions_.ask(*link_, "GET", "c");
  ASSERT_TRUE(run_all());
  EXPECT_EQ(questions_.all()[0].failure, RedisFailure::kNotReplicated);
  EXPECT_EQ(questions_.all()[1].failure, RedisFailure::kNotReplicated);
  EXPECT_EQ(other.failure, RedisFailure::kNone);
  EXPECT_EQ(link_->counters().waits_short.value(), 1u);
  wait_answer_ = ":1\r\n";
  ask_durably("d");
  ASSERT_TRUE(run_all());
  EXPECT_EQ(sent(), "abcWdW");
  EXPECT_EQ(questions_.all().back().failure, RedisFailure::kNone);
  EXPECT_EQ(link_->counters().disconnects.value(), 0u);
}

TEST_F(RedisDurableTest, AWaitThatIsRefusedCountsAsShortAndTheLinkSaysWhy) {
  wait_answer_ = "-NOPERM this user has no permissions to run the 'wait' command\r\n";
  open_and_wait();
  ask_durably("a");
  ASSERT_TRUE(run_all());
  EXPECT_EQ(questions_.all()[0].failure, RedisFailure::kNotReplicated);
  EXPECT_EQ(link_->counters().waits_short.value(), 1u);
  EXPECT_THAT(link_->fault(), HasSubstr("WAIT was answered 'NOPERM"));
}

TEST_F(RedisDurableTest, ThereIsOneWaitAtATimeAndWhatIsDurableMeanwhileGoesTogetherWithTheNext) {
  bool blocked = false;  // by a WAIT: nothing behind it is answered
  server_.on_command = [&](const Words& words) {
    blocked = blocked || words[0] == "WAIT";
    return blocked ? Answer{} : Answer{"+" + words.back() + "\r\n"};
  };
  open_and_wait();
  ask_durably("a");
  ASSERT_TRUE(run([&] { return sent() == "aW"; }));
  questions_.ask(*link_, "GET", "b");
  ask_durably("c");
  questions_.ask(*link_, "GET", "d");
  ASSERT_TRUE(run([&] { return sent() == "aWb"; }));
  ask_durably("e");
  run_what_is_there();
  EXPECT_EQ(sent(), "aWb") << "requests are executed in order, and the next WAIT comes after this one";
  blocked = false;
  server_.say(":1\r\n+b\r\n");
  ASSERT_TRUE(run([&] { return sent() == "aWbcdeW"; }));
  server_.say(":1\r\n");
  ASSERT_TRUE(run_all());
  EXPECT_EQ(link_->counters().waits.value(), 2u);
  for (const Question& question : questions_.all()) EXPECT_EQ(question.failure, RedisFailure::kNone);
}

TEST_F(RedisDurableTest, AnErrorIsHandedOnAtOnceAndAskedAgainItIsDurableThere) {
  auto book = std::make_shared<ScriptBook>();
  const RedisScript& script = book->add("one", "return 1");
  options_.scripts = book;
  open_and_wait();
  bool known = false;
  server_.on_greeting = [&](const Words& words) {
    known = known || words[0] == "SCRIPT";
    return Answer{"+OK\r\n"};
  };
  server_.on_command = [&](const Words& words) {
    if (words[0] == "WAIT") return Answer{known ? ":1\r\n" : ":0\r\n"};
    return known ? Answer{"+done\r\n"} : Answer{"-NOSCRIPT No matching script.\r\n"};
  };
  Question& question = questions_.prepare("EVALSHA", script.sha1, 0, "a");
  question.request.script = &script;
  question.request.durable = true;
  link_->submit(question.request);
  ASSERT_TRUE(run_all());
  EXPECT_EQ(question.text, "done");
  EXPECT_EQ(sent(), "aWaW") << "the WAIT of what was refused says nothing of it";
  EXPECT_EQ(link_->counters().waits_short.value(), 1u);
}

TEST_F(RedisDurableTest, CountsWhatAServerWithoutGoodReplicasRefuses) {
  open_and_wait();
  server_.on_command = [](const Words& words) {
    return Answer{words[0] == "WAIT" ? ":0\r\n" : "-NOREPLICAS Not enough good replicas to write.\r\n"};
  };
  const Question& question = ask_durably("a");
  ASSERT_TRUE(run_all());
  EXPECT_TRUE(question.is_error);
  EXPECT_EQ(link_->counters().no_replicas.value(), 1u);
  EXPECT_EQ(link_->counters().error_replies.value(), 1u);
}

TEST_F(RedisDurableTest, WhatIsHeldWhenTheConnectionIsLostHasAnUnknownOutcomeOrIsSentAgain) {
  open_and_wait();
  server_.on_command = [&](const Words& words) {
    if (words[0] == "WAIT") return server_.accepted() == 1 ? Answer{"", true} : Answer{":1\r\n"};
    return Answer{"+" + std::to_string(server_.accepted()) + "\r\n"};
  };
  Question& twice = questions_.prepare("SET", "a");
  twice.request.durable = twice.request.idempotent = true;
  link_->submit(twice.request);
  const Question& once = ask_durably("b");
  ASSERT_TRUE(run_all());
  EXPECT_EQ(once.failure, RedisFailure::kUnknownOutcome);
  EXPECT_EQ(twice.failure, RedisFailure::kNone);
  EXPECT_EQ(twice.text, "2");
  EXPECT_EQ(sent(), "abWaW");
  questions_.expect_each_answered_once();
}

TEST_F(RedisDurableTest, AHurriedRequestIsGivenUpWhileItIsHeldWithoutDisturbingTheOthers) {
  wait_answer_ = "";
  open_and_wait();
  Question& hurried = questions_.prepare("SET", "a");
  hurried.request.durable = true;
  hurried.request.timeout = milliseconds(5);
  link_->submit(hurried.request);
  const Question& patient = ask_durably("b");
  ASSERT_TRUE(run([&] { return hurried.answers == 1; }));
  EXPECT_EQ(hurried.failure, RedisFailure::kNotReplicated);
  EXPECT_EQ(link_->counters().timeouts.value(), 1u);
  server_.say(":1\r\n");
  ASSERT_TRUE(run_all());
  EXPECT_EQ(patient.text, "b");
  EXPECT_EQ(link_->counters().disconnects.value(), 0u);
}

TEST_F(RedisDurableTest, AHurriedRequestIsGivenUpBeforeItsReplyAndTheWaitIsStillTheOthers) {
  open_and_wait();
  server_.on_command = [](const Words&) { return Answer{}; };
  Question& patient = questions_.prepare("SET", "a");
  patient.request.durable = true;
  link_->submit(patient.request);
  Question& hurried = questions_.prepare("SET", "b");
  hurried.request.durable = true;
  hurried.request.timeout = milliseconds(5);
  link_->submit(hurried.request);
  ASSERT_TRUE(run([&] { return hurried.answers == 1; }));
  EXPECT_EQ(hurried.failure, RedisFailure::kUnknownOutcome);
  server_.say("+1\r\n+2\r\n:1\r\n");
  ASSERT_TRUE(run_all());
  EXPECT_EQ(patient.text, "1");
  EXPECT_EQ(link_->counters().disconnects.value(), 0u);
}

TEST_F(RedisDurableTest, GivesUpOnAServerThatDoesNotAnswerAWait) {
  options_.command_timeout = milliseconds(40);
  options_.wait_timeout = milliseconds(10);
  wait_answer_ = "";
  open_and_wait();
  const Question& question = ask_durably("a");
  ASSERT_TRUE(run_all());
  EXPECT_EQ(question.failure, RedisFailure::kUnknownOutcome);
  EXPECT_THAT(link_->fault(), HasSubstr("no answer in time"));
  wait_answer_ = ":1\r\n";
  ASSERT_TRUE(run([&] { return link_->ready(); }));
  ask_durably("b");
  ASSERT_TRUE(run_all());
  EXPECT_EQ(questions_.all().back().failure, RedisFailure::kNone);
}

// Nothing else would ever be late: what is held was given up, what is new is not sent.
TEST_F(RedisDurableTest, GivesUpOnASilentServerWhenAllRequestsAreHurried) {
  options_.command_timeout = milliseconds(60);
  options_.wait_timeout = milliseconds(10);
  wait_answer_ = "";
  open_and_wait();
  questions_.on_answer = [&](Question& question) {
    if (link_->counters().disconnects.value() == 0) link_->submit(question.request);
  };
  Question& hurried = questions_.prepare("SET", "a");
  hurried.request.durable = true;
  hurried.request.timeout = milliseconds(3);
  link_->submit(hurried.request);
  EXPECT_TRUE(run([&] { return link_->counters().disconnects.value() == 1; }));
}

TEST_F(RedisDurableTest, MayBeClosedWhileADurableAnswerIsHandledAndFailsTheRest) {
  open_and_wait();
  questions_.on_answer = [&](Question&) { link_->close(); };
  for (const char* name : {"a", "b", "c"}) ask_durably(name);
  ASSERT_TRUE(run_all());
  questions_.expect_each_answered_once();
  EXPECT_EQ(questions_.all()[0].text, "a");
  EXPECT_EQ(questions_.all()[1].failure, RedisFailure::kUnknownOutcome);
  EXPECT_EQ(questions_.all()[2].failure, RedisFailure::kUnknownOutcome);
}

TEST_F(RedisDurableTest, MayBeAskedAgainWhenItIsAnswered) {
  open_and_wait();
  int left = 50;
  questions_.on_answer = [&](Question& question) {
    if (left-- > 0) link_->submit(question.request);
  };
  for (const char* name : {"a", "b"}) ask_durably(name);
  ASSERT_TRUE(run([&] { return questions_.answered() == 52; }));
  EXPECT_EQ(link_->counters().waits.value(), 26u) << "two together each time";
}

TEST_F(RedisDurableTest, KeepsRepliesOfEveryShape) {
  open_and_wait();
  const std::vector<std::string> shapes = {":7\r\n",  "$-1\r\n", "$0\r\n\r\n",
                                           "*-1\r\n", "*0\r\n",  "*3\r\n:1\r\n$3\r\nabc\r\n*2\r\n+x\r\n:-5\r\n"};
  std::size_t next = 0;
  server_.on_command = [&](const Words& words) { return Answer{words[0] == "WAIT" ? ":1\r\n" : shapes[next++]}; };
  struct Asked {
    RedisRequest request;
    std::string shown;
    static void show(const RedisReply& reply, std::string& to) {
      if (reply.is_nil()) to += "nil ";
      if (reply.type() == RedisReply::Type::kInteger) to += std::to_string(reply.integer()) + " ";
      if (!reply.is_array() && !reply.is_nil() && reply.type() != RedisReply::Type::kInteger) {
        to += "'" + std::string(reply.text()) + "' ";
      }
      if (!reply.is_array()) return;
      to += "[ ";
      for (const RedisReply& element : reply.elements()) show(element, to);
      to += "] ";
    }
  };
  std::vector<Asked> asked(shapes.size());
  for (Asked& one : asked) {
    append_command(one.request.command, "GET", "x");
    one.request.durable = true;
    one.request.owner = &one;
    one.request.done = [](RedisRequest& request, const RedisReply* reply, RedisFailure) {
      ASSERT_NE(reply, nullptr);
      Asked::show(*reply, static_cast<Asked*>(request.owner)->shown);
    };
    link_->submit(one.request);
  }
  ASSERT_TRUE(run([&] { return !asked.back().shown.empty(); }));
  std::vector<std::string> shown;
  for (const Asked& one : asked) shown.push_back(one.shown);
  EXPECT_THAT(shown, ElementsAre("7 ", "nil ", "'' ", "nil ", "[ ] ", "[ 1 'abc' [ 'x' -5 ] ] "));
}

// A cluster of one node, which points at another.
TEST_F(RedisDurableTest, InAClusterEachNodeIsAskedToWaitForWhatItExecutes) {
  FakeRedis other(loop_);
  const auto slots = [](const FakeRedis& primary) {
    return "*1\r\n*3\r\n:0\r\n:16383\r\n*3\r\n$9\r\n127.0.0.1\r\n:" + std::to_string(primary.port()) +
           "\r\n$1\r\nx\r\n";
  };
  int map = 0;
  server_.on_command = [&](const Words& words) {
    if (words[0] == "CLUSTER") return Answer{++map == 1 ? slots(server_) : slots(other)};
    if (words[0] == "WAIT") return Answer{":0\r\n"};
    return Answer{"-MOVED 12182 " + other.address() + "\r\n"};
  };
  std::string wait = ":1\r\n";
  other.on_command = [&](const Words& words) {
    if (words[0] == "CLUSTER") return Answer{slots(other)};
    return words[0] == "WAIT" ? Answer{wait} : Answer{"+there\r\n"};
  };
  auto link =
      open_redis_link(loop_.get_executor(), *parse_redis_url("redis+cluster://" + server_.address()), options_, clock_);
  link_ = std::move(*link);
  ASSERT_TRUE(run([&] { return link_->ready(); }));
  const auto ask = [&]() -> Question& {
    Question& question = questions_.prepare("SET", "foo");
    question.request.slot = redis_slot("foo");
    question.request.durable = question.request.idempotent = true;
    link_->submit(question.request);
    return question;
  };
  const Question& moved = ask();
  ASSERT_TRUE(run_all());
  EXPECT_EQ(moved.text, "there");
  wait = ":0\r\n";
  const auto before = link_->counters().commands_sent.value();
  const Question& unsure = ask();
  ASSERT_TRUE(run_all());
  EXPECT_EQ(unsure.failure, RedisFailure::kNotReplicated);
  EXPECT_EQ(link_->counters().commands_sent.value(), before + 1) << "not sent again, though it is idempotent";
}

}  // namespace
}  // namespace tacos::redis
