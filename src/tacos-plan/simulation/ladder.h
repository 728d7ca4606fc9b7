#pragma once

#include <cstdint>
#include <vector>

#include "core/result.h"
#include "tacos-plan/simulation/sale_parameters.h"
#include "tacos-plan/simulation/timeline.h"

namespace tacos::plan {

// A climb in request rates, rung by rung, and back down. The fleet begins as the gateway's parameters say.
struct LadderParameters {
  std::vector<double> requests_per_sec = {1'000, 5'000, 10'000, 20'000, 30'000};
  bool back_down = true;            // over the same rungs, the top one not repeated
  double hold_sec = 120;            // each rung lasts this long, and longer until the fleet fits it
  double longest_sec = 1800;        // but no longer than this
  double admission_per_sec = 1000;  // what reaches the backends, whatever the rung
  double poll_interval_sec = 5;     // requests × this is the number waiting, for Redis costs that grow with it
  FleetParameters gateway{.pods_at_opening = 3};  // the first rung's, as the original began
  RedisParameters redis{};
  BackendParameters backends{};
};

struct LadderRung {
  double requests_per_sec = 0;
  bool down = false;              // the rung before was higher
  std::uint32_t pods_needed = 0;  // ⌈requests ÷ (a pod's × the target utilisation)⌉, and the minimum at least
  std::uint32_t pods_before = 0;
  std::uint32_t pods_after = 0;
  // Going up: until no more pods were needed to be within the autoscaler's tolerance of its target. Going down: until
  // the fleet had shrunk as far as the autoscaler takes it. Negative: not within the rung.
  double settled_sec = -1;
  double lasted_sec = 0;
  double shed = 0;  // requests
  double delay_max_sec = 0;
  // At the rung's end. Above 1 the component cannot carry the rung; the gateway's stays at 1 then, and it
  // sheds.
  std::array<double, kComponents> utilisation{};
  double utilisation_of(Component component) const { return utilisation[static_cast<std::size_t>(component)]; }
};

core::Result<void> check(const LadderParameters& parameters);

// The parameters must have passed check(). Spot interruptions are drawn from the seed.
std::vector<LadderRung> simulate_ladder(const LadderParameters& parameters, std::uint64_t seed);

}  // namespace tacos::plan
