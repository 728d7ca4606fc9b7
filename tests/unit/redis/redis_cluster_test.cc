// A link to a cluster of two nodes that say whatever the test wants, on the test's own loop.

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>
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
using testing::HasSubstr;
using Answer = FakeRedis::Answer;
using Words = FakeRedis::Words;

// Slots below this are the first node's: "foo" is in 12182, "hello" in 866.
constexpr int kSplit = 8192;

class RedisClusterTest : public testing::Test {
 protected:
  RedisClusterTest() {
    options_.backoff_first = milliseconds(1);
    options_.backoff_most = milliseconds(8);
    options_.refresh_interval = milliseconds(5);
    options_.command_timeout = std::chrono::seconds(5);
    for (FakeRedis* node : {&low_, &high_}) serve(*node, [](const Words&) { return Answer{"+OK\r\n"}; });
  }

  // A node that knows the map and answers the rest as told.
  void serve(FakeRedis& node, std::function<Answer(const Words&)> rest) {
    node.on_command = [this, rest = std::move(rest)](const Words& words) {
      if (words[0] != "CLUSTER") return rest(words);
      ++maps_asked_;
      return Answer{map_()};
    };
  }
  static std::string entry(int first, int last, const FakeRedis& primary, const FakeRedis* replica = nullptr) {
    const auto node = [](const FakeRedis& at) {
      return fmt::format("*3\r\n$9\r\n127.0.0.1\r\n:{}\r\n$1\r\nx\r\n", at.port());
    };
    return fmt::format("*{}\r\n:{}\r\n:{}\r\n{}{}", replica == nullptr ? 3 : 4, first, last, node(primary),
                       replica == nullptr ? "" : node(*replica));
  }
  std::string halves() const { return "*2\r\n" + entry(0, kSplit - 1, low_) + entry(kSplit, 16383, high_); }

  void open() {
    const auto url = parse_redis_url("redis+cluster://" + low_.address());
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
  FakeRedis low_{loop_};
  FakeRedis high_{loop_};
  std::function<std::string()> map_ = [this] { return halves(); };
  unsigned maps_asked_ = 0;
  RedisLinkOptions options_;
  Questions questions_;
  std::unique_ptr<RedisLink> link_;
};

std::string moved(int slot, const FakeRedis& to) {
  return fmt::format("-MOVED {} {}\r\n", slot, to.address());
}
std::string ask(int slot, const FakeRedis& to) {
  return fmt::format("-ASK {} {}\r\n", slot, to.address());
}

TEST_F(RedisClusterTest, SendsEachRequestToTheNodeOfItsSlot) {
  serve(low_, [](const Words&) { return Answer{"+low\r\n"}; });
  serve(high_, [](const Words&) { return Answer{"+high\r\n"}; });
  open();
  const Question& foo = questions_.ask_of(*link_, "foo", "GET", "foo");
  const Question& hello = questions_.ask_of(*link_, "hello", "GET", "hello");
  const Question& any = questions_.ask(*link_, "PING");
  ASSERT_TRUE(run_all());
  EXPECT_EQ(foo.text, "high");
  EXPECT_EQ(hello.text, "low");
  EXPECT_EQ(any.failure, RedisFailure::kNone);
  EXPECT_EQ(maps_asked_, 1u);
}

TEST_F(RedisClusterTest, FollowsMovedAndRemembersIt) {
  map_ = [&] { return "*1\r\n" + entry(0, 16383, low_); };
  serve(low_, [&](const Words& words) { return Answer{words[1] == "foo" ? moved(12182, high_) : "+low\r\n"}; });
  serve(high_, [](const Words&) { return Answer{"+high\r\n"}; });
  options_.refresh_interval = std::chrono::seconds(10);
  open_and_wait();
  questions_.ask_of(*link_, "foo", "GET", "foo");
  ASSERT_TRUE(run_all());
  questions_.ask_of(*link_, "foo", "GET", "foo");
  ASSERT_TRUE(run_all());
  EXPECT_EQ(questions_.all()[0].text, "high");
  EXPECT_EQ(questions_.all()[1].text, "high");
  EXPECT_EQ(link_->counters().redirects_moved.value(), 1u);
}

TEST_F(RedisClusterTest, AsksForTheMapOnlySoOftenHoweverMuchHasMoved) {
  map_ = [&] { return "*1\r\n" + entry(0, 16383, low_); };
  serve(low_, [&](const Words&) { return Answer{moved(12182, high_)}; });
  options_.refresh_interval = std::chrono::seconds(10);
  open_and_wait();
  for (int asked = 0; asked < 100; ++asked) questions_.ask_of(*link_, "foo", "GET", "foo");
  ASSERT_TRUE(run_all());
  EXPECT_EQ(link_->counters().redirects_moved.value(), 100u);
  EXPECT_EQ(maps_asked_, 1u);
}

TEST_F(RedisClusterTest, AsksFirstWhereItIsToldToAndDoesNotRememberThat) {
  std::string before_get;
  serve(low_, [&](const Words&) { return Answer{ask(866, high_)}; });
  serve(high_, [&](const Words& words) {
    const bool asked = before_get == "ASKING";
    before_get = words[0];
    return Answer{words[0] == "ASKING" ? "+OK\r\n" : asked ? "+asked\r\n" : moved(866, low_)};
  });
  open_and_wait();
  for (int n = 0; n < 2; ++n) {
    questions_.ask_of(*link_, "hello", "GET", "hello");
    ASSERT_TRUE(run_all());
    EXPECT_EQ(questions_.all().back().text, "asked");
  }
  EXPECT_EQ(link_->counters().redirects_ask.value(), 2u);
  EXPECT_EQ(link_->counters().redirects_moved.value(), 0u);
}

TEST_F(RedisClusterTest, EndsALoopOfRedirections) {
  serve(low_, [&](const Words&) { return Answer{moved(866, high_)}; });
  serve(high_, [&](const Words&) { return Answer{moved(866, low_)}; });
  open_and_wait();
  const Question& question = questions_.ask_of(*link_, "hello", "GET", "hello");
  ASSERT_TRUE(run_all());
  EXPECT_TRUE(question.is_error);
  EXPECT_THAT(question.text, HasSubstr("MOVED 866"));
  EXPECT_EQ(link_->counters().redirects_moved.value(), options_.max_redirections);
}

TEST_F(RedisClusterTest, EndsALoopOfAsks) {
  const auto pass_on = [&](const FakeRedis& to) {
    return [&to](const Words& words) { return Answer{words[0] == "ASKING" ? "+OK\r\n" : ask(866, to)}; };
  };
  serve(low_, pass_on(high_));
  serve(high_, pass_on(low_));
  open_and_wait();
  const Question& question = questions_.ask_of(*link_, "hello", "GET", "hello");
  ASSERT_TRUE(run_all());
  EXPECT_THAT(question.text, HasSubstr("ASK 866"));
}

TEST_F(RedisClusterTest, HandsARedirectionThatLeadsNowhereOn) {
  serve(low_, [](const Words&) { return Answer{"-MOVED somewhere\r\n"}; });
  open_and_wait();
  const Question& question = questions_.ask_of(*link_, "hello", "GET", "hello");
  ASSERT_TRUE(run_all());
  EXPECT_EQ(question.text, "MOVED somewhere");
}

TEST_F(RedisClusterTest, IsPatientWithANodeThatAsksForIt) {
  int refusals = 0;
  serve(low_, [&](const Words&) {
    ++refusals;
    return Answer{refusals == 1   ? "-TRYAGAIN Multiple keys request during rehashing of slot\r\n"
                  : refusals == 2 ? "-CLUSTERDOWN The cluster is down\r\n"
                  : refusals == 3 ? "-LOADING Redis is loading the dataset in memory\r\n"
                                  : "+at last\r\n"};
  });
  open_and_wait();
  const Question& question = questions_.ask_of(*link_, "hello", "GET", "hello");
  ASSERT_TRUE(run_all());
  EXPECT_EQ(question.text, "at last");
  EXPECT_EQ(link_->counters().put_off.value(), 3u);
}

TEST_F(RedisClusterTest, LosesItsPatienceWhenARequestsTimeIsUp) {
  options_.command_timeout = milliseconds(40);
  serve(low_, [](const Words&) { return Answer{"-CLUSTERDOWN The cluster is down\r\n"}; });
  open_and_wait();
  const Question& question = questions_.ask_of(*link_, "hello", "GET", "hello");
  ASSERT_TRUE(run_all());
  EXPECT_EQ(question.answers, 1);
  EXPECT_TRUE(question.failure != RedisFailure::kNone || question.is_error);
  EXPECT_EQ(link_->counters().disconnects.value(), 0u) << "the server has answered all the time";
}

TEST_F(RedisClusterTest, SendsOnlyWhatWasNotSentToThePromotedNode) {
  open_and_wait();
  bool promoted = false;
  map_ = [&] { return promoted ? "*1\r\n" + entry(0, 16383, high_) : halves(); };
  serve(low_, [&](const Words&) {
    promoted = true;
    low_.stop_listening();
    return Answer{"", true};
  });
  Question& once = questions_.prepare("INCR", "hello");
  Question& twice = questions_.prepare("GET", "hello");
  for (Question* question : {&once, &twice}) question->request.slot = redis_slot("hello");
  twice.request.idempotent = true;
  link_->submit(once.request);
  link_->submit(twice.request);
  ASSERT_TRUE(run_all());
  EXPECT_EQ(once.failure, RedisFailure::kUnknownOutcome);
  EXPECT_EQ(twice.text, "OK");
  questions_.ask_of(*link_, "hello", "INCR", "hello");
  ASSERT_TRUE(run_all());
  EXPECT_EQ(questions_.all().back().text, "OK");
  EXPECT_TRUE(run([&] { return link_->ready(); }));
  questions_.expect_each_answered_once();
}

TEST_F(RedisClusterTest, WaitsForASlotThatNobodyServes) {
  map_ = [&] { return "*1\r\n" + entry(0, kSplit - 1, low_); };
  options_.command_timeout = std::chrono::seconds(5);
  open();
  const Question& hello = questions_.ask_of(*link_, "hello", "GET", "hello");
  ASSERT_TRUE(run([&] { return hello.answers == 1; }));
  EXPECT_FALSE(link_->ready());
  const Question& foo = questions_.ask_of(*link_, "foo", "GET", "foo");
  const auto asked = maps_asked_;
  ASSERT_TRUE(run([&] { return maps_asked_ > asked + 1; }));
  EXPECT_EQ(foo.answers, 0);
  map_ = [&] { return halves(); };
  ASSERT_TRUE(run_all());
  EXPECT_EQ(foo.text, "OK");
}

TEST_F(RedisClusterTest, SaysWhenNobodyHasAMap) {
  options_.command_timeout = milliseconds(40);
  map_ = [] { return "-ERR This instance has cluster support disabled\r\n"; };
  open();
  const Question& question = questions_.ask_of(*link_, "hello", "GET", "hello");
  ASSERT_TRUE(run_all());
  EXPECT_EQ(question.failure, RedisFailure::kNotSent);
  EXPECT_THAT(link_->fault(), HasSubstr("cluster support disabled"));
}

TEST_F(RedisClusterTest, ReadsFromReplicasWhatMayBeStale) {
  map_ = [&] { return "*1\r\n" + entry(0, 16383, low_, &high_); };
  serve(low_, [](const Words&) { return Answer{"+primary\r\n"}; });
  serve(high_, [](const Words&) { return Answer{"+replica\r\n"}; });
  open_and_wait();
  const auto read = [&] {
    Question& question = questions_.prepare("GET", "hello");
    question.request.slot = redis_slot("hello");
    question.request.stale_ok = true;
    link_->submit(question.request);
    EXPECT_TRUE(run_all());
    return question.text;
  };
  EXPECT_EQ(read(), "primary") << "until there is a connection";
  ASSERT_TRUE(run([&] { return read() == "replica"; }));
  EXPECT_EQ(high_.greetings().back(), Words{"READONLY"});
  questions_.ask_of(*link_, "hello", "GET", "hello");
  ASSERT_TRUE(run_all());
  EXPECT_EQ(questions_.all().back().text, "primary");

  serve(high_, [&](const Words&) { return Answer{"-MASTERDOWN Link with MASTER is down\r\n"}; });
  EXPECT_EQ(read(), "primary");
}

TEST_F(RedisClusterTest, GoesBackToItsSeedsWhenEverybodyElseIsGone) {
  FakeRedis elsewhere(loop_);
  serve(elsewhere, [](const Words&) { return Answer{"+elsewhere\r\n"}; });
  map_ = [&] { return "*1\r\n" + entry(0, 16383, elsewhere); };
  open_and_wait();
  map_ = [&] { return halves(); };
  elsewhere.stop_listening();
  elsewhere.close_connections();
  ASSERT_TRUE(run([&] { return !link_->ready(); }));
  questions_.ask_of(*link_, "hello", "GET", "hello");
  ASSERT_TRUE(run_all());
  EXPECT_EQ(questions_.all().back().text, "OK");
}

TEST_F(RedisClusterTest, KeepsTheOrderOfASlot) {
  open();
  std::string order;
  questions_.on_answer = [&](Question& question) { order += question.text; };
  serve(low_, [](const Words& words) { return Answer{"+" + words[1] + "\r\n"}; });
  std::string wanted;
  for (char letter = 'a'; letter <= 'z'; ++letter) {
    wanted += letter;
    questions_.ask_of(*link_, "hello", "ECHO", std::string_view(&letter, 1));
  }
  ASSERT_TRUE(run_all());
  EXPECT_EQ(order, wanted) << "also of those that waited for the map";
}

TEST_F(RedisClusterTest, RefusesMoreThanMayBePendingAndFailsWhatIsLeftWhenClosed) {
  options_.max_pending = 3;
  open();
  for (int asked = 0; asked < 5; ++asked) questions_.ask_of(*link_, "hello", "GET", "hello");
  EXPECT_EQ(questions_.all()[4].failure, RedisFailure::kOverloaded);
  EXPECT_EQ(link_->counters().overflows.value(), 2u);
  link_->close();
  questions_.expect_each_answered_once();
  EXPECT_EQ(questions_.all()[0].failure, RedisFailure::kNotSent);
  EXPECT_EQ(link_->counters().pending.value(), 0u);
  link_.reset();
  loop_.poll();
}

}  // namespace
}  // namespace tacos::redis
