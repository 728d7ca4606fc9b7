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

// Of a buyer of two seats, measured on Redis 7.0.15 (docs/decisions/0012-seats-on-redis.md); how long a key lives is
// the gateway's.
constexpr double kReservationBytes = 320;
constexpr double kPaymentBytes = 205;
constexpr double kClientKeyBytes = 355;
constexpr double kClientKeyTtlSec = 600;

std::uint64_t whole(double value) {
  return static_cast<std::uint64_t>(std::max(1.0, std::ceil(value - 1e-9)));
}

// A crowd that gathers before the opening joins while nobody is let in, and buys when nobody joins any more: the peak
// is one or the other. One that comes after the opening does both at once.
struct Phases {
  LoadParameters gathering, selling;
};

Phases phases_of(const PlanInputs& in, const AdmissionPlan& admission, const PollingPlan& polling, double pods,
                 PositionStrategy strategy) {
  LoadParameters load;
  load.strategy = strategy;
  load.users = static_cast<std::uint64_t>(std::max(1.0, polling.in_line));
  load.joins_per_second = polling.joins_rps;
  load.statuses_per_second = polling.status_rps;
  load.heartbeats_per_second = std::min(polling.status_rps, polling.in_line / in[Q::kHeartbeatInterval]);
  load.admissions_per_second = admission.rate;
  load.enters_per_admission = 1 - in[Q::kNoShow];
  if (in.purchases == Purchases::kGateway) load.reservations_per_admission = load.enters_per_admission;
  load.payments_per_reservation = in[Q::kConversion];
  load.gateways = pods;
  load.facts_interval_sec = in[Q::kWatermarkRefresh];
  load.buckets = static_cast<std::uint64_t>(in[Q::kLineBuckets]);
  Phases phases{load, load};
  if (in[Q::kArrivalTime] <= 0) {
    phases.gathering.admissions_per_second = 0;
    phases.selling.joins_per_second = 0;
  }
  return phases;
}

std::vector<RedisWork> busier(const Phases& phases) {
  auto gathering = redis_work(phases.gathering), selling = redis_work(phases.selling);
  return redis_load(gathering, 0).work > redis_load(selling, 0).work ? gathering : selling;
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
  double bytes = memory.used_memory_bytes;
  if (in.purchases == Purchases::kGateway) {
    const double buyers = std::min(in[Q::kUsers], in[Q::kSeats] / in[Q::kTicketsPerBuyer] / in[Q::kConversion]);
    // A client's key lives ten minutes, a payment an hour.
    const double client_keys = std::min(buyers, admission.rate * kClientKeyTtlSec) * (1 + 3 * in[Q::kConversion]);
    for (const RedisFamily& family : {RedisFamily{"tacos:{event}:reservations", buyers, buyers * kReservationBytes},
                                      RedisFamily{"tacos:{event}:pay:<id>", buyers, buyers * kPaymentBytes},
                                      RedisFamily{"tacos:{i:<key>}", client_keys, client_keys * kClientKeyBytes}}) {
      plan.families.push_back(family);
      bytes += family.bytes;
    }
  }
  plan.memory_bytes =
      derive.add("redis.memory_bytes", bytes, "bytes",
                 fmt::format("Σ over {} key families of {} users, each block as allocated, tables doubling",
                             plan.families.size(), count_text(in[Q::kUsers])),
                 "Redis 7.0 source (dict.c, t_zset.c, listpack.c, sds.c) and jemalloc's size classes; held within 5 % "
                 "of MEMORY USAGE");
  plan.connections_bytes = connections_bytes(static_cast<std::uint64_t>(pods * in[Q::kRedisConnections]), 0) +
                           replication_bytes({.replicas = static_cast<std::uint64_t>(in[Q::kRedisReplicas])});
  return spread;
}

void reckon_load(const PlanInputs& in, const AdmissionPlan& admission, const PollingPlan& polling, double pods,
                 RedisPlan& plan, Derivations& derive) {
  for (const auto strategy : {PositionStrategy::kKeys, PositionStrategy::kIndex, PositionStrategy::kWatermark}) {
    const auto work = busier(phases_of(in, admission, polling, pods, strategy));
    const RedisLoad load = redis_load(work, in[Q::kRedisCommandBytes]);
    plan.strategies.push_back({strategy, load.commands_per_second, load.work});
  }
  const Phases phases = phases_of(in, admission, polling, pods, in.position);
  plan.work = busier(phases);
  plan.gathering_work = redis_work(phases.gathering);
  plan.selling_work = redis_work(phases.selling);
  const RedisLoad all = redis_load(plan.work, in[Q::kRedisCommandBytes]);
  plan.calls_per_sec = derive.add(
      "redis.calls_per_sec", all.calls_per_second, "1/s",
      fmt::format("joins, heartbeats, admissions, ticks and {} positions by {}: scripts and commands over the "
                  "socket",
                  rate_text(polling.status_rps), name_of(in.position)),
      "what the gateway sends for each, as counted on it");
  plan.commands_per_sec =
      derive.add("redis.commands_per_sec", all.commands_per_second, "1/s", "Σ rate × commands, those in scripts too",
                 "as Redis counts them (INFO stats), measured script by script on Redis 7.0.15");
  plan.cpu_cores = derive.add("redis.cpu_cores", all.work, "cores", "Σ rate × CPU of the scripts, sockets included",
                              "utilisation law U = X · D (Denning and Buzen, 1978); D measured on Redis 7.0.15");
}

// The busiest shard's part of a piece of work: all of what has the event's tag, the buckets that fall to one of the
// shards, and of what may lie anywhere as much as of any shard.
double hot_share(Place place, double buckets, std::uint64_t shards_used, std::uint64_t shards) {
  switch (place) {
    case Place::kEvent:
      return 1;
    case Place::kBuckets:
      return std::ceil(buckets / static_cast<double>(shards_used) - 1e-9) / buckets;
    case Place::kAnySlot:
      return 1 / static_cast<double>(shards);
  }
  return 1;
}

std::vector<RedisWork> hot_part(std::vector<RedisWork> work, double buckets, std::uint64_t shards) {
  const std::uint64_t used = std::min(shards, static_cast<std::uint64_t>(buckets));
  for (RedisWork& one : work) one.per_second *= hot_share(one.place, buckets, used, shards);
  return work;
}

// In the phase that is the harder one for it, which need not be that of all shards together.
std::vector<RedisWork> hot_work(const RedisPlan& plan, double buckets, std::uint64_t shards) {
  auto gathering = hot_part(plan.gathering_work, buckets, shards),
       selling = hot_part(plan.selling_work, buckets, shards);
  return redis_load(gathering, 0).work > redis_load(selling, 0).work ? gathering : selling;
}

// As many shards as the buckets have use for until the core of the event's own tag is within its limit.
std::uint64_t shards_for_core(const PlanInputs& in, const RedisPlan& plan, std::uint64_t from) {
  const double buckets = in[Q::kLineBuckets];
  std::uint64_t shards = from;
  while (static_cast<double>(shards) < buckets &&
         redis_load(hot_work(plan, buckets, shards), 0).work > in[Q::kRedisCpuLimit]) {
    ++shards;
  }
  return shards;
}

// The shard that has the event's own tag.
void reckon_hot_slot(const PlanInputs& in, double spread_bytes, RedisPlan& plan, Derivations& derive) {
  const double buckets = in[Q::kLineBuckets];
  plan.hot_selling_work = hot_part(plan.selling_work, buckets, plan.shards);
  plan.hot_slot.selling_cores = redis_load(plan.hot_selling_work, 0).work;
  const RedisLoad hot = redis_load(hot_work(plan, buckets, plan.shards), in[Q::kRedisCommandBytes]);
  const double share = hot_share(Place::kBuckets, buckets, plan.shards_used, plan.shards);
  plan.hot_slot.tag = "{event}";
  plan.hot_slot.commands_per_sec = hot.commands_per_second;
  plan.hot_slot.cpu_cores = derive.add(
      "redis.hot_slot.cpu_cores", hot.work, "cores",
      buckets > 1 ? fmt::format("what has to be atomic, and {} of the rest: the buckets of one of {} shard{}",
                                share_text(share), plan.shards_used, plan.shards_used == 1 ? "" : "s")
                  : std::string("all of it: one tag, one slot"),
      "Redis Cluster: keys with the same hash tag are in one slot (cluster specification)");
  plan.hot_slot.utilisation = hot.work;
  plan.hot_slot.memory_bytes = plan.memory_bytes - spread_bytes * (1 - share) + plan.connections_bytes;
  plan.bandwidth_bytes_per_sec = hot.bytes_per_second;

  const double others = static_cast<double>(plan.shards_used - 1);
  const auto busy = [&](double work, double calls) {
    return busy_share(work, calls, in[Q::kRedisPipeline], in[Q::kRedisWakeUp]);
  };
  const RedisLoad own = redis_load(hot_part(plan.work, buckets, plan.shards), 0);
  double seen = busy(own.work, own.calls_per_second);
  if (others > 0) {
    seen += others * busy((plan.cpu_cores - own.work) / others, (plan.calls_per_sec - own.calls_per_second) / others);
  }
  plan.busy_cores = derive.add(
      "redis.busy_cores", seen, "cores",
      fmt::format("(work + s) / (1 + s) of each shard, s = calls ÷ {:g} at once × {} a wake-up", in[Q::kRedisPipeline],
                  seconds_text(in[Q::kRedisWakeUp])),
      "M/G/1 whose busy periods begin with a set-up (Welch, 1964): what a monitor shows; the work is what fills it");
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
  plan.shards_by_network = whole(redis_load(plan.work, in[Q::kRedisCommandBytes]).bytes_per_second /
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
  reckon_hot_slot(in, spread_bytes, plan, derive);
  return plan;
}

}  // namespace tacos::plan
