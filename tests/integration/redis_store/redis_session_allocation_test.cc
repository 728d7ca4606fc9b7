// Nothing is allocated per command once the first few have passed.

#include <gtest/gtest.h>

#include "redis_under_test.h"
#include "support/allocation_counter.h"

namespace tacos::gateway {
namespace {

TEST(RedisSessionAllocation, IsNoneForACommandOnceWarm) {
  core::ManualClock clock;
  RedisGateway gateway(fresh_redis(), {.command_timeout = std::chrono::seconds(5)}, clock);
  const auto session = gateway.store().open_session(gateway.loop().get_executor());
  bool done = false;
  StoreCommand command;
  command.owner = &done;
  command.done = [](StoreCommand& c) { *static_cast<bool*>(c.owner) = true; };
  const auto run = [&](StoreCommand::Kind kind) {
    done = false;
    command.kind = kind;
    StoreCommand* batch[] = {&command};
    session->submit(batch);
    gateway.loop().restart();
    while (!done) gateway.loop().run_one();
    return command.outcome;
  };
  command.event_id = "e1";
  command.user = {1, 2};
  command.proof = 3;
  ASSERT_EQ(run(StoreCommand::Kind::kJoin), StoreOutcome::kOk);
  for (int i = 0; i < 200; ++i) run(i % 2 == 0 ? StoreCommand::Kind::kStatus : StoreCommand::Kind::kEnter);
  const std::size_t before = support::allocations();
  for (int i = 0; i < 2000; ++i) {
    ASSERT_EQ(run(StoreCommand::Kind::kJoin), StoreOutcome::kOk);
    ASSERT_EQ(run(StoreCommand::Kind::kStatus), StoreOutcome::kOk);
    ASSERT_EQ(run(StoreCommand::Kind::kEnter), StoreOutcome::kNotReady);
  }
  EXPECT_EQ(support::allocations() - before, 0u) << "over 6000 commands";
  gateway.refresh();  // from here on the mirror answers
  run(StoreCommand::Kind::kStatus);
  const std::size_t mirrored = support::allocations();
  for (int i = 0; i < 2000; ++i) ASSERT_EQ(run(StoreCommand::Kind::kStatus), StoreOutcome::kOk);
  EXPECT_EQ(support::allocations() - mirrored, 0u);
}

}  // namespace
}  // namespace tacos::gateway
