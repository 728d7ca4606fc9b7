#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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
    session_ = store_->open_session(loop_.get_executor());
  }

  RedisStore& store() { return *store_; }
  boost::asio::io_context& loop() { return loop_; }

  // A command as a call.
  StoreCommand run(StoreCommand command) {
    bool done = false;
    command.owner = &done;
    command.done = [](StoreCommand& c) { *static_cast<bool*>(c.owner) = true; };
    StoreCommand* batch[] = {&command};
    session_->submit(batch);
    run_until([&] { return done; });
    EXPECT_TRUE(done);
    return command;
  }
  EventSnapshot snapshot() {
    std::promise<core::Result<std::vector<EventSnapshot>>> told;
    store_->snapshot([&](core::Result<std::vector<EventSnapshot>> all) { told.set_value(std::move(all)); });
    const auto all = told.get_future().get();
    EXPECT_TRUE(all.has_value());
    return all.has_value() && !all->empty() ? all->front() : EventSnapshot{};
  }
  // -1: there is none of that name.
  double metric(std::string_view name) const {
    for (const StoreMetric& one : store_->metrics()) {
      if (one.name == name) return one.value;
    }
    return -1;
  }

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
  std::unique_ptr<StoreSession> session_;
};

inline StoreCommand join(RedisGateway& gateway, std::uint64_t user, const std::string& event = "e1") {
  StoreCommand command;
  command.kind = StoreCommand::Kind::kJoin;
  command.event_id = event;
  command.user = {user, ~user};
  command.proof = user + 1;
  return gateway.run(std::move(command));
}
inline StoreCommand ask(RedisGateway& gateway, StoreCommand::Kind kind, const TicketRef& ref) {
  StoreCommand command;
  command.kind = kind;
  command.ref = ref;
  return gateway.run(std::move(command));
}
inline StoreCommand status(RedisGateway& gateway, const TicketRef& ref) {
  return ask(gateway, StoreCommand::Kind::kStatus, ref);
}

}  // namespace tacos::gateway
