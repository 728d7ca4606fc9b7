#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "core/clock.h"
#include "support/redis_server.h"
#include "tacos-gateway/redis_store/redis_store.h"

namespace tacos::gateway {

// The one server of this program, empty again for each test.
inline support::RedisServer& fresh_redis() {
  static support::RedisServer server;
  EXPECT_EQ(server.fault(), "");
  server.ask({"FLUSHALL"});
  server.ask({"SCRIPT", "FLUSH"});
  return server;
}

// A gateway's store on that server, and its loop. Time is what the test's clock says.
class RedisGateway {
 public:
  RedisGateway(support::RedisServer& server, RedisStoreOptions options, const core::Clock& clock)
      : RedisGateway("unix://" + server.socket_path(), std::move(options), clock) {}
  RedisGateway(const std::string& url, RedisStoreOptions options, const core::Clock& clock) {
    options.facts_interval = core::Nanos(0);
    options.server_time = false;
    auto opened = RedisStore::open(*redis::parse_redis_url(url), std::move(options), clock);
    EXPECT_TRUE(opened.has_value());
    store_ = std::move(*opened);
  }

  RedisStore& store() { return *store_; }
  boost::asio::io_context& loop() { return loop_; }

  void tick() {
    wait([this](std::function<void()> done) { store_->tick_then(std::move(done)); });
  }
  void refresh() {
    wait([this](std::function<void()> done) { store_->refresh_then(std::move(done)); });
  }
  void run_until(const std::function<bool()>& condition) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    loop_.restart();
    while (!condition() && std::chrono::steady_clock::now() < limit) loop_.run_one_for(std::chrono::milliseconds(100));
  }

 private:
  template <class Start>
  static void wait(Start start) {
    std::promise<void> done;
    start([&done] { done.set_value(); });
    EXPECT_EQ(done.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
  }

  boost::asio::io_context loop_{1};
  std::unique_ptr<RedisStore> store_;
};

}  // namespace tacos::gateway
