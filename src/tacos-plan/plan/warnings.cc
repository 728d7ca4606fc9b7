#include "tacos-plan/plan/warnings.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "tacos-plan/document/number_text.h"
#include "tacos-plan/plan/limits.h"

namespace tacos::plan {
namespace {

using Q = Quantity;
using enum Severity;

constexpr double kAdmissionWindow = 100;  // tickets, of the original's published code

class Remarks {
 public:
  void add(Severity severity, const char* code, std::string text) { all_.push_back({code, severity, std::move(text)}); }
  std::vector<PlanWarning> take() {
    std::stable_sort(all_.begin(), all_.end(), [](const auto& a, const auto& b) { return a.severity > b.severity; });
    return std::move(all_);
  }

 private:
  std::vector<PlanWarning> all_;
};

void about_the_rules(const Plan& plan, Remarks& to) {
  const auto& in = plan.inputs;
  const auto& a = plan.admission;
  const double wanted = std::max(a.by_seats, a.by_wait);
  const bool by_seats = a.by_seats > a.by_wait;
  if (a.conflict && a.chosen_by != "given" && by_seats) {
    to.add(kConflict, "RULES_CONFLICT",
           fmt::format("selling the seats within {} needs {}, but the {} carries {}: at that rate they are taken after "
                       "{}. Raise its capacity {:.1f} times, or give the sale that long",
                       seconds_text(in[Q::kSaleTime]), rate_text(wanted), a.tightest_backend, rate_text(a.by_backend),
                       seconds_text(plan.selling.sellout_sec), wanted / a.by_backend));
  } else if (a.conflict && a.chosen_by != "given") {
    to.add(
        kConflict, "RULES_CONFLICT",
        fmt::format("the promise of {} needs {}, but the {} carries {}: at that rate the longest wait is {}. Raise its "
                    "capacity {:.1f} times, or promise {}",
                    seconds_text(in[Q::kTargetWait]), rate_text(wanted), a.tightest_backend, rate_text(a.by_backend),
                    seconds_text(a.longest_wait), wanted / a.by_backend, seconds_text(a.promised_wait)));
  } else if (a.conflict && a.rate > a.by_backend) {
    to.add(kConflict, "RATE_OVER_BACKEND",
           fmt::format("{} let in is more than the {} carries ({} at {} of its capacity)", rate_text(a.rate),
                       a.tightest_backend, rate_text(a.by_backend), share_text(in[Q::kBackendUtilisation])));
  } else if (a.conflict && a.rate < a.by_wait) {
    to.add(kWarning, "PROMISE_NOT_KEPT",
           fmt::format("at {} the promised wait is {}, not {}: {} would keep it", rate_text(a.rate),
                       seconds_text(a.promised_wait), seconds_text(in[Q::kTargetWait]), rate_text(a.by_wait)));
  } else if (a.conflict) {
    to.add(kWarning, "PROMISE_NOT_KEPT",
           fmt::format("at {} the seats are taken after {}, not within {}: {} would do it", rate_text(a.rate),
                       seconds_text(plan.selling.sellout_sec), seconds_text(in[Q::kSaleTime]), rate_text(a.by_seats)));
  }
  const double ramp = in[Q::kArrivalTime];
  if (in[Q::kTargetPercentile] >= 100 && a.longest_wait > 0) {
    to.add(kNote, "WAIT_IS_THE_LONGEST",
           fmt::format("{} ÷ {}{} = {} is the wait of whoever is last in line. The mean is {}; a promise about the "
                       "mean would need only {}",
                       count_text(in[Q::kUsers]), rate_text(a.rate),
                       ramp > 0 ? fmt::format(" − {} of arrivals", seconds_text(ramp)) : std::string(),
                       seconds_text(a.longest_wait), seconds_text(a.mean_wait),
                       rate_text(in[Q::kUsers] / (2 * in[Q::kTargetWait] + ramp))));
  }
  if (plan.selling.in_vain > 0 && a.by_answer > 0 && a.by_answer < 0.8 * a.rate && in.at_sell_out == AtSellOut::kStop) {
    to.add(kNote, "RATE_HIGHER_THAN_NEEDED",
           fmt::format("when the line is told of the last seat, {} gives everyone their answer within {}: a seat, or "
                       "\"sold out\". Everything behind the room could be {:.0f} times smaller",
                       rate_text(a.by_answer), seconds_text(in[Q::kTargetWait]), a.rate / a.by_answer));
  }
}

void about_the_seats(const Plan& plan, Remarks& to) {
  const auto& in = plan.inputs;
  const auto& s = plan.selling;
  if (s.in_vain > 0) {
    const bool stops = in.at_sell_out == AtSellOut::kStop;
    to.add(
        stops ? kNote : kWarning, "SOLD_OUT_EARLY",
        fmt::format("the last seat is taken {} after the opening, and {} of {} people ({}) stand in line for nothing: "
                    "{} hours of waiting by their turn, unless admission knows the seats left and the line is told{}",
                    seconds_text(s.sellout_sec), count_text(s.in_vain), count_text(in[Q::kUsers]),
                    share_text(s.in_vain / in[Q::kUsers]), count_text(s.hours_in_vain),
                    stops ? fmt::format(" (this plan counts on that: {} after the opening)", seconds_text(s.told_sec))
                          : std::string(" (this plan does not do that: --at-sell-out stop)")));
  }
  if (s.in_vain > 0 && s.last_paid_sec > 3 * s.sellout_sec + 60) {
    to.add(
        kNote, "SLOW_LAST_SEATS",
        fmt::format(
            "the last seat is taken after {} and paid after {}: the slowest of {} buyers, and holds of {} that lapse "
            "and are sold again, keep everybody else in line. A shorter hold ends it sooner, or tell the line "
            "that all seats are held",
            seconds_text(s.sellout_sec), seconds_text(s.last_paid_sec), count_text(plan.dynamodb.purchases),
            seconds_text(in[Q::kHoldTtl])));
  }
  if (s.sells_out && plan.gateway.scale_up_sec > s.sellout_sec) {
    to.add(kWarning, "TOO_SHORT_TO_AUTOSCALE",
           fmt::format("from {:g} to {} pods takes about {}, and the seats are gone after {}: capacity has to stand "
                       "before the sale opens",
                       in[Q::kPodsAtLeast], count_text(static_cast<double>(plan.gateway.pods)),
                       seconds_text(plan.gateway.scale_up_sec), seconds_text(s.sellout_sec)));
  }
  if (in[Q::kBotShare] > 0 && s.sells_out) {
    to.add(kNote, "BOTS_BUY_SEATS",
           fmt::format(
               "a line does not know people from bots: with {0} bots in it, about {0} of the seats ({1} of {2}) "
               "go to them unless they are kept out before they join. They are also {0} of every capacity here",
               share_text(in[Q::kBotShare]), count_text(in[Q::kSeats] * in[Q::kBotShare]), count_text(in[Q::kSeats])));
  }
}

void about_polling(const Plan& plan, Remarks& to) {
  const auto& in = plan.inputs;
  const bool fixed = in.poll == PollPolicy::kFixed;
  const double interval = fixed ? in[Q::kPollInterval] : in[Q::kPollLongest];
  if (fixed && plan.selling.sells_out && plan.selling.sellout_sec < 3 * interval) {
    to.add(kNote, "POLLING_SLOWER_THAN_SALE",
           fmt::format(
               "users ask every {}, and the seats are gone after {}: a turn is noticed {} late on average, so the rate "
               "that the backends see is smeared over the interval",
               seconds_text(interval), seconds_text(plan.selling.sellout_sec),
               seconds_text(plan.polling.feedback_mean_sec)));
  }
  if (in[Q::kPollJitter] == 0) {
    to.add(kWarning, "POLLS_IN_STEP",
           "without jitter those who joined together ask together for as long as they wait: the peak second is several "
           "times the mean that is planned here");
  }
  const double asks = asks_in_firewall_window(plan);
  if (2 * asks > in[Q::kEdgeRateLimit]) {
    to.add(kWarning, "RATE_RULE_BLOCKS_USERS",
           fmt::format("an edge rule of {:g} requests per 5 min and address stops {}: each asks about {:.0f} times. "
                       "Offices, campuses and mobile carriers share addresses",
                       in[Q::kEdgeRateLimit],
                       asks > in[Q::kEdgeRateLimit] ? "everyone who stays in line" : "two users who share one", asks));
  }
  if (fixed && plan.polling.by_position_rps < 0.8 * plan.polling.fixed_rps) {
    to.add(kNote, "POLL_BY_POSITION",
           fmt::format("intervals that grow with the wait would make {} status requests of {} (--poll by-position)",
                       rate_text(plan.polling.by_position_rps), rate_text(plan.polling.fixed_rps)));
  }
  to.add(kNote, "CODE_LIMITS_ADMISSION",
         fmt::format(
             "a rate is only reached if the code lets it: a window of {:g} tickets that moves when users poll every "
             "{} admits about {}, whatever is configured; a line without a sweeper stops at the first absent user; "
             "an entry that checks and then acts lets two in on one turn. Measure admissions, not the setting",
             kAdmissionWindow, seconds_text(interval), rate_text(kAdmissionWindow / (interval / 2))));
}

std::string relief_of_slot(const Plan& plan) {
  const auto& slot = plan.redis.hot_slot;
  if (plan.inputs.position != PositionStrategy::kWatermark) {
    return "answer positions from a watermark (--position watermark), or ask less often";
  }
  const std::string joins = "let the crowd gather for longer (--gather), as one core numbers the joins of one event";
  const std::string rest =
      "spread presence and grants over buckets (--line-buckets), or write presence less often (--heartbeat-interval)";
  if (slot.selling_cores <= plan.inputs[Q::kRedisCpuLimit]) return joins;
  return slot.selling_cores < slot.utilisation ? rest + "; and " + joins : rest;
}

void about_redis(const Plan& plan, Remarks& to) {
  const auto& in = plan.inputs;
  const auto& r = plan.redis;
  const double limit = in[Q::kRedisCpuLimit];
  if (in.position == PositionStrategy::kKeys) {
    to.add(kConflict, "POSITION_BY_SCAN",
           fmt::format(
               "a position found by scanning keys costs as much as there are users, on the one thread that executes "
               "commands: {} cores of 1. The original stood still at 10,000/s",
               count_text(r.hot_slot.cpu_cores)));
  } else if (r.hot_slot.utilisation > limit) {
    to.add(kConflict, "HOT_SLOT_FULL",
           fmt::format("the line's slot needs {} of the one core that executes its commands, and {} is the limit: {}",
                       share_text(r.hot_slot.utilisation), share_text(limit), relief_of_slot(plan)));
  }
  if (r.hot_slot.memory_bytes > r.memory_limit * r.node_memory_bytes) {
    to.add(kConflict, "SLOT_MEMORY_FULL",
           fmt::format("the line takes {} in one shard, and a {} has {} for data: take a larger node (--redis-node); "
                       "shards can't divide one key",
                       bytes_text(r.hot_slot.memory_bytes), r.node_type,
                       bytes_text(r.memory_limit * r.node_memory_bytes)));
  }
  if (r.node_type.starts_with("cache.t")) {
    to.add(kWarning, "BURSTABLE_NODE",
           fmt::format("a {} has its whole core only while its CPU credits last, and this plan counts on {} of one: "
                       "watch the credits in a test as long as the sale, or take a node that is not burstable",
                       r.node_type, share_text(r.hot_slot.utilisation)));
  }
  if (r.shards > r.shards_used) {
    to.add(kWarning, "SHARDS_IDLE",
           fmt::format("the keys of one event carry {}, so this sale uses {} of {} shards; the other {} hold{} nothing "
                       "of it. More shards carry more events, not a bigger one",
                       in[Q::kLineBuckets] > 1 ? fmt::format("{:g} hash tags", in[Q::kLineBuckets]) : "one hash tag",
                       r.shards_used, r.shards, r.shards - r.shards_used, r.shards - r.shards_used == 1 ? "s" : ""));
  } else if (in[Q::kLineBuckets] > 1) {
    to.add(
        kNote, "ONE_HOT_SLOT",
        fmt::format("joins and admissions of one event stay in one slot of one shard; presence and grants are spread "
                    "over {:g} buckets, and the busiest slot takes {} of its core: more shards than buckets carry "
                    "more events, not a bigger one",
                    in[Q::kLineBuckets], share_text(r.hot_slot.utilisation)));
  } else {
    to.add(
        kNote, "ONE_HOT_SLOT",
        fmt::format("the line of one event lives in one slot of one shard ({} of its core): shards can't be added to "
                    "carry a bigger event, only to carry more events",
                    share_text(r.hot_slot.utilisation)));
  }
  if (r.node_memory_bytes > 0 && r.hot_slot.memory_bytes < 0.2 * r.node_memory_bytes) {
    to.add(
        kNote, "MEMORY_IS_NOT_THE_LIMIT",
        fmt::format(
            "{} users take {} ({:.0f} bytes each), {} of a {}; \"1 KB a user\" would say {}. The node is chosen "
            "for its core and its network, not for memory",
            count_text(in[Q::kUsers]), bytes_text(r.memory_bytes), r.memory_bytes / in[Q::kUsers],
            share_text(r.hot_slot.memory_bytes / r.node_memory_bytes), r.node_type, bytes_text(in[Q::kUsers] * 1000)));
  }
  if (r.node_burst_bytes_per_sec > r.node_baseline_bytes_per_sec) {
    to.add(kNote, "NETWORK_IS_A_BURST",
           fmt::format("\"up to {:.1f} Gbps\" of a {} is {} MB/s (a byte has 8 bits), and only while credits last: the "
                       "baseline is {}. This sale needs {} at Redis",
                       r.node_burst_bytes_per_sec * 8 / 1e9, r.node_type,
                       count_text(std::floor(r.node_burst_bytes_per_sec / 1e6)),
                       bandwidth_text(r.node_baseline_bytes_per_sec), bandwidth_text(r.bandwidth_bytes_per_sec)));
  }
  if (r.replicas_per_shard == 0) {
    to.add(kWarning, "NO_REPLICA", "without a replica the loss of one node is the loss of the line and of its order");
  }
}

void about_dynamodb(const Plan& plan, const Catalogues& catalogues, Remarks& to) {
  const auto& in = plan.inputs;
  const auto& d = plan.dynamodb;
  const double by_time = plan.admission.rate * in[Q::kSaleTime];
  if (by_time > d.writes) {
    to.add(kNote, "WRITES_FOLLOW_PURCHASES",
           fmt::format("{} purchases make {} writes. Rate × time would be {} × {} = {}, which {} purchases can't cause",
                       count_text(d.purchases), count_text(d.writes), rate_text(plan.admission.rate),
                       seconds_text(in[Q::kSaleTime]), count_text(by_time), count_text(d.purchases)));
  }
  if (in.dynamodb_prices != PriceEra::kCurrent) {
    to.add(kWarning, "DYNAMODB_PRICES_OLD",
           fmt::format("on-demand prices were halved in November 2024: {} by the list of before, {} now",
                       usd_text(d.cost_usd_per_event), usd_text(d.cost_by_other_era_usd)));
  }
  const auto warm = catalogues.quotas.quota("dynamodb.on_demand.new_table_writes");
  if (warm && d.peak_write_units_per_sec > warm->value) {
    to.add(kWarning, "TABLE_IS_COLD",
           fmt::format(
               "the sale starts with {} write units; a table that was idle takes {} and throttles the rest while it "
               "splits: set its warm throughput before",
               rate_text(d.peak_write_units_per_sec), rate_text(warm->value)));
  }
  const auto partition = catalogues.quotas.quota("dynamodb.partition.writes");
  if (partition && d.hot_partition_writes_per_sec > partition->value) {
    to.add(kConflict, "HOT_ITEM",
           fmt::format("one item takes {} writes and {} are asked of it: keep the count elsewhere, or one item a seat",
                       rate_text(partition->value), rate_text(d.hot_partition_writes_per_sec)));
  }
}

void about_money_and_quotas(const Plan& plan, Remarks& to) {
  const auto& in = plan.inputs;
  if (in[Q::kSpotShare] > 0 && in[Q::kSpotDiscount] > 0.5) {
    to.add(kWarning, "SPOT_DISCOUNT_HIGH",
           fmt::format(
               "spot at {} under on demand is hoped for: the means of September 2026 were 39 % (m7g.large) and 43 % "
               "(m7g.xlarge), and they move",
               share_text(in[Q::kSpotDiscount])));
  }
  const double payments = plan.admission.rate * in[Q::kConversion] * (1 - in[Q::kNoShow]);
  if (payments > 100) {
    to.add(
        kNote, "PAYMENT_PROVIDER_LIMIT",
        fmt::format("{} payments: providers' own default limits can be near 100/s. Ask for more in writing, or let the "
                    "rate of admission follow",
                    rate_text(payments)));
  }
  if (!plan.cost.unpriced.empty()) {
    std::string names;
    for (const auto& line : plan.cost.unpriced) {
      names += (names.empty() ? "" : "; ") + line.substr(0, line.find(':'));
    }
    to.add(kWarning, "PRICE_MISSING",
           fmt::format("the prices of region {} don't have all that is billed, so the totals are too low. Left out: "
                       "{}. Give your own with --prices FILE, or plan with --region us-east-1",
                       in.region, names));
  }
  std::string biting;
  for (const auto& quota : plan.quotas) {
    if (!quota.bites) continue;
    biting += fmt::format("{}{} ({} needed, {} given)", biting.empty() ? "" : "; ", quota.name, count_text(quota.need),
                          count_text(quota.limit));
  }
  if (!biting.empty()) to.add(kNote, "DEFAULT_QUOTAS", "default limits that this load would meet: " + biting);
}

}  // namespace

std::vector<PlanWarning> warnings_of(const Plan& plan, const Catalogues& catalogues) {
  Remarks remarks;
  about_the_rules(plan, remarks);
  about_the_seats(plan, remarks);
  about_polling(plan, remarks);
  about_redis(plan, remarks);
  about_dynamodb(plan, catalogues, remarks);
  about_money_and_quotas(plan, remarks);
  return remarks.take();
}

}  // namespace tacos::plan
