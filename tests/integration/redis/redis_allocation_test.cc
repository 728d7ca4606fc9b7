// Nothing is allocated per command once the first few have passed.

#include <array>
#include <chrono>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "redis/redis_command.h"
#include "redis/redis_link.h"
#include "support/allocation_counter.h"
#include "support/redis_server.h"

namespace tacos::redis {
namespace {

// So many at a time, each asked again as soon as it is answered.
class Pipeline {
 public:
  explicit Pipeline(RedisLink& link, bool durable = false) : link_(link) {
    for (RedisRequest& request : requests_) {
      request.owner = this;
      request.durable = durable;
      request.done = [](RedisRequest& done, const RedisReply* reply, RedisFailure failure) {
        auto& self = *static_cast<Pipeline*>(done.owner);
        if (failure != RedisFailure::kNone || reply->at(0).as_integer() != 1) ++self.wrong_;
        ++self.answered_;
        if (self.asked_ < self.wanted_) self.ask(done);
      };
    }
  }

  void run(boost::asio::io_context& loop, std::size_t commands) {
    wanted_ = asked_ + commands;
    for (RedisRequest& request : requests_) ask(request);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    loop.restart();
    while (answered_ < wanted_ && std::chrono::steady_clock::now() < end) loop.run_one_for(std::chrono::seconds(1));
    EXPECT_EQ(answered_, wanted_);
  }
  std::size_t wrong() const { return wrong_; }

 private:
  void ask(RedisRequest& request) {
    ++asked_;
    request.command.clear();
    RedisCommand(request.command, 6)
        .arg("EVAL")
        .arg("return {1, 'two', {ARGV[1]}}")
        .arg(1)
        .arg("key")
        .arg(asked_)
        .arg(0.5);
    link_.submit(request);
  }

  RedisLink& link_;
  std::array<RedisRequest, 64> requests_;
  std::size_t wanted_ = 0;
  std::size_t asked_ = 0;
  std::size_t answered_ = 0;
  std::size_t wrong_ = 0;
};

TEST(RedisLinkAllocation, IsNoneForEachCommandAfterTheFirst) {
  support::RedisServer server;
  ASSERT_EQ(server.fault(), "");
  boost::asio::io_context loop(1);
  core::SteadyClock clock;
  auto link = open_redis_link(loop.get_executor(), *parse_redis_url("unix://" + server.socket_path()), {}, clock);
  ASSERT_TRUE(link.has_value());
  Pipeline pipeline(**link);
  pipeline.run(loop, 5000);
  const std::size_t before = support::allocations();
  pipeline.run(loop, 20'000);
  const std::size_t allocated = support::allocations() - before;
  EXPECT_EQ(allocated, 0u) << "over 20000 commands";
  EXPECT_EQ(pipeline.wrong(), 0u);
  EXPECT_EQ((*link)->counters().replies.value(), 25'000u);
}

TEST(RedisLinkAllocation, IsNoneForEachDurableCommandEither) {
  support::RedisServer server({.port = support::free_port()});
  ASSERT_EQ(server.fault(), "");
  support::RedisServer replica({.replica_of = server.port()});
  ASSERT_TRUE(server.has_replicas(1));
  boost::asio::io_context loop(1);
  core::SteadyClock clock;
  RedisLinkOptions options;
  options.wait_replicas = 1;
  auto link = open_redis_link(loop.get_executor(), *parse_redis_url("unix://" + server.socket_path()), options, clock);
  ASSERT_TRUE(link.has_value());
  Pipeline pipeline(**link, true);
  pipeline.run(loop, 5000);
  const std::size_t before = support::allocations();
  pipeline.run(loop, 20'000);
  const std::size_t allocated = support::allocations() - before;
  EXPECT_EQ(allocated, 0u) << "over 20000 commands";
  EXPECT_EQ(pipeline.wrong(), 0u);
  EXPECT_GT((*link)->counters().waits.value(), 0u);
  EXPECT_EQ((*link)->counters().replies.value(), 25'000u);
}

}  // namespace
}  // namespace tacos::redis
