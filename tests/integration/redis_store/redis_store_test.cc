#include <gtest/gtest.h>

#include "redis_under_test.h"

namespace tacos::gateway {
namespace {

TEST(RedisStore, AnswersAPing) {
  core::ManualClock clock;
  RedisGateway gateway(fresh_redis(), {}, clock);
  std::promise<bool> told;
  gateway.store().ping([&](core::Result<core::Nanos> result) { told.set_value(result.has_value()); });
  EXPECT_TRUE(told.get_future().get());
}

}  // namespace
}  // namespace tacos::gateway
