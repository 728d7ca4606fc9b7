#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tacos-plan/demand/plan_inputs.h"
#include "tacos-plan/plan/derivation.h"
#include "tacos-plan/redis/redis_load.h"

namespace tacos::plan {

// What the sale needs, part by part. Rates are per second, times in seconds, sizes in bytes, money in US dollars.

struct AdmissionPlan {
  double rate = 0;
  double by_seats = 0;  // the least that sells the seats in time
  double by_wait = 0;   // the least that lets everyone through within the promised wait
  // The least that gives everyone an answer by then, when the line is told of the last seat; 0: no rate does.
  double by_answer = 0;
  double by_backend = 0;  // the most that what stands behind carries
  std::string chosen_by;  // "seats", "wait", "backend", "given"
  std::string tightest_backend;
  bool conflict = false;  // the rules can't all be kept

  // As if everyone were let through.
  double longest_wait = 0, mean_wait = 0, p50_wait = 0, p90_wait = 0, p95_wait = 0, p99_wait = 0;
  double promised_wait = 0;  // of the percentile that the promise names
  double longest_queue = 0;
  double drained_at = 0;
};

struct SellingPlan {
  double admissions = 0;  // that sell all the seats, or everyone when that is fewer
  bool sells_out = false;
  double sellout_sec = 0;    // from opening to the admission of the last buyer
  double last_paid_sec = 0;  // and until that one has paid
  double in_vain = 0;        // users for whom there is no seat
  double told_sec = 0;       // when the last of them knows, with admission that stops at the last seat
  // Of everybody, to either answer, with the stop; those refused at the door wait nothing.
  double answer_mean_wait = 0, answer_longest_wait = 0;
  double answer_p50_wait = 0, answer_p90_wait = 0, answer_p95_wait = 0, answer_p99_wait = 0;
  double peak_line = 0;      // most in line at once, whether all are let in or the line stands until it is told
  double hours_in_vain = 0;  // that those without a seat would stand in line if nobody told them
};

struct PollingPlan {
  double in_line = 0;          // who ask, at the peak
  double status_rps = 0;       // at the peak, by the policy that was chosen
  double fixed_rps = 0;        // with one interval for everyone
  double by_position_rps = 0;  // with intervals that grow with the wait
  double joins_rps = 0;
  double polls_per_event = 0;     // by the policy and the stop that were chosen
  double polls_gathering = 0;     // before the opening
  double polls_without_stop = 0;  // if the line were never told
  double polls_if_told = 0;       // if it is told when the last seat is paid
  double feedback_mean_sec = 0;   // from one's turn to noticing it
  double response_bytes_per_sec = 0, request_bytes_per_sec = 0;
  double egress_bytes_per_event = 0;
};

struct RedisStrategyLoad {
  PositionStrategy strategy = PositionStrategy::kWatermark;
  double commands_per_sec = 0;
  double cpu_cores = 0;
};

struct RedisFamily {
  std::string key;
  double entries = 0;
  double bytes = 0;
};

struct RedisPlan {
  double memory_bytes = 0;
  std::vector<RedisFamily> families;
  double connections_bytes = 0;
  double calls_per_sec = 0;                   // over the socket
  double commands_per_sec = 0;                // executed, those in scripts too
  double cpu_cores = 0;                       // of work: what fills the core
  double busy_cores = 0;                      // that will be seen in use, wake-ups included
  std::vector<RedisStrategyLoad> strategies;  // the three, at the same load
  std::vector<RedisWork> work;                // at the peak, with the strategy that was chosen
  std::vector<RedisWork> gathering_work;      // while the crowd joins; all shards, as above
  std::vector<RedisWork> selling_work;        // while seats are sold
  std::vector<RedisWork> hot_selling_work;    // of that, what falls to the hot slot's shard
  double bandwidth_bytes_per_sec = 0;
  std::uint64_t shards = 0;
  std::uint64_t shards_by_memory = 0, shards_by_cpu = 0, shards_by_network = 0;
  std::uint64_t shards_used = 0;  // that hold anything of one event
  std::uint64_t replicas_per_shard = 0;
  std::uint64_t nodes = 0;
  std::string node_type;
  double node_memory_bytes = 0;
  double memory_limit = 0;  // share of it for data
  double node_baseline_bytes_per_sec = 0, node_burst_bytes_per_sec = 0;
  // The shard that has it, with the buckets that fall to that shard.
  struct HotSlot {
    std::string tag;
    double commands_per_sec = 0;
    double cpu_cores = 0;
    double utilisation = 0;    // of the one core that executes commands
    double selling_cores = 0;  // while seats are sold, which may be less than while the crowd gathers
    double memory_bytes = 0;
  } hot_slot;
};

struct DynamoPlan {
  double purchases = 0;
  double writes = 0, write_units = 0, reads = 0, read_units = 0;
  double peak_write_units_per_sec = 0, peak_read_units_per_sec = 0;
  double hot_partition_writes_per_sec = 0;
  double storage_bytes = 0;
  double cost_usd_per_event = 0;
  double cost_by_other_era_usd = 0;  // at the prices that were not chosen
  double partitions = 0;             // that the peak needs
};

struct GatewayPlan {
  std::uint64_t pods = 0;
  std::string bound_by;  // "CPU", "connections", "the loss of a zone", "the least that always runs"
  std::uint64_t pods_by_cpu = 0, pods_by_connections = 0;
  double connections = 0;
  std::uint64_t nodes = 0;
  double requests_per_sec = 0;  // of everything, at the peak
  double memory_bytes = 0;      // of all pods
  double scale_up_sec = 0;      // from the floor to that many pods, if nothing stood before
};

struct QuotaCheck {
  std::string name;
  double need = 0, limit = 0;
  std::string unit;
  bool bites = false;
  bool adjustable = true;
  std::string advice;
  std::string source;
};

struct Headroom {
  std::string component;
  double used = 0, capacity = 0;
  std::string unit;
  double utilisation = 0;        // used ÷ capacity
  double limit = 0;              // what the plan lets it be
  double fixed = 0;              // of what is used, what does not grow with either
  bool grows_with_users = true;  // else with the admission rate
  bool elastic = false;          // the plan buys as many as it takes
  double breaks_at = 0;          // users, or admissions a second, at which it reaches its limit
};

struct CostItem {
  std::string name;
  double usd = 0;
  std::string basis;
  bool monthly = false;  // per month, whatever is sold; else per event
};

struct CostPlan {
  std::vector<CostItem> lines;
  double per_event_usd = 0;           // the sum of the lines per event
  double standing_usd = 0;            // the sum of the lines per month
  double per_month_usd = 0;           // events_per_month × per_event_usd + standing_usd
  std::vector<std::string> unpriced;  // what the region's list has no price for
};

struct LinePoint {
  double t_sec = 0;  // after the opening
  double in_line = 0, in_line_if_told = 0;
  double status_rps = 0;
};

enum class Severity : std::uint8_t { kNote, kWarning, kConflict };

struct PlanWarning {
  std::string code;
  Severity severity = Severity::kWarning;
  std::string text;
};

// One figure of the original design: what it said, how, and what this plan says instead.
struct OriginalFigure {
  std::string what;
  double value = 0;
  std::string unit;     // as of a derivation
  std::string formula;  // the original's own
  std::string now;      // what tacos reckons, in words
  std::string code;     // of the warning that says why, or ""
};

struct Plan {
  static constexpr const char* kSchema = "tacos.plan/1";

  PlanInputs inputs;
  AdmissionPlan admission;
  SellingPlan selling;
  PollingPlan polling;
  RedisPlan redis;
  DynamoPlan dynamodb;
  GatewayPlan gateway;
  std::vector<QuotaCheck> quotas;
  std::vector<Headroom> headroom;  // the tightest first
  CostPlan cost;
  std::vector<PlanWarning> warnings;
  std::vector<Derivation> derivations;
  std::vector<LinePoint> timeline;
  std::vector<OriginalFigure> original;  // of --profile original
  std::string prices_as_of;
};

}  // namespace tacos::plan
