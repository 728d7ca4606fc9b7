#include "tacos-plan/plan/redis_plan.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

#include "tacos-plan/document/number_text.h"
#include "tacos-plan/redis/redis_load.h"
#include "tacos-plan/redis/server_memory.h"

namespace tacos::plan {
namespace {

using Q = Quantity;

constexpr double kGib = 1024.0 * 1024 * 1024;
constexpr double kBytesPerGigabit = 1e9 / 8;

std::uint64_t whole(double value) {
  return static_cast<std::uint64_t>(std::max(1.0, std::ceil(value - 1e-9)));
}

struct Share {
  double commands = 0, cores = 0;
};

Share sum_of(const std::vector<RedisOperation>& operations, const LoadParameters& load, const CommandCosts& costs) {
  Share share;
  for (const auto& operation : operations) {
    for (const auto& step : operation.steps) share.commands += step.times * operation.per_second;
    share.cores += operation_cpu_us(operation, load, costs) * operation.per_second / 1e6;
  }
  return share;
}

// Status by strategy. A rank is one ZRANK a request. A watermark is none: each gateway reads the two facts a few times
// a second, whatever the users ask. Presence is written once a heartbeat interval, not once a request.
std::vector<RedisOperation> operations_of(const PlanInputs& in, const LoadParameters& load, double pods) {
  std::vector<RedisOperation> operations = redis_operations(load);
  std::erase_if(operations, [](const RedisOperation& operation) { return operation.name == "status"; });
  if (load.strategy == PositionStrategy::kIndex) {
    operations.push_back({"status", load.statuses_per_second, false, {{Command::kZrank}}});
  } else if (load.strategy == PositionStrategy::kWatermark) {
    operations.push_back(
        {"watermark", pods / in[Q::kWatermarkRefresh], false, {{Command::kHmgetState}, {Command::kHmgetState}}});
  } else {
    // As the original's published gateway makes them.
    operations.push_back(
        {"status", load.statuses_per_second, false, {{Command::kKeys}, {Command::kHget, 6}, {Command::kHset, 2}}});
  }
  return operations;
}

// What need not stay one atomic key, as the tickets, the users' map and admission must: it is spread over buckets.
bool may_be_spread(std::string_view operation) {
  return operation == "heartbeat" || operation == "status";
}

double walks_of(const RedisOperation& operation) {
  double walks = 0;
  for (const auto& step : operation.steps) walks += step.command == Command::kKeys ? step.times : 0;
  return walks;
}

LoadParameters load_of(const PlanInputs& in, const AdmissionPlan& admission, const PollingPlan& polling,
                       PositionStrategy strategy) {
  LoadParameters load;
  load.strategy = strategy;
  load.users = static_cast<std::uint64_t>(std::max(1.0, polling.in_line));
  load.joins_per_second = in[Q::kArrivalTime] > 0 ? polling.joins_rps : 0;
  load.statuses_per_second = polling.status_rps;
  load.heartbeats_per_second = std::min(polling.status_rps, polling.in_line / in[Q::kHeartbeatInterval]);
  load.admissions_per_second = admission.rate;
  load.requests_together = in[Q::kRedisPipeline];
  return load;
}

RedisBuild build_of(const PlanInputs& in) {
  RedisBuild build = in.redis_engine == RedisEngine::kValkey ? RedisBuild::valkey() : RedisBuild::debian();
  build.cluster = in[Q::kRedisShards] != 1;
  return build;
}

// "tacos:{event}:seen" for the sixteen digits that a key really has.
std::string named_for_people(std::string pattern, const std::string& event) {
  const auto at = pattern.find(event);
  return at == std::string::npos ? pattern : pattern.replace(at, event.size(), "event");
}

// Gives the bytes that are spread over buckets.
double reckon_memory(const PlanInputs& in, const AdmissionPlan& admission, double pods, RedisPlan& plan,
                     Derivations& derive) {
  LayoutParameters layout;
  layout.users = static_cast<std::uint64_t>(in[Q::kUsers]);
  layout.user_id_bytes = in[Q::kUserIdBytes];
  layout.buckets = static_cast<std::uint64_t>(in[Q::kLineBuckets]);
  layout.strategy = in.position;
  layout.admitted_alive =
      static_cast<std::uint64_t>(std::min(in[Q::kUsers], std::ceil(admission.rate * in[Q::kGrantTtl])));
  const bool keys = in.position == PositionStrategy::kKeys;
  const KeyLayout keyed = keys ? original_layout(layout) : waiting_room_layout(layout);
  const LayoutMemory memory = layout_memory(keyed, build_of(in), true);
  double spread = 0;
  for (std::size_t i = 0; i < memory.families.size(); ++i) {
    const auto& family = keyed.families[i];
    plan.families.push_back({named_for_people(family.pattern, layout.event),
                             static_cast<double>(family.keys * family.key.holds.entries),
                             memory.families[i].used_memory_bytes});
    if (family.pattern.find("<bucket>") != std::string::npos) spread += memory.families[i].used_memory_bytes;
  }
  plan.memory_bytes =
      derive.add("redis.memory_bytes", memory.used_memory_bytes, "bytes",
                 fmt::format("Σ over {} key families of {} users, each block as allocated, tables doubling",
                             memory.families.size(), count_text(in[Q::kUsers])),
                 "Redis 7.0 source (dict.c, t_zset.c, listpack.c, sds.c) and jemalloc's size classes; held within 5 % "
                 "of MEMORY USAGE");
  plan.connections_bytes = connections_bytes(static_cast<std::uint64_t>(pods * in[Q::kRedisConnections]), 0) +
                           replication_bytes({.replicas = static_cast<std::uint64_t>(in[Q::kRedisReplicas])});
  return spread;
}

void reckon_load(const PlanInputs& in, const AdmissionPlan& admission, const PollingPlan& polling, double pods,
                 RedisPlan& plan, Derivations& derive) {
  const CommandCosts costs;
  for (const auto strategy : {PositionStrategy::kKeys, PositionStrategy::kIndex, PositionStrategy::kWatermark}) {
    const LoadParameters load = load_of(in, admission, polling, strategy);
    const Share share = sum_of(operations_of(in, load, pods), load, costs);
    plan.strategies.push_back({strategy, share.commands, share.cores});
  }
  const LoadParameters load = load_of(in, admission, polling, in.position);
  const auto operations = operations_of(in, load, pods);
  const Share all = sum_of(operations, load, costs);
  plan.commands_per_sec = derive.add("redis.commands_per_sec", all.commands, "1/s",
                                     fmt::format("joins, heartbeats, admissions and {} positions by {}",
                                                 rate_text(polling.status_rps), name_of(in.position)),
                                     "commands of each operation × how often it runs");
  plan.cpu_cores = derive.add("redis.cpu_cores", all.cores, "cores", "Σ rate × CPU of the operation",
                              "utilisation law U = X · D (Denning and Buzen, 1978); D measured on Redis 7.0.15");
  for (const auto& operation : operations) {
    plan.operations.push_back({operation.name, operation.per_second, operation.per_second,
                               operation_cpu_us(operation, load, costs) / 1e6,
                               walks_of(operation) * costs.keys_per_key / 1e6});
  }
}

// Of what is spread over buckets, what falls to a shard.
double share_of_shard(double buckets, std::uint64_t shards) {
  return std::ceil(buckets / static_cast<double>(shards) - 1e-9) / buckets;
}

// As many shards as the buckets have use for until the core of the event's own tag is within its limit.
std::uint64_t shards_for_core(const PlanInputs& in, const RedisPlan& plan, std::uint64_t from) {
  double atomic = 0, spread = 0;
  for (const auto& operation : plan.operations) {
    (may_be_spread(operation.name) ? spread : atomic) += operation.per_sec * operation.cpu_sec;
  }
  const double buckets = in[Q::kLineBuckets];
  std::uint64_t shards = from;
  while (static_cast<double>(shards) < buckets &&
         atomic + spread * share_of_shard(buckets, shards) > in[Q::kRedisCpuLimit]) {
    ++shards;
  }
  return shards;
}

// The shard that has the event's own tag: all that is atomic, and as many of the buckets as fall to a shard.
void reckon_hot_slot(const PlanInputs& in, const LoadParameters& load, double pods, double spread_bytes,
                     RedisPlan& plan, Derivations& derive) {
  const double buckets = in[Q::kLineBuckets];
  const double share = share_of_shard(buckets, plan.shards_used);
  auto operations = operations_of(in, load, pods);
  for (std::size_t i = 0; i < operations.size(); ++i) {
    if (may_be_spread(operations[i].name)) operations[i].per_second *= share;
    plan.operations[i].hot_per_sec = operations[i].per_second;
  }
  const Share hot = sum_of(operations, load, CommandCosts());
  plan.hot_slot.tag = "{event}";
  plan.hot_slot.commands_per_sec = hot.commands;
  plan.hot_slot.cpu_cores = derive.add(
      "redis.hot_slot.cpu_cores", hot.cores, "cores",
      buckets > 1 ? fmt::format("what has to be atomic, and {} of the rest: the buckets of one of {} shard{}",
                                share_text(share), plan.shards_used, plan.shards_used == 1 ? "" : "s")
                  : std::string("all of it: one tag, one slot"),
      "Redis Cluster: keys with the same hash tag are in one slot (cluster specification)");
  plan.hot_slot.utilisation = hot.cores;
  plan.hot_slot.memory_bytes = plan.memory_bytes - spread_bytes * (1 - share) + plan.connections_bytes;
  plan.bandwidth_bytes_per_sec = hot.commands * in[Q::kRedisCommandBytes];
}

void size_cluster(const PlanInputs& in, const Catalogues& catalogues, RedisPlan& plan, Derivations& derive) {
  const auto node = node_type(catalogues.node_types, in.redis_node);
  if (!node) return;
  plan.node_type = node->name;
  plan.node_memory_bytes = node->memory_gib * kGib;
  plan.node_baseline_bytes_per_sec = node->baseline_gbps * kBytesPerGigabit;
  plan.node_burst_bytes_per_sec = node->burst_gbps * kBytesPerGigabit;
  // A small node keeps back more than the usual quarter.
  const double usable = 1 - node->reserved_share;
  plan.memory_limit =
      in.is_default(Q::kRedisMemoryLimit) ? std::min(in[Q::kRedisMemoryLimit], usable) : in[Q::kRedisMemoryLimit];
  plan.shards_by_memory =
      whole((plan.memory_bytes + plan.connections_bytes) / (plan.memory_limit * plan.node_memory_bytes));
  plan.shards_by_cpu = whole(plan.cpu_cores / in[Q::kRedisCpuLimit]);
  plan.shards_by_network = whole(plan.commands_per_sec * in[Q::kRedisCommandBytes] /
                                 (in[Q::kRedisNetworkLimit] * plan.node_baseline_bytes_per_sec));
  const auto buckets = static_cast<std::uint64_t>(in[Q::kLineBuckets]);
  // What has one tag can't be spread: shards beyond the buckets would stay idle.
  const std::uint64_t wanted = std::max({plan.shards_by_memory, plan.shards_by_cpu, plan.shards_by_network});
  plan.shards = in[Q::kRedisShards] > 0 ? static_cast<std::uint64_t>(in[Q::kRedisShards])
                                        : shards_for_core(in, plan, std::min(wanted, buckets));
  plan.shards_used = std::min(plan.shards, buckets);
  plan.replicas_per_shard = static_cast<std::uint64_t>(in[Q::kRedisReplicas]);
  plan.nodes = plan.shards * (1 + plan.replicas_per_shard);
  derive.add("redis.shards", static_cast<double>(plan.shards), "shards",
             in[Q::kRedisShards] > 0
                 ? std::string("given")
                 : fmt::format("max({} by memory, {} by CPU, {} by network), at most the {} hash tag{} of the line",
                               plan.shards_by_memory, plan.shards_by_cpu, plan.shards_by_network, buckets,
                               buckets == 1 ? "" : "s"),
             "memory ÷ (limit × node), CPU ÷ (limit × core), bytes ÷ (limit × baseline bandwidth)");
}

}  // namespace

core::Result<RedisPlan> plan_redis(const PlanInputs& in, const AdmissionPlan& admission, const PollingPlan& polling,
                                   const GatewayPlan& gateway, const Catalogues& catalogues, Derivations& derive) {
  RedisPlan plan;
  const auto pods = static_cast<double>(gateway.pods);
  const double spread_bytes = reckon_memory(in, admission, pods, plan, derive);
  reckon_load(in, admission, polling, pods, plan, derive);
  size_cluster(in, catalogues, plan, derive);
  reckon_hot_slot(in, load_of(in, admission, polling, in.position), pods, spread_bytes, plan, derive);
  return plan;
}

}  // namespace tacos::plan
