#include <algorithm>

#include <fmt/format.h>

#include "tacos-plan/prices/cost/service_costs.h"

namespace tacos::plan {
namespace {

std::string_view name_of(CacheEngine engine) {
  return engine == CacheEngine::kRedis ? "redis" : "valkey";
}

}  // namespace

core::Result<Costs> dynamodb_on_demand_cost(const PriceCatalogue& prices, const DynamoDbOnDemandUse& use) {
  Bill bill(prices);
  bill.add("write request units", "dynamodb.on_demand.write_units", "per million write request units", use.write_units)
      .add("read request units", "dynamodb.on_demand.read_units", "per million read request units", use.read_units);
  if (use.storage_gb != 0) bill.add("GB-months stored", "dynamodb.storage_gb_month", "per GB-month", use.storage_gb);
  return bill.finish();
}

core::Result<Costs> dynamodb_provisioned_cost(const PriceCatalogue& prices, const DynamoDbProvisionedUse& use) {
  Bill bill(prices);
  bill.add("WCU-hours", "dynamodb.provisioned.wcu_hour", "per WCU-hour",
           product("write capacity units", use.write_capacity, "hours", use.hours))
      .add("RCU-hours", "dynamodb.provisioned.rcu_hour", "per RCU-hour",
           product("read capacity units", use.read_capacity, "hours", use.hours));
  if (use.storage_gb != 0) bill.add("GB-months stored", "dynamodb.storage_gb_month", "per GB-month", use.storage_gb);
  return bill.finish();
}

core::Result<Costs> elasticache_nodes_cost(const PriceCatalogue& prices, const ElastiCacheNodesUse& use) {
  return Bill(prices)
      .add("node hours", fmt::format("elasticache.{}.{}.node_hour", name_of(use.engine), use.node_type),
           "per node hour", product("nodes", use.nodes, "hours", use.hours))
      .finish();
}

core::Result<Costs> elasticache_serverless_cost(const PriceCatalogue& prices, const ElastiCacheServerlessUse& use) {
  const double least_gb = use.engine == CacheEngine::kRedis ? 1 : 0.1;
  const auto stored = given("GB stored", use.data_gb);
  if (!stored) return stored.error();
  const auto id = [&](std::string_view part) {
    return fmt::format("elasticache.serverless.{}.{}", name_of(use.engine), part);
  };
  return Bill(prices)
      .add("GB-hours", id("data_gb_hour"), "per GB-hour",
           product("GB stored", std::max(least_gb, *stored), "hours", use.hours))
      .add("ECPUs", id("ecpus"), "per million ECPUs", use.ecpus)
      .finish();
}

core::Result<Costs> rds_postgres_cost(const PriceCatalogue& prices, const RdsPostgresUse& use) {
  return Bill(prices)
      .add("instance hours", fmt::format("rds.postgresql.{}.hour", use.instance_type), "per hour",
           product("instances", use.instances, "hours", use.hours))
      .add("GB-months stored", "rds.postgresql.gp3_gb_month", "per GB-month", use.storage_gb)
      .finish();
}

}  // namespace tacos::plan
