#pragma once

#include <cstdint>
#include <vector>

#include "core/random.h"
#include "tacos-plan/simulation/autoscaler.h"
#include "tacos-plan/simulation/fluid_server.h"
#include "tacos-plan/simulation/sale_parameters.h"

namespace tacos::plan {

// The gateway's pods on their nodes: one fluid queue in front of all of them, an autoscaler above, and what stands
// between wanting a pod and having it. A pod needs room on a node that is up, then its start; nodes are added when all
// are full and stay. A spot node that is given notice takes no new pods; its pods serve until it goes, while as many
// are started elsewhere.
//
// A request that would wait beyond the time-out is shed and costs the fleet nothing, as with a bounded queue: kind to
// the fleet, which in truth may work for clients that have gone. Thread rule: none.
class GatewayFleet {
 public:
  GatewayFleet(const FleetParameters& rules, std::uint64_t seed);

  void begin_tick(double tick_sec) { queue_.begin_tick(tick_sec, ready_ * rules_.requests_per_sec_per_pod); }

  // One request: its wait in seconds, or a negative number when it is shed.
  double offer() {
    const double delay = queue_.delay_sec();
    if (delay > rules_.timeout_sec) return -1;
    queue_.add(1);
    return delay;
  }
  // Many requests in one tick; returns how many of them are shed.
  double offer_many(double requests);
  double delay_sec() const { return queue_.delay_sec(); }

  // Ends the second that began at `second`: starts, losses, the autoscaler. Every second must be ended in turn.
  FluidServer::Use end_second(std::uint32_t second);

  std::uint32_t ready() const { return ready_; }
  std::uint32_t starting() const { return static_cast<std::uint32_t>(pods_.size()) - ready_; }
  std::uint32_t replicas() const { return replicas_; }
  std::uint32_t interrupted_nodes() const { return interrupted_; }
  double pod_hours() const { return pod_seconds_ / 3600; }

 private:
  struct Pod {
    std::uint32_t node = 0;
    double ready_at_sec = 0;
    bool ready = false;
    bool doomed = false;  // on a node under notice
  };
  struct Node {
    double up_at_sec = 0;
    double gone_at_sec = -1;  // under notice when not negative
    std::uint32_t pods = 0;
    bool spot = false;
  };

  std::uint32_t node_with_room(double now_sec);
  void start_pods(std::uint32_t count, double now_sec);
  void remove_pods(std::uint32_t count);
  void interrupt_nodes(double now_sec);
  void count_ready(double now_sec);
  void scale(double now_sec);
  double measured_busy_pods(double now_sec) const;

  FleetParameters rules_;
  HorizontalAutoscaler autoscaler_;
  core::Random random_;
  FluidServer queue_;
  std::vector<Pod> pods_;  // in order of starting
  std::vector<Node> nodes_;
  std::vector<double> busy_pods_;  // of each second that has ended, summed up from the opening
  std::uint32_t ready_ = 0;
  std::uint32_t replicas_ = 0;
  std::uint32_t interrupted_ = 0;
  double pod_seconds_ = 0;
  double next_sync_sec_ = 0;
};

}  // namespace tacos::plan
