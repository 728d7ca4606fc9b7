#include "tacos-plan/prices/node_types.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tacos-plan/prices/quotas.h"
#include "unit/tacos-plan/prices/some_prices.h"

namespace tacos::plan {
namespace {

using testing::HasSubstr;

// The provider's user guide, "Supported node types": cache.m7g.large 0.937 and 12.5 Gbps, cache.m7g.xlarge 1.876.
TEST(NodeTypes, HoldWhatTheProvidersGuideSays) {
  const auto types = built_in_node_types().value();
  const auto large = node_type(types, "cache.m7g.large").value();
  EXPECT_EQ(large.memory_gib, 6.38);
  EXPECT_EQ(large.vcpus, 2U);
  EXPECT_EQ(large.baseline_gbps, 0.937);
  EXPECT_EQ(large.burst_gbps, 12.5);
  EXPECT_DOUBLE_EQ(usable_memory_gib(large), 6.38 * 0.75);
  EXPECT_DOUBLE_EQ(usable_memory_gib(node_type(types, "cache.t4g.micro").value()), 0.25);
}

TEST(NodeTypes, AllHaveAPriceWithBothEngines) {
  for (const auto& type : built_in_node_types().value()) {
    EXPECT_TRUE(us_east_1().has("elasticache.redis." + type.name + ".node_hour")) << type.name;
    EXPECT_TRUE(us_east_1().has("elasticache.valkey." + type.name + ".node_hour")) << type.name;
  }
}

TEST(NodeTypes, AreNamedWhenOneIsUnknown) {
  EXPECT_THAT(node_type(built_in_node_types().value(), "cache.x1.big").error().message,
              HasSubstr("'cache.x1.big' is not a known node type; there are cache.t4g.micro, "));
}

TEST(NodeTypes, RefuseABurstBelowTheBaselineAndHalfACore) {
  const auto with = [](const std::string& vcpus, const std::string& burst) {
    return read_node_types(R"({"schema": "tacos.node-types/1", "node_types": {"n": {"memory_gib": 1, "vcpus": )" +
                               vcpus + R"(, "baseline_gbps": 1, "burst_gbps": )" + burst +
                               R"(, "reserved_share": 0, "source": "s", "as_of": "2026", "verified": true}}})",
                           "n.json");
  };
  EXPECT_TRUE(with("2", "1"));
  EXPECT_THAT(with("2", "0.5").error().message, HasSubstr("/node_types/n/burst_gbps: 0.5 is not a number from 1"));
  EXPECT_THAT(with("1.5", "2").error().message, HasSubstr("/node_types/n/vcpus: 1.5 is not a whole number"));
}

TEST(Quotas, HoldTheDefaultsThatBite) {
  const auto quotas = QuotaCatalogue::built_in().value();
  EXPECT_EQ(quotas.quota("dynamodb.on_demand.table_write_units")->value, 40'000);
  EXPECT_TRUE(quotas.quota("dynamodb.on_demand.table_write_units")->adjustable);
  EXPECT_EQ(quotas.quota("dynamodb.partition.writes")->value, 1000);
  EXPECT_FALSE(quotas.quota("dynamodb.partition.writes")->adjustable);
  EXPECT_EQ(quotas.quota("api_gateway.requests")->value, 10'000);
  EXPECT_EQ(quotas.quota("lambda.concurrency")->value, 1000);
}

TEST(Quotas, HaveNoNumberForALimitThatIsNotKnown) {
  EXPECT_THAT(QuotaCatalogue::built_in()->quota("warp.factor").error().message,
              HasSubstr("no limit 'warp.factor' is known; add it to data/quotas/aws.json"));
  EXPECT_THAT(read_quotas(R"({"schema": "tacos.quotas/1", "provider": "p", "quotas": {"a": {"value": -1}}})", "q.json")
                  .error()
                  .message,
              HasSubstr("q.json: /quotas/a/value: -1 is not a number from 0"));
}

}  // namespace
}  // namespace tacos::plan
