#include "tacos-plan/plan/original_design.h"

#include <cmath>

#include <fmt/format.h>

#include "tacos-plan/document/number_text.h"

namespace tacos::plan {
namespace {

using Q = Quantity;

// What the design assumed without deriving it.
constexpr double kUserBytes = 1000;         // "300,000 × 1 KB"
constexpr double kSortedSetsBytes = 150e6;  // "ZSET × 5 events"
constexpr double kMemoryMargin = 2;
constexpr double kPositionSeconds = 1e-5;  // "ZRANK ≈ 18 comparisons: 0.01 ms"
constexpr double kMegabytesAGigabit = 10;  // "12.5 Gbps" read as 125 MB/s
constexpr double kNodeMonth = 120;         // "10 on-demand nodes, $1,200"
constexpr double kNodes = 10, kOnDemandNodes = 3, kSpotNodes = 7, kIdleNodes = 3;
constexpr double kRedisNotAdded = 500;    // "Redis nodes not added"
constexpr double kLoadTested = 30'000;    // requests per second, its load test's last rung
constexpr double kCommandsPerStatus = 9;  // of its published status call
constexpr double kAdmissionWindow = 100;  // tickets, of its published admission code
constexpr double kMicro = 1e6;

double rate_by_wait(const Plan& plan) {
  return plan.inputs[Q::kUsers] / plan.inputs[Q::kTargetWait];
}

double original_writes(const Plan& plan) {
  return rate_by_wait(plan) * plan.inputs[Q::kSaleTime];
}

double original_memory(const Plan& plan) {
  return (plan.inputs[Q::kUsers] * kUserBytes + kSortedSetsBytes) * kMemoryMargin;
}

double original_status(const Plan& plan) {
  return plan.inputs[Q::kUsers] / plan.inputs[Q::kPollInterval];
}

double original_write_cost(const Plan& plan, const Catalogues& catalogues) {
  const auto price = catalogues.prices.price("dynamodb.on_demand.write_units");
  return price ? original_writes(plan) / kMicro * price->tiers.front().usd : 0;
}

double spot_saving() {
  return kNodes * kNodeMonth - kOnDemandNodes * kNodeMonth;
}

// 7 spot nodes are not free.
double spot_saving_now(const Plan& plan) {
  return kSpotNodes * kNodeMonth * plan.inputs[Q::kSpotDiscount];
}

class Figures {
 public:
  void add(std::string what, double value, std::string unit, std::string formula, std::string now,
           std::string code = "") {
    all_.push_back({std::move(what), value, std::move(unit), std::move(formula), std::move(now), std::move(code)});
  }
  std::vector<OriginalFigure> take() { return std::move(all_); }

 private:
  std::vector<OriginalFigure> all_;
};

void add_admission(const Plan& plan, Figures& to) {
  const auto& in = plan.inputs;
  const auto& a = plan.admission;
  to.add("admission by seats", in[Q::kSeats] / in[Q::kSaleTime], "1/s",
         fmt::format("{} ÷ {:g} s", count_text(in[Q::kSeats]), in[Q::kSaleTime]), rate_text(a.by_seats));
  to.add("admission by wait", rate_by_wait(plan), "1/s",
         fmt::format("{} ÷ {:g} s, as the average wait", count_text(in[Q::kUsers]), in[Q::kTargetWait]),
         fmt::format("{} makes {} the longest wait and {} the mean", rate_text(a.by_wait), seconds_text(a.longest_wait),
                     seconds_text(a.mean_wait)),
         "WAIT_IS_THE_LONGEST");
  to.add("load of the reservation API", rate_by_wait(plan) / in[Q::kReservationCapacity], "share",
         fmt::format("{:g} ÷ {:g}", rate_by_wait(plan), in[Q::kReservationCapacity]),
         fmt::format("the same, for the {} until the seats are gone", seconds_text(plan.selling.sellout_sec)),
         "SOLD_OUT_EARLY");
}

void add_redis(const Plan& plan, Figures& to) {
  const auto& in = plan.inputs;
  const double status = original_status(plan);
  const double shards = in[Q::kRedisShards] > 0 ? in[Q::kRedisShards] : 1;
  to.add("status requests", status, "1/s", fmt::format("{} ÷ {:g} s", count_text(in[Q::kUsers]), in[Q::kPollInterval]),
         fmt::format("{}; its load test ended at {}", rate_text(plan.polling.status_rps), rate_text(kLoadTested)),
         "LOAD_TEST_BELOW_PLAN");
  to.add("status bandwidth", status * in[Q::kStatusResponseBytes], "bytes/s",
         fmt::format("{} × {:g} B", rate_text(status), in[Q::kStatusResponseBytes]),
         bandwidth_text(plan.polling.response_bytes_per_sec));
  to.add("a node's network", plan.redis.node_burst_bytes_per_sec * 8 / 1e9 * kMegabytesAGigabit * 1e6, "bytes/s",
         fmt::format("{:g} Gbps read as {:g} MB/s", plan.redis.node_burst_bytes_per_sec * 8 / 1e9,
                     plan.redis.node_burst_bytes_per_sec * 8 / 1e9 * kMegabytesAGigabit),
         fmt::format("{} in bursts, {} for long", bandwidth_text(plan.redis.node_burst_bytes_per_sec),
                     bandwidth_text(plan.redis.node_baseline_bytes_per_sec)),
         "NETWORK_IS_A_BURST");
  to.add("Redis memory", original_memory(plan), "bytes",
         fmt::format("({} × 1 KB + 150 MB of sorted sets) × 2", count_text(in[Q::kUsers])),
         fmt::format("{} for this event's line, from Redis's own structures", bytes_text(plan.redis.memory_bytes)),
         "MEMORY_IS_NOT_THE_LIMIT");
  to.add("Redis CPU", status * kPositionSeconds, "cores", fmt::format("{} × 0.01 ms of ZRANK", rate_text(status)),
         fmt::format("{:.2g} cores of work by tacos-gateway's scripts; its published status call makes {:g} commands",
                     plan.redis.cpu_cores, kCommandsPerStatus),
         "NINE_COMMANDS");
  to.add("Redis nodes", shards * (1 + in[Q::kRedisReplicas]), "nodes",
         fmt::format("{:g} shards × (1 primary + {:g} replica)", shards, in[Q::kRedisReplicas]),
         fmt::format("one event uses {} of {:g} shards", plan.redis.shards_used, shards), "SHARDS_IDLE");
  to.add("memory of a shard", in[Q::kUsers] * kUserBytes / shards, "bytes", fmt::format("300 MB ÷ {:g}", shards),
         fmt::format("{} in one shard, nothing in the others", bytes_text(plan.redis.hot_slot.memory_bytes)),
         "SHARDS_IDLE");
  to.add("status requests of a shard", status / shards, "1/s", fmt::format("{} ÷ {:g}", rate_text(status), shards),
         fmt::format("all {} on one shard", rate_text(status)), "SHARDS_IDLE");
}

void add_money(const Plan& plan, const Catalogues& catalogues, Figures& to) {
  const auto& in = plan.inputs;
  to.add("DynamoDB writes", original_writes(plan), "writes",
         fmt::format("{} × {:g} s", rate_text(rate_by_wait(plan)), in[Q::kSaleTime]),
         fmt::format("{} for {} purchases", count_text(plan.dynamodb.writes), count_text(plan.dynamodb.purchases)),
         "WRITES_FOLLOW_PURCHASES");
  to.add("DynamoDB, an event", original_write_cost(plan, catalogues), "USD",
         fmt::format("{} writes at the price before November 2024", count_text(original_writes(plan))),
         fmt::format("{} for the writes and reads there are, {} at today's prices",
                     usd_text(plan.dynamodb.cost_usd_per_event), usd_text(plan.dynamodb.cost_by_other_era_usd)),
         "DYNAMODB_PRICES_OLD");
  to.add("saved: Redis nodes not added", kRedisNotAdded, "USD/month", "stated",
         "never spent, so not saved: with one hot slot they would have done nothing", "SHARDS_IDLE");
  to.add("saved: spot", spot_saving(), "USD/month",
         fmt::format("{:g} × ${:g} − {:g} × ${:g} on demand", kNodes, kNodeMonth, kOnDemandNodes, kNodeMonth),
         fmt::format("{}: the {:g} spot nodes cost {} at {} off", usd_text(spot_saving_now(plan)), kSpotNodes,
                     usd_text(kSpotNodes * kNodeMonth * (1 - in[Q::kSpotDiscount])), share_text(in[Q::kSpotDiscount])),
         "SAVINGS_COUNT_SPOT_AS_FREE");
  to.add("saved: idle nodes", kIdleNodes * kNodeMonth, "USD/month", fmt::format("{:g} × ${:g}", kIdleNodes, kNodeMonth),
         "the same");
  const double total = kRedisNotAdded + spot_saving() + kIdleNodes * kNodeMonth;
  to.add("saved, all", total, "USD/month", "500 + 840 + 360", usd_text(spot_saving_now(plan) + kIdleNodes * kNodeMonth),
         "SAVINGS_COUNT_SPOT_AS_FREE");
}

void warn(Plan& plan) {
  const auto& in = plan.inputs;
  const double status = original_status(plan);
  plan.warnings.push_back(
      {"LOAD_TEST_BELOW_PLAN", Severity::kWarning,
       fmt::format(
           "the design counts on {} status requests and was tested up to {}: half of its own peak was never seen",
           rate_text(status), rate_text(kLoadTested))});
  plan.warnings.push_back(
      {"SAVINGS_COUNT_SPOT_AS_FREE", Severity::kWarning,
       fmt::format(
           "{:g} on-demand nodes at ${:g} are the whole $360 that remains, so the {:g} spot nodes were counted as "
           "free: at {} off they save {}, not {}",
           kOnDemandNodes, kNodeMonth, kSpotNodes, share_text(in[Q::kSpotDiscount]), usd_text(spot_saving_now(plan)),
           usd_text(spot_saving()))});
  plan.warnings.push_back(
      {"NINE_COMMANDS", Severity::kWarning,
       fmt::format("the CPU counts one ZRANK a status request; the published code makes {:g} commands: {} of them",
                   kCommandsPerStatus, rate_text(status * kCommandsPerStatus))});
  plan.warnings.push_back(
      {"ADMISSION_WINDOW", Severity::kConflict,
       fmt::format(
           "the published gateway admits through a window of {:g} tickets that moves when its users poll: about {}, "
           "not {}. At that rate the last of {} waits {}",
           kAdmissionWindow, rate_text(kAdmissionWindow / (in[Q::kPollInterval] / 2)), rate_text(rate_by_wait(plan)),
           count_text(in[Q::kUsers]), seconds_text(in[Q::kUsers] / (kAdmissionWindow / (in[Q::kPollInterval] / 2))))});
}

}  // namespace

std::vector<OriginalFigure> original_figures(const Plan& today, const Catalogues& catalogues) {
  Figures figures;
  add_admission(today, figures);
  add_redis(today, figures);
  add_money(today, catalogues, figures);
  return figures.take();
}

void reckon_as_original(Plan& plan, const Catalogues& catalogues) {
  plan.original = original_figures(plan, catalogues);
  warn(plan);
  const auto& in = plan.inputs;
  plan.redis.memory_bytes = original_memory(plan);
  plan.redis.cpu_cores = original_status(plan) * kPositionSeconds;
  plan.dynamodb.writes = plan.dynamodb.write_units = original_writes(plan);
  plan.dynamodb.reads = plan.dynamodb.read_units = 0;
  plan.dynamodb.cost_usd_per_event = original_write_cost(plan, catalogues);
  plan.polling.response_bytes_per_sec = original_status(plan) * in[Q::kStatusResponseBytes];
  // A derivation says how its number came about; those of the replaced numbers would be somebody else's.
  const auto replaced = [](const Derivation& d) {
    return d.name.starts_with("redis.") || d.name.starts_with("dynamodb.");
  };
  std::erase_if(plan.derivations, replaced);
  for (const auto& figure : plan.original) {
    plan.derivations.push_back(
        {"original." + figure.what, figure.value, figure.unit, figure.formula, "the original design, October 2025"});
  }
}

}  // namespace tacos::plan
