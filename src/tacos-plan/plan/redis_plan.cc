#include "tacos-plan/plan/redis_plan.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "tacos-plan/document/number_text.h"
#include "tacos-plan/redis/redis_load.h"
#include "tacos-plan/redis/server_memory.h"

namespace tacos::plan {
namespace {

using Q = Quantity;

constexpr double kGib = 1024.0 * 1024 * 1024;
constexpr double kBytesPerGigabit = 1e9 / 8;
constexpr double kWireBytesPerCommand = 120;  // a command of three short words and its answer
constexpr double kRequestsTogether = 8;       // what a busy gateway has under way on a connection at once
constexpr double kConnectionsPerPod = 4;

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

// The part that has to stay one atomic key: the tickets, the users' map, admission. The rest may be spread over
// buckets.
bool may_be_spread(const RedisOperation& operation) {
  return operation.name == "heartbeat" || operation.name == "status";
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
  load.requests_together = kRequestsTogether;
  return load;
}

RedisBuild build_of(const PlanInputs& in) {
  RedisBuild build = in.redis_engine == RedisEngine::kValkey ? RedisBuild::valkey() : RedisBuild::debian();
  build.cluster = in[Q::kRedisShards] != 1;
  return build;
}

void reckon_memory(const PlanInputs& in, const AdmissionPlan& admission, double pods, RedisPlan& plan,
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
  for (std::size_t i = 0; i < memory.families.size(); ++i) {
    const auto& family = keyed.families[i];
    plan.families.push_back({family.pattern, static_cast<double>(family.keys * family.key.holds.entries),
                             memory.families[i].used_memory_bytes});
  }
  plan.memory_bytes =
      derive.add("redis.memory_bytes", memory.used_memory_bytes, "bytes",
                 fmt::format("Σ over {} key families of {} users, each block as allocated, tables doubling",
                             memory.families.size(), count_text(in[Q::kUsers])),
                 "Redis 7.0 source (dict.c, t_zset.c, listpack.c, sds.c) and jemalloc's size classes; held within 5 % "
                 "of MEMORY USAGE");
  plan.connections_bytes = connections_bytes(static_cast<std::uint64_t>(pods * kConnectionsPerPod), 0) +
                           replication_bytes({.replicas = static_cast<std::uint64_t>(in[Q::kRedisReplicas])});
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
  auto operations = operations_of(in, load, pods);
  const Share all = sum_of(operations, load, costs);
  plan.commands_per_sec = derive.add("redis.commands_per_sec", all.commands, "1/s",
                                     fmt::format("joins, heartbeats, admissions and {} positions by {}",
                                                 rate_text(polling.status_rps), name_of(in.position)),
                                     "commands of each operation × how often it runs");
  plan.cpu_cores = derive.add("redis.cpu_cores", all.cores, "cores", "Σ rate × CPU of the operation",
                              "utilisation law U = X · D (Denning and Buzen, 1978); D measured on Redis 7.0.15");
  const double buckets = in[Q::kLineBuckets];
  for (auto& operation : operations) {
    const double everywhere = operation.per_second;
    if (may_be_spread(operation)) operation.per_second /= buckets;
    const double walks = walks_of(operation);
    plan.operations.push_back({operation.name, everywhere, operation.per_second,
                               operation_cpu_us(operation, load, costs) / 1e6, walks * costs.keys_per_key / 1e6});
  }
  const Share hot = sum_of(operations, load, costs);
  plan.hot_slot.tag = buckets > 1 ? "{event}" : "{event}";
  plan.hot_slot.commands_per_sec = hot.commands;
  plan.hot_slot.cpu_cores =
      derive.add("redis.hot_slot.cpu_cores", hot.cores, "cores",
                 buckets > 1 ? fmt::format("what has to be atomic, and 1/{:g} of the rest", buckets)
                             : std::string("all of it: one tag, one slot"),
                 "Redis Cluster: keys with the same hash tag are in one slot (cluster specification)");
  plan.hot_slot.utilisation = hot.cores;
  plan.hot_slot.memory_bytes = plan.memory_bytes / (buckets > 1 ? 2 : 1) + plan.connections_bytes;
  plan.bandwidth_bytes_per_sec = hot.commands * kWireBytesPerCommand;
}

void size_cluster(const PlanInputs& in, const Catalogues& catalogues, RedisPlan& plan, Derivations& derive) {
  const auto node = node_type(catalogues.node_types, in.redis_node);
  if (!node) return;
  plan.node_type = node->name;
  plan.node_memory_bytes = node->memory_gib * kGib;
  plan.node_baseline_bytes_per_sec = node->baseline_gbps * kBytesPerGigabit;
  plan.node_burst_bytes_per_sec = node->burst_gbps * kBytesPerGigabit;
  plan.shards_by_memory =
      whole((plan.memory_bytes + plan.connections_bytes) / (in[Q::kRedisMemoryLimit] * plan.node_memory_bytes));
  plan.shards_by_cpu = whole(plan.cpu_cores / in[Q::kRedisCpuLimit]);
  plan.shards_by_network =
      whole(plan.bandwidth_bytes_per_sec / (in[Q::kRedisNetworkLimit] * plan.node_baseline_bytes_per_sec));
  const auto buckets = static_cast<std::uint64_t>(in[Q::kLineBuckets]);
  // What has one tag can't be spread: shards for its CPU would stay idle.
  const std::uint64_t spread = buckets > 1 ? std::min(plan.shards_by_cpu, buckets) : 1;
  plan.shards = in[Q::kRedisShards] > 0 ? static_cast<std::uint64_t>(in[Q::kRedisShards])
                                        : std::max({plan.shards_by_memory, spread, plan.shards_by_network});
  plan.shards_used = std::min(plan.shards, buckets);
  plan.replicas_per_shard = static_cast<std::uint64_t>(in[Q::kRedisReplicas]);
  plan.nodes = plan.shards * (1 + plan.replicas_per_shard);
  derive.add("redis.shards", static_cast<double>(plan.shards), "shards",
             in[Q::kRedisShards] > 0
                 ? std::string("given")
                 : fmt::format("max({} by memory, {} that the hot slot's buckets can use, {} by network)",
                               plan.shards_by_memory, spread, plan.shards_by_network),
             "memory ÷ (limit × node), CPU ÷ (limit × core), bytes ÷ (limit × baseline bandwidth)");
}

}  // namespace

core::Result<RedisPlan> plan_redis(const PlanInputs& in, const AdmissionPlan& admission, const PollingPlan& polling,
                                   const GatewayPlan& gateway, const Catalogues& catalogues, Derivations& derive) {
  RedisPlan plan;
  const auto pods = static_cast<double>(gateway.pods);
  reckon_memory(in, admission, pods, plan, derive);
  reckon_load(in, admission, polling, pods, plan, derive);
  size_cluster(in, catalogues, plan, derive);
  return plan;
}

}  // namespace tacos::plan
