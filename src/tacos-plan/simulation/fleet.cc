#include "tacos-plan/simulation/fleet.h"

#include <algorithm>

#include "tacos-plan/simulation/draws.h"

namespace tacos::plan {

GatewayFleet::GatewayFleet(const FleetParameters& rules, std::uint64_t seed)
    : rules_(rules),
      autoscaler_(rules),
      random_(seed),
      replicas_(rules.pods_at_opening),
      next_sync_sec_(rules.sync_sec) {
  busy_pods_.push_back(0);
  start_pods(replicas_, 0);
  for (Node& node : nodes_) node.up_at_sec = 0;
  for (Pod& pod : pods_) pod.ready = true;
  ready_ = replicas_;
  for (std::uint32_t i = 0; i < rules_.spare_nodes; ++i) nodes_.emplace_back();
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const double n = static_cast<double>(i);
    nodes_[i].spot = static_cast<int>((n + 1) * rules_.spot_share) > static_cast<int>(n * rules_.spot_share);
  }
}

double GatewayFleet::offer_many(double requests) {
  queue_.add(requests);
  const double most = rules_.timeout_sec * ready_ * rules_.requests_per_sec_per_pod;
  const double shed = std::clamp(queue_.backlog() - most, 0.0, requests);
  queue_.add(-shed);
  return shed;
}

std::uint32_t GatewayFleet::node_with_room(double now_sec) {
  std::uint32_t best = static_cast<std::uint32_t>(nodes_.size());
  for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].gone_at_sec >= 0 || nodes_[i].pods >= rules_.pods_per_node) continue;
    if (best == nodes_.size() || nodes_[i].up_at_sec < nodes_[best].up_at_sec) best = i;
  }
  if (best == nodes_.size()) {
    Node node;
    const double n = static_cast<double>(nodes_.size());
    node.up_at_sec = now_sec + rules_.node_start_sec;
    node.spot = static_cast<int>((n + 1) * rules_.spot_share) > static_cast<int>(n * rules_.spot_share);
    nodes_.push_back(node);
  }
  return best;
}

void GatewayFleet::start_pods(std::uint32_t count, double now_sec) {
  for (std::uint32_t i = 0; i < count; ++i) {
    Pod pod;
    pod.node = node_with_room(now_sec);
    pod.ready_at_sec = std::max(now_sec, nodes_[pod.node].up_at_sec) + rules_.pod_start_sec;
    ++nodes_[pod.node].pods;
    pods_.push_back(pod);
  }
}

// Those that aren't ready go first, then the youngest, as a ReplicaSet chooses.
void GatewayFleet::remove_pods(std::uint32_t count) {
  for (const bool ready : {false, true}) {
    for (std::size_t i = pods_.size(); i-- > 0 && count > 0;) {
      if (pods_[i].ready != ready || pods_[i].doomed) continue;
      --nodes_[pods_[i].node].pods;
      pods_.erase(pods_.begin() + static_cast<std::ptrdiff_t>(i));
      --count;
    }
  }
}

void GatewayFleet::interrupt_nodes(double now_sec) {
  const double chance = rules_.spot_interruptions_per_node_hour / 3600;
  for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
    Node& node = nodes_[i];
    if (node.gone_at_sec >= 0) {
      if (node.pods > 0 && now_sec >= node.gone_at_sec) {
        std::erase_if(pods_, [i](const Pod& pod) { return pod.node == i; });
        node.pods = 0;
      }
      continue;
    }
    if (!node.spot || node.pods == 0 || node.up_at_sec > now_sec || !draw_chance(random_, chance)) continue;
    ++interrupted_;
    node.gone_at_sec = now_sec + rules_.spot_notice_sec;
    std::uint32_t lost = 0;
    for (Pod& pod : pods_) {
      if (pod.node != i) continue;
      pod.doomed = true;
      ++lost;
    }
    start_pods(lost, now_sec);
  }
}

void GatewayFleet::count_ready(double now_sec) {
  ready_ = 0;
  for (Pod& pod : pods_) {
    pod.ready = pod.ready || pod.ready_at_sec <= now_sec;
    ready_ += pod.ready ? 1U : 0U;
  }
}

double GatewayFleet::measured_busy_pods(double now_sec) const {
  const double end = now_sec - rules_.metric_delay_sec;
  if (end < 1) return -1;
  const auto to = static_cast<std::size_t>(end);
  const auto from = static_cast<std::size_t>(std::max(0.0, end - rules_.metric_window_sec));
  return to > from ? (busy_pods_[to] - busy_pods_[from]) / static_cast<double>(to - from) : -1;
}

void GatewayFleet::scale(double now_sec) {
  const double busy = measured_busy_pods(now_sec);
  if (busy < 0) return;
  const std::uint32_t wanted = autoscaler_.sync(now_sec, {replicas_, ready_, starting(), busy});
  if (wanted > replicas_) start_pods(wanted - replicas_, now_sec);
  if (wanted < replicas_) remove_pods(replicas_ - wanted);
  replicas_ = wanted;
}

FluidServer::Use GatewayFleet::end_second(std::uint32_t second) {
  const double now_sec = second + 1.0;
  const FluidServer::Use use = queue_.take_use();
  busy_pods_.push_back(busy_pods_.back() + use.share() * ready_);
  pod_seconds_ += static_cast<double>(pods_.size());
  interrupt_nodes(now_sec);
  count_ready(now_sec);
  if (now_sec >= next_sync_sec_) {
    next_sync_sec_ += rules_.sync_sec;
    scale(now_sec);
    count_ready(now_sec);
  }
  return use;
}

}  // namespace tacos::plan
