#include "tacos-plan/simulation/sale_parameters.h"

#include <algorithm>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace tacos::plan {
namespace {

// Remembers the first parameter that is out of its range.
class RangeCheck {
 public:
  void within(std::string_view name, double value, double least, double most) {
    // Written so that it also catches what is not a number.
    if (!(value >= least && value <= most)) {
      refuse(fmt::format("{} is {}, but must be from {} to {}", name, value, least, most));
    }
  }
  void share(std::string_view name, double value) { within(name, value, 0, 1); }
  void need(bool holds, std::string message) {
    if (!holds) refuse(std::move(message));
  }
  core::Result<void> result() const {
    if (message_.empty()) return {};
    return core::fail(message_);
  }

 private:
  void refuse(std::string message) {
    if (message_.empty()) message_ = std::move(message);
  }
  std::string message_;
};

constexpr double kDaySec = 86'400;
constexpr double kMost = 1e9;

void check_crowd(const SaleParameters& sale, RangeCheck& range) {
  range.within("arrivals.users", sale.arrivals.users, 1, 20e6);
  range.within("arrivals.spread_sec", sale.arrivals.spread_sec, 0, kDaySec);
  range.share("arrivals.bot_share", sale.arrivals.bot_share);
  range.within("arrivals.bot_spread_sec", sale.arrivals.bot_spread_sec, 0, kDaySec);
  range.within("arrivals.bot_poll_sec", sale.arrivals.bot_poll_sec, 0.1, 3600);
  const PollParameters& polling = sale.polling;
  range.within("polling.interval_sec", polling.interval_sec, 0.1, 3600);
  range.within("polling.share_of_wait", polling.share_of_wait, 0.001, 1);
  range.within("polling.shortest_sec", polling.shortest_sec, 0.1, 3600);
  range.within("polling.longest_sec", polling.longest_sec, polling.shortest_sec, 3600);
  range.within("polling.jitter_share", polling.jitter_share, 0, 0.9);
  const BehaviourParameters& people = sale.behaviour;
  range.share("behaviour.no_show_share", people.no_show_share);
  range.share("behaviour.conversion_share", people.conversion_share);
  range.share("behaviour.payment_success_share", people.payment_success_share);
  range.share("behaviour.says_goodbye_share", people.says_goodbye_share);
  range.share("behaviour.refresh_share", people.refresh_share);
  range.within("behaviour.think_mean_sec", people.think_mean_sec, 0, 3600);
  range.within("behaviour.choose_mean_sec", people.choose_mean_sec, 0, 3600);
  range.within("behaviour.pay_mean_sec", people.pay_mean_sec, 0, 3600);
  range.within("behaviour.patience_mean_sec", people.patience_mean_sec, 0, kDaySec);
  range.within("behaviour.refresh_every_sec", people.refresh_every_sec, 0.1, 3600);
  range.within("behaviour.refresh_for_sec", people.refresh_for_sec, 0, kDaySec);
}

void check_admission(const SaleParameters& sale, RangeCheck& range) {
  const AdmissionParameters& admission = sale.admission;
  range.within("admission.rate_per_sec", admission.rate_per_sec, 0.001, 1e6);
  range.within("admission.burst", admission.burst, 1, 1e6);
  range.within("admission.tick_sec", admission.tick_sec, 0.01, 60);
  range.within("admission.turn_ttl_sec", admission.turn_ttl_sec, 0.1, 3600);
  range.within("admission.grant_ttl_sec", admission.grant_ttl_sec, 0.1, 3600);
  range.within("admission.heartbeat_ttl_sec", admission.heartbeat_ttl_sec, 1, kDaySec);
  const double each_tick = admission.rate_per_sec * admission.tick_sec;
  range.need(admission.burst >= each_tick * (1 - 1e-9),
             fmt::format("admission.burst is {}, but the bucket must hold the {} of one tick "
                         "(rate_per_sec × tick_sec), or the rate is never reached",
                         admission.burst, each_tick));
  const bool goes_on = admission.after_sell_out == AdmissionParameters::AfterSellOut::kGoOn;
  range.need(!goes_on || !admission.coupled_to_seats,
             "admission.after_sell_out is go-on, but coupled_to_seats stops admission when no seat is free: "
             "switch one of them off");
  const double slowest =
      sale.polling.kind == PollParameters::Kind::kFixed ? sale.polling.interval_sec : sale.polling.longest_sec;
  const double longest_gap = std::max(slowest * (1 + sale.polling.jitter_share), sale.arrivals.bot_poll_sec);
  range.need(longest_gap < admission.heartbeat_ttl_sec,
             fmt::format("admission.heartbeat_ttl_sec is {}, but users may ask as seldom as every {} s and would be "
                         "dropped: make it longer",
                         admission.heartbeat_ttl_sec, longest_gap));
  range.within("seating.seats", sale.seating.seats, 0, 1e9);
  range.within("seating.hold_ttl_sec", sale.seating.hold_ttl_sec, 0.1, kDaySec);
  range.within("seating.tickets_per_buyer", sale.seating.tickets_per_buyer, 1, 100);
  const std::vector<double>& weights = sale.seating.ticket_weights;
  range.need(weights.size() <= 100, "seating.ticket_weights has more than 100 entries");
  double sum = 0;
  for (const double weight : weights) {
    range.within("seating.ticket_weights", weight, 0, kMost);
    sum += weight;
  }
  range.need(weights.empty() || sum > 0, "seating.ticket_weights are all 0: one must be above it");
}

void check_fleet(const FleetParameters& fleet, RangeCheck& range) {
  range.within("gateway.requests_per_sec_per_pod", fleet.requests_per_sec_per_pod, 1, kMost);
  range.within("gateway.minimum_pods", fleet.minimum_pods, 1, 10'000);
  range.within("gateway.maximum_pods", fleet.maximum_pods, fleet.minimum_pods, 10'000);
  range.within("gateway.pods_at_opening", fleet.pods_at_opening, fleet.minimum_pods, fleet.maximum_pods);
  range.within("gateway.timeout_sec", fleet.timeout_sec, 0.01, 600);
  range.within("gateway.retries", fleet.retries, 0, 100);
  range.within("gateway.retry_spread_sec", fleet.retry_spread_sec, 0, 600);
  range.within("gateway.target_utilisation", fleet.target_utilisation, 0.01, 1);
  range.share("gateway.tolerance", fleet.tolerance);
  range.within("gateway.sync_sec", fleet.sync_sec, 1, 3600);
  range.within("gateway.metric_delay_sec", fleet.metric_delay_sec, 0, 3600);
  range.within("gateway.metric_window_sec", fleet.metric_window_sec, 1, 3600);
  range.within("gateway.up_pods", fleet.up_pods, 0, 10'000);
  range.within("gateway.up_share", fleet.up_share, 0, 100);
  range.within("gateway.up_period_sec", fleet.up_period_sec, 1, 1800);
  range.share("gateway.down_share", fleet.down_share);
  range.within("gateway.down_period_sec", fleet.down_period_sec, 1, 1800);
  range.within("gateway.down_stabilisation_sec", fleet.down_stabilisation_sec, 0, 3600);
  range.within("gateway.pod_start_sec", fleet.pod_start_sec, 0, 3600);
  range.within("gateway.node_start_sec", fleet.node_start_sec, 0, 3600);
  range.within("gateway.pods_per_node", fleet.pods_per_node, 1, 1000);
  range.within("gateway.spare_nodes", fleet.spare_nodes, 0, 10'000);
  range.share("gateway.spot_share", fleet.spot_share);
  range.within("gateway.spot_interruptions_per_node_hour", fleet.spot_interruptions_per_node_hour, 0, 3600);
  range.within("gateway.spot_notice_sec", fleet.spot_notice_sec, 0, 3600);
}

}  // namespace

core::Result<void> check(const SaleParameters& parameters) {
  RangeCheck range;
  check_crowd(parameters, range);
  check_admission(parameters, range);
  check_fleet(parameters.gateway, range);
  range.within("redis.status_cpu_sec", parameters.redis.status_cpu_sec, 0, 1);
  range.within("redis.status_cpu_sec_per_waiting", parameters.redis.status_cpu_sec_per_waiting, 0, 1);
  range.within("redis.join_cpu_sec", parameters.redis.join_cpu_sec, 0, 1);
  range.within("redis.enter_cpu_sec", parameters.redis.enter_cpu_sec, 0, 1);
  range.within("redis.leave_cpu_sec", parameters.redis.leave_cpu_sec, 0, 1);
  range.within("backends.reservation_per_sec", parameters.backends.reservation_per_sec, 0.001, kMost);
  range.within("backends.inventory_per_sec", parameters.backends.inventory_per_sec, 0.001, kMost);
  range.within("backends.payment_per_sec", parameters.backends.payment_per_sec, 0.001, kMost);
  range.within("horizon_sec", parameters.horizon_sec, 1, kDaySec);
  range.within("run_on_sec", parameters.run_on_sec, 0, kDaySec);
  range.within("timeline_interval_sec", parameters.timeline_interval_sec, 0, kDaySec);
  return range.result();
}

}  // namespace tacos::plan
