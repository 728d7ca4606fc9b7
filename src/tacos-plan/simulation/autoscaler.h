#pragma once

#include <cstdint>
#include <vector>

#include "tacos-plan/simulation/sale_parameters.h"

namespace tacos::plan {

// What the autoscaler knows of its pods at a sync.
struct FleetReading {
  std::uint32_t replicas = 0;  // wanted until now
  std::uint32_t ready = 0;
  std::uint32_t starting = 0;
  double busy_pods = 0;  // the sum of the measured pods' utilisations: 30 pods at 15 % are 4.5
};

// The replicas that one sync asks for before limits:
//   desired = ⌈replicas × utilisation ÷ target⌉, unchanged while |utilisation ÷ target − 1| ≤ tolerance.
// Pods that aren't ready yet count as idle when it would go up, and not at all when it would go down.
// Source: Kubernetes documentation, "Horizontal Pod Autoscaling", section "Algorithm details".
std::uint32_t desired_replicas(const FleetReading& reading, double target_utilisation, double tolerance);

// Kubernetes' horizontal pod autoscaler, autoscaling/v2: desired_replicas(), then the scaling behaviour of the same
// page: no lower than any recommendation of the stabilisation window; up by at most the larger of so many pods or such
// a share, and down by at most such a share, of the replicas that stood at the beginning of the period; between minimum
// and maximum. Thread rule: none.
class HorizontalAutoscaler {
 public:
  explicit HorizontalAutoscaler(const FleetParameters& rules) : rules_(rules) {}

  // Called at every sync, in order of time.
  std::uint32_t sync(double now_sec, const FleetReading& reading);

 private:
  struct Entry {
    double at_sec = 0;
    std::uint32_t pods = 0;
  };
  std::uint32_t stabilised(double now_sec, std::uint32_t replicas, std::uint32_t desired);

  FleetParameters rules_;
  std::vector<Entry> recommendations_;
  bool began_ = false;
  std::vector<Entry> added_;
  std::vector<Entry> removed_;
};

}  // namespace tacos::plan
