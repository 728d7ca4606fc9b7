// The link to a cluster, beside six real servers of the test's own.

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "redis/redis_link.h"
#include "support/redis_cluster_of_six.h"
#include "support/redis_questions.h"

namespace tacos::redis {
namespace {

using std::chrono::milliseconds;
using support::Question;
using support::Questions;
using support::RedisClusterOfSix;

class RealCluster : public testing::Test {
 protected:
  RealCluster() {
    options_.backoff_first = milliseconds(2);
    options_.backoff_most = milliseconds(50);
    options_.refresh_interval = milliseconds(20);
    options_.command_timeout = std::chrono::seconds(8);
  }

  void SetUp() override { ASSERT_EQ(cluster_.fault(), ""); }

  void open_and_wait() {
    auto link = open_redis_link(loop_.get_executor(), *parse_redis_url(cluster_.url()), options_, clock_);
    ASSERT_TRUE(link.has_value()) << link.error().message;
    link_ = std::move(*link);
    ASSERT_TRUE(run([&] { return link_->ready(); })) << link_->fault();
  }
  bool run(const std::function<bool()>& holds) { return support::run_until(loop_, holds); }
  bool run_all() {
    return run([&] { return questions_.all_answered(); });
  }
  std::string ask(std::string_view key, std::string_view name) {
    questions_.ask_of(*link_, key, name, key);
    EXPECT_TRUE(run_all()) << link_->fault();
    return questions_.all().back().text;
  }

  // Keeps several INCRs of one key going until told to stop, and counts what became of them.
  struct Stream {
    std::size_t executed = 0;
    std::size_t unknown = 0;
    std::size_t not_sent = 0;
    std::size_t errors = 0;
    std::string last_error;
    bool stop = false;
  };
  void begin_stream(Stream& stream, const std::string& key) {
    questions_.on_answer = [&, key](Question& question) {
      if (question.is_error) stream.last_error = question.text;
      (question.is_error                                   ? stream.errors
       : question.failure == RedisFailure::kNone           ? stream.executed
       : question.failure == RedisFailure::kUnknownOutcome ? stream.unknown
                                                           : stream.not_sent)++;
      if (!stream.stop) questions_.ask_of(*link_, key, "INCR", key);
    };
    for (int asked = 0; asked < 20; ++asked) questions_.ask_of(*link_, key, "INCR", key);
    ASSERT_TRUE(run([&] { return stream.executed > 200; }));
  }

  boost::asio::io_context loop_;
  core::SteadyClock clock_;
  RedisClusterOfSix cluster_;
  RedisLinkOptions options_;
  Questions questions_;
  std::unique_ptr<RedisLink> link_;
};

TEST_F(RealCluster, FindsEverySlot) {
  open_and_wait();
  for (int n = 0; n < 3000; ++n) {
    const std::string key = fmt::format("key:{}", n);
    questions_.ask_of(*link_, key, "SET", key, n);
  }
  ASSERT_TRUE(run_all());
  for (const Question& question : questions_.all()) ASSERT_EQ(question.text, "OK");
  EXPECT_EQ(link_->counters().redirects_moved.value(), 0u);
  long long keys = 0;
  for (std::size_t primary = 0; primary < RedisClusterOfSix::kPrimaries; ++primary) {
    const long long held = cluster_.node(primary).ask_number({"DBSIZE"});
    EXPECT_GT(held, 800);
    keys += held;
  }
  EXPECT_EQ(keys, 3000);
}

TEST_F(RealCluster, ReadsFromAReplicaWhenAllowed) {
  // Nodes name a replica only once they have heard how far it has got.
  options_.refresh_when_idle = milliseconds(100);
  open_and_wait();
  EXPECT_EQ(ask("foo", "INCR"), "1");
  ASSERT_TRUE(run([&] {
    Question& question = questions_.prepare("GET", "foo");
    question.request.slot = redis_slot("foo");
    question.request.stale_ok = true;
    link_->submit(question.request);
    EXPECT_TRUE(run_all());
    return question.text == "1" && link_->counters().replica_reads.value() > 0;
  }));
  EXPECT_EQ(link_->counters().redirects_moved.value(), 0u);
}

TEST_F(RealCluster, FollowsASlotThatMoves) {
  open_and_wait();
  const std::uint16_t slot = redis_slot("hello");
  const std::string stays = "{hello}:stays";
  const std::string goes = "{hello}:goes";
  const std::size_t from = cluster_.primary_of(slot, 0);
  const std::size_t to = (from + 1) % RedisClusterOfSix::kPrimaries;
  EXPECT_EQ(ask(stays, "INCR"), "1");
  EXPECT_EQ(ask(goes, "INCR"), "1");

  cluster_.begin_move(slot, from, to);
  cluster_.move_key(goes, from, to);
  EXPECT_EQ(ask(stays, "INCR"), "2");
  EXPECT_EQ(ask(goes, "INCR"), "2");
  EXPECT_EQ(ask("{hello}:new", "INCR"), "1");
  EXPECT_EQ(link_->counters().redirects_ask.value(), 2u);
  EXPECT_EQ(link_->counters().redirects_moved.value(), 0u);

  // Two keys of which one has gone can be served by nobody until the other follows.
  Question& both = questions_.prepare("MGET", stays, goes);
  both.request.slot = slot;
  link_->submit(both.request);
  ASSERT_TRUE(run([&] { return link_->counters().put_off.value() > 0; }));
  EXPECT_EQ(both.answers, 0);
  cluster_.move_key(stays, from, to);
  cluster_.finish_move(slot, to);
  ASSERT_TRUE(run_all());
  EXPECT_FALSE(both.is_error) << both.text;

  EXPECT_EQ(ask(stays, "INCR"), "3");
  EXPECT_EQ(ask(goes, "INCR"), "3");
  EXPECT_GE(link_->counters().redirects_moved.value() + link_->counters().redirects_ask.value(), 3u);
  questions_.expect_each_answered_once();
}

TEST_F(RealCluster, SaysMovedOnceWhenTheSlotHasGoneMeanwhile) {
  options_.refresh_interval = std::chrono::seconds(5);
  open_and_wait();
  const std::uint16_t slot = redis_slot("hello");
  const std::size_t from = cluster_.primary_of(slot, 0);
  const std::size_t to = (from + 1) % RedisClusterOfSix::kPrimaries;
  cluster_.begin_move(slot, from, to);
  cluster_.finish_move(slot, to);
  EXPECT_EQ(ask("hello", "INCR"), "1");
  EXPECT_EQ(ask("hello", "INCR"), "2");
  EXPECT_EQ(link_->counters().redirects_moved.value(), 1u);
}

TEST_F(RealCluster, GoesOnThroughAnOrderlyFailover) {
  open_and_wait();
  Stream stream;
  begin_stream(stream, "foo");
  const std::uint16_t slot = redis_slot("foo");
  const std::size_t primary = cluster_.primary_of(slot, 0);
  const std::size_t replica = primary + RedisClusterOfSix::kPrimaries;
  EXPECT_EQ(cluster_.node(replica).ask({"CLUSTER", "FAILOVER"}), "+OK");
  ASSERT_TRUE(run([&] { return cluster_.primary_of(slot, replica) == replica; }));
  const std::size_t before = stream.executed;
  ASSERT_TRUE(run([&] { return stream.executed > before + 500; })) << link_->fault();
  stream.stop = true;
  ASSERT_TRUE(run_all());
  EXPECT_EQ(stream.errors, 0u) << stream.last_error;
  EXPECT_EQ(stream.not_sent, 0u);
  EXPECT_EQ(stream.unknown, 0u);
  questions_.on_answer = nullptr;
  EXPECT_EQ(ask("foo", "GET"), std::to_string(stream.executed)) << "each INCR once";
  EXPECT_GE(link_->counters().redirects_moved.value(), 1u);
  questions_.expect_each_answered_once();
}

TEST_F(RealCluster, GoesOnWhenAPrimaryIsKilled) {
  auto book = std::make_shared<ScriptBook>();
  const RedisScript& script = book->add("get", "return redis.call('GET', KEYS[1])");
  options_.scripts = book;
  open_and_wait();
  Stream stream;
  begin_stream(stream, "foo");
  const std::size_t primary = cluster_.primary_of(redis_slot("foo"), 0);
  cluster_.node(primary).kill_now();
  ASSERT_TRUE(run([&] { return link_->counters().disconnects.value() > 0; }));
  const std::size_t before = stream.executed;
  ASSERT_TRUE(run([&] { return stream.executed > before + 500; })) << link_->fault();
  stream.stop = true;
  ASSERT_TRUE(run_all());
  EXPECT_EQ(stream.errors, 0u) << stream.last_error;
  EXPECT_EQ(stream.not_sent, 0u) << "what was not sent waited";
  EXPECT_LE(stream.unknown, 20u) << "only what was in flight";
  EXPECT_TRUE(run([&] { return link_->ready(); })) << link_->fault();
  questions_.expect_each_answered_once();

  // The promoted one may have lost the last writes, but never executed one twice.
  questions_.on_answer = nullptr;
  Question& question = questions_.prepare("EVALSHA", script.sha1, 1, "foo");
  question.request.slot = redis_slot("foo");
  question.request.script = &script;
  link_->submit(question.request);
  ASSERT_TRUE(run_all());
  EXPECT_LE(std::stoul(question.text), stream.executed + stream.unknown);
  EXPECT_GT(std::stoul(question.text), 500u);
}

}  // namespace
}  // namespace tacos::redis
