#include "tacos-plan/rehearsal/sale_of_plan.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "core/units.h"
#include "tacos-plan/plan/gateway_plan.h"

namespace tacos::plan {
namespace {

using Q = Quantity;
using core::fail;

constexpr double kDaySec = 86'400;
constexpr std::uint32_t kMostPods = 10'000;  // that the simulation takes

// Which quantity to set differently when the simulation refuses the parameter.
constexpr std::pair<std::string_view, Q> kSetBy[] = {
    {"arrivals.users", Q::kUsers},
    {"arrivals.spread_sec", Q::kArrivalTime},
    {"polling.interval_sec", Q::kPollInterval},
    {"polling.share_of_wait", Q::kPollShare},
    {"polling.shortest_sec", Q::kPollShortest},
    {"polling.longest_sec", Q::kPollLongest},
    {"polling.jitter_share", Q::kPollJitter},
    {"behaviour.no_show_share", Q::kNoShow},
    {"behaviour.conversion_share", Q::kConversion},
    {"behaviour.think_mean_sec", Q::kCheckoutTime},
    {"behaviour.choose_mean_sec", Q::kCheckoutTime},
    {"behaviour.pay_mean_sec", Q::kCheckoutTime},
    {"behaviour.patience_mean_sec", Q::kPatience},
    {"admission.rate_per_sec", Q::kAdmissionRate},
    {"admission.burst", Q::kAdmissionBurst},
    {"admission.turn_ttl_sec", Q::kTurnTtl},
    {"admission.grant_ttl_sec", Q::kGrantTtl},
    {"admission.heartbeat_ttl_sec", Q::kHeartbeatTtl},
    {"seating.seats", Q::kSeats},
    {"seating.hold_ttl_sec", Q::kHoldTtl},
    {"seating.tickets_per_buyer", Q::kTicketsPerBuyer},
    {"gateway.requests_per_sec_per_pod", Q::kPodCapacity},
    {"gateway.minimum_pods", Q::kPodsAtLeast},
    {"gateway.maximum_pods", Q::kPodCapacity},
    {"gateway.pods_at_opening", Q::kPodsAtOpening},
    {"gateway.target_utilisation", Q::kPodUtilisation},
    {"gateway.metric_delay_sec", Q::kMetricDelay},
    {"gateway.sync_sec", Q::kScalerPeriod},
    {"gateway.pod_start_sec", Q::kPodStart},
    {"gateway.node_start_sec", Q::kNodeStart},
    {"gateway.spot_share", Q::kSpotShare},
    {"gateway.pods_per_node", Q::kNodeVcpu},
    {"redis.status_cpu_sec", Q::kUsers},
    {"backends.reservation_per_sec", Q::kReservationCapacity},
    {"backends.inventory_per_sec", Q::kInventoryCapacity},
    {"backends.payment_per_sec", Q::kPaymentCapacity},
};

core::Error with_flag(const std::string& message) {
  const std::string_view parameter = std::string_view(message).substr(0, message.find(' '));
  for (const auto& [name, quantity] : kSetBy) {
    if (name == parameter) return fail(fmt::format("{}: in the simulation {}", flag_of(spec_of(quantity)), message));
  }
  return fail("the simulation can't play this plan: " + message);
}

std::uint32_t whole(double value) {
  return static_cast<std::uint32_t>(std::llround(value));
}

void set_crowd(const Plan& plan, SaleParameters& sale) {
  const PlanInputs& in = plan.inputs;
  const bool gathered = in[Q::kArrivalTime] <= 0;
  sale.arrivals.users = whole(in[Q::kUsers]);
  sale.arrivals.shape = gathered ? ArrivalParameters::Shape::kBurst : ArrivalParameters::Shape::kRamp;
  sale.arrivals.spread_sec = in[Q::kArrivalTime];
  sale.arrivals.in_line_at_opening = gathered;
  PollParameters& polling = sale.polling;
  polling.kind = in.poll == PollPolicy::kByPosition ? PollParameters::Kind::kByPosition : PollParameters::Kind::kFixed;
  polling.interval_sec = in[Q::kPollInterval];
  polling.share_of_wait = in[Q::kPollShare];
  polling.shortest_sec = in[Q::kPollShortest];
  polling.longest_sec = in[Q::kPollLongest];
  polling.jitter_share = in[Q::kPollJitter];
  BehaviourParameters& people = sale.behaviour;
  people.conversion_share = in[Q::kConversion];
  people.no_show_share = in[Q::kNoShow];
  people.patience_mean_sec = in[Q::kPatience];
  // What is not paying is noticing and choosing, half each.
  people.pay_mean_sec = in[Q::kCheckoutTime] * in[Q::kPayingShare];
  people.think_mean_sec = people.choose_mean_sec = (in[Q::kCheckoutTime] - people.pay_mean_sec) / 2;
}

void set_room(const Plan& plan, SaleParameters& sale) {
  const PlanInputs& in = plan.inputs;
  AdmissionParameters& admission = sale.admission;
  admission.rate_per_sec = plan.admission.rate;
  admission.burst = in[Q::kAdmissionBurst];
  const double each_tick = admission.rate_per_sec * admission.tick_sec;
  if (in.is_default(Q::kAdmissionBurst)) admission.burst = std::max(admission.burst, each_tick);
  const bool stops = in.at_sell_out == AtSellOut::kStop;
  admission.coupled_to_seats = stops;
  admission.after_sell_out =
      stops ? AdmissionParameters::AfterSellOut::kStopAndTell : AdmissionParameters::AfterSellOut::kGoOn;
  admission.turn_ttl_sec = in[Q::kTurnTtl];
  admission.grant_ttl_sec = in[Q::kGrantTtl];
  admission.heartbeat_ttl_sec = in[Q::kHeartbeatTtl];
  sale.seating.seats = whole(in[Q::kSeats]);
  sale.seating.hold_ttl_sec = in[Q::kHoldTtl];
  sale.seating.tickets_per_buyer = in[Q::kTicketsPerBuyer];
}

void set_gateway(const Plan& plan, FleetParameters& gateway) {
  const PlanInputs& in = plan.inputs;
  const double planned = static_cast<double>(plan.gateway.pods);
  const double opening = in[Q::kPodsAtOpening] > 0 ? in[Q::kPodsAtOpening] : planned;
  gateway.requests_per_sec_per_pod = in[Q::kPodCapacity] / (1 + in[Q::kMeshCpu]);
  gateway.minimum_pods = whole(in[Q::kPodsAtLeast]);
  gateway.maximum_pods = whole(std::max(planned, opening));
  gateway.pods_at_opening = whole(opening);
  gateway.target_utilisation = in[Q::kPodUtilisation];
  gateway.metric_delay_sec = in[Q::kMetricDelay];
  gateway.sync_sec = in[Q::kScalerPeriod];
  gateway.pod_start_sec = in[Q::kPodStart];
  gateway.node_start_sec = in[Q::kNodeStart];
  gateway.spot_share = in[Q::kSpotShare];
  gateway.pods_per_node =
      whole(std::clamp(std::floor(in[Q::kNodeVcpu] * in[Q::kNodeAllocatable] / in[Q::kPodVcpu] + 1e-9), 1.0, 1000.0));
}

double share_of_hot_shard(const Plan& plan) {
  const double buckets = plan.inputs[Q::kLineBuckets];
  return std::ceil(buckets / static_cast<double>(plan.redis.shards_used) - 1e-9) / buckets;
}

// Seconds of CPU, but for a scan of keys. Ticks come whether anybody asks or not, and are laid on the status calls;
// where hardly anybody asks they would be most of a call, and are left out beyond this.
constexpr double kMostOfAStatus = 0.001;

// The hot slot's thread: of each thing the part that falls to it.
void set_redis(const Plan& plan, RedisParameters& redis) {
  const double statuses = plan.polling.status_rps;
  double with_status = 0, with_enter = 0, per_waiting = 0;  // CPU seconds per second
  redis.join_cpu_sec = 0;
  for (const RedisWork& work : plan.redis.hot_selling_work) {
    const double cpu = work.per_second * work.cpu_us * 1e-6;
    if (work.name == "join" || work.name == "arrival") {
      const double share = work.place == Place::kBuckets ? share_of_hot_shard(plan) : 1;
      redis.join_cpu_sec += share * work.cpu_us * 1e-6;
    } else if (work.name == "admission" || work.name == "grant" || work.name == "purchase" ||
               work.name == "clients' keys") {
      with_enter += cpu;
    } else {
      with_status += cpu;
    }
    per_waiting += work.per_second * work.cpu_us_per_user * 1e-6;
  }
  redis.enter_cpu_sec = plan.admission.rate > 0 ? with_enter / plan.admission.rate : 0;
  redis.leave_cpu_sec = redis.enter_cpu_sec;  // out of the line, as an admission takes somebody out
  redis.status_cpu_sec_per_waiting = statuses > 0 ? per_waiting / statuses : 0;
  const double each = statuses > 0 ? with_status / statuses : 0;
  const double alone = std::max(0.0, each - redis.status_cpu_sec_per_waiting * plan.selling.peak_line);
  redis.status_cpu_sec = std::min(alone, kMostOfAStatus);
}

}  // namespace

core::Result<SaleParameters> sale_of_plan(const Plan& plan) {
  const PlanInputs& in = plan.inputs;
  SaleParameters sale;
  set_crowd(plan, sale);
  set_room(plan, sale);
  set_gateway(plan, sale.gateway);
  set_redis(plan, sale.redis);
  sale.backends = {in[Q::kReservationCapacity], in[Q::kInventoryCapacity], in[Q::kPaymentCapacity]};
  // Half as long again as the fluid line takes, and until the last of the holds has ended.
  const double over = 1.5 * plan.admission.drained_at + in[Q::kTurnTtl] + in[Q::kGrantTtl] + in[Q::kHoldTtl];
  sale.horizon_sec = std::ceil(std::clamp(over, sale.horizon_sec, kDaySec));
  if (auto fits = check(sale); !fits) return with_flag(fits.error().message);
  return sale;
}

core::Result<LadderParameters> ladder_of_plan(const Plan& plan, const SaleParameters& sale,
                                              const std::vector<double>& requests_per_sec) {
  LadderParameters ladder;
  ladder.requests_per_sec = requests_per_sec;
  ladder.admission_per_sec = plan.admission.rate;
  if (plan.polling.status_rps > 0) {
    ladder.poll_interval_sec = std::clamp(plan.selling.peak_line / plan.polling.status_rps, 0.1, 3600.0);
  }
  ladder.gateway = sale.gateway;
  ladder.gateway.pods_at_opening = sale.gateway.minimum_pods;
  if (!requests_per_sec.empty()) {
    const double top = *std::max_element(requests_per_sec.begin(), requests_per_sec.end());
    const double pods =
        std::ceil(top / (sale.gateway.requests_per_sec_per_pod * sale.gateway.target_utilisation) - 1e-9);
    if (pods > kMostPods) {
      return fail(
          fmt::format("--rungs: {:g} requests/s take {:.0f} pods, and a simulation has at most {}: lower the "
                      "rung, or raise --pod-capacity",
                      top, pods, kMostPods));
    }
    ladder.gateway.maximum_pods = std::max(sale.gateway.maximum_pods, whole(pods));
  }
  ladder.redis = sale.redis;
  ladder.backends = sale.backends;
  if (auto fits = check(ladder); !fits) return with_flag(fits.error().message);
  return ladder;
}

core::Result<std::vector<double>> read_rungs(std::string_view text) {
  std::vector<double> rungs;
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t comma = std::min(text.find(',', from), text.size());
    const std::string_view word = text.substr(from, comma - from);
    from = comma + 1;
    const auto rate = core::parse_rate(word);
    if (!rate) {
      return fail(fmt::format("--rungs: '{}' is not a rate; give rates with commas between, such as 1k,5k,10k",
                              word.substr(0, 40)));
    }
    if (rate->per_second() <= 0) return fail(fmt::format("--rungs: '{}' must be above 0", word));
    if (rungs.size() == kMostRungs) return fail(fmt::format("--rungs: more than {} rates; leave some out", kMostRungs));
    rungs.push_back(rate->per_second());
  }
  return rungs;
}

}  // namespace tacos::plan
