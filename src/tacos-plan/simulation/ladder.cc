#include "tacos-plan/simulation/ladder.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "tacos-plan/simulation/fleet.h"

namespace tacos::plan {
namespace {

std::uint32_t pods_for(double requests_per_sec, const FleetParameters& rules) {
  const double pods = requests_per_sec / (rules.requests_per_sec_per_pod * rules.target_utilisation);
  // A hundredth of a pod is rounding: the original's 30 pods at 15 % are 30.0 of them.
  return std::max(rules.minimum_pods, static_cast<std::uint32_t>(std::ceil(pods - 0.01)));
}

// Whether the autoscaler, seeing this load for long enough, would leave the fleet as it is.
bool settled(const LadderRung& rung, const GatewayFleet& fleet, const FleetParameters& rules) {
  if (fleet.ready() == 0 || fleet.delay_sec() > 0) return false;
  const double load = rung.requests_per_sec / (fleet.ready() * rules.requests_per_sec_per_pod);
  const double ratio = load / rules.target_utilisation;
  if (!rung.down) return ratio <= 1 + rules.tolerance + 1e-9;
  return fleet.replicas() == rules.minimum_pods || fleet.replicas() <= rung.pods_needed ||
         ratio >= 1 - rules.tolerance - 1e-9;
}

}  // namespace

core::Result<void> check(const LadderParameters& parameters) {
  if (parameters.requests_per_sec.empty() || parameters.requests_per_sec.size() > 100) {
    return core::fail(
        fmt::format("the ladder has {} rungs, but must have from 1 to 100", parameters.requests_per_sec.size()));
  }
  const auto within = [](const char* name, double value, double least, double most) -> core::Result<void> {
    if (value >= least && value <= most) return {};
    return core::fail(fmt::format("{} is {}, but must be from {} to {}", name, value, least, most));
  };
  for (const double rate : parameters.requests_per_sec) {
    if (auto fits = within("a rung's requests_per_sec", rate, 0, 1e9); !fits) return fits;
  }
  if (auto fits = within("hold_sec", parameters.hold_sec, 1, 86'400); !fits) return fits;
  if (auto fits = within("longest_sec", parameters.longest_sec, parameters.hold_sec, 86'400); !fits) return fits;
  if (auto fits = within("admission_per_sec", parameters.admission_per_sec, 0, 1e6); !fits) return fits;
  if (auto fits = within("poll_interval_sec", parameters.poll_interval_sec, 0.1, 3600); !fits) return fits;
  SaleParameters parts;  // whose other parameters are fine
  parts.gateway = parameters.gateway;
  parts.redis = parameters.redis;
  parts.backends = parameters.backends;
  return check(parts);
}

std::vector<LadderRung> simulate_ladder(const LadderParameters& parameters, std::uint64_t seed) {
  std::vector<double> rates = parameters.requests_per_sec;
  if (parameters.back_down) {
    for (std::size_t i = parameters.requests_per_sec.size() - 1; i-- > 0;) {
      rates.push_back(parameters.requests_per_sec[i]);
    }
  }
  GatewayFleet fleet(parameters.gateway, seed);
  std::vector<LadderRung> rungs;
  std::uint32_t second = 0;
  for (const double rate : rates) {
    LadderRung rung;
    rung.requests_per_sec = rate;
    rung.down = !rungs.empty() && rungs.back().requests_per_sec > rate;
    rung.pods_needed = pods_for(rate, parameters.gateway);
    rung.pods_before = fleet.ready();
    if (settled(rung, fleet, parameters.gateway)) rung.settled_sec = 0;
    while (rung.lasted_sec < parameters.hold_sec ||
           (rung.settled_sec < 0 && rung.lasted_sec < parameters.longest_sec)) {
      fleet.begin_tick(1);
      rung.shed += fleet.offer_many(rate);
      rung.delay_max_sec = std::max(rung.delay_max_sec, fleet.delay_sec());
      fleet.end_second(second++);
      rung.lasted_sec += 1;
      if (rung.settled_sec < 0 && settled(rung, fleet, parameters.gateway)) rung.settled_sec = rung.lasted_sec;
    }
    rung.pods_after = fleet.ready();
    const double capacity = fleet.ready() * parameters.gateway.requests_per_sec_per_pod;
    const double gateway = capacity > 0 ? std::min(1.0, rate / capacity) : 1;
    const double waiting = rate * parameters.poll_interval_sec;
    const double redis =
        rate * (parameters.redis.status_cpu_sec + parameters.redis.status_cpu_sec_per_waiting * waiting);
    // A sale confirms what it reserves: the inventory is asked twice, the others once.
    const double inside = parameters.admission_per_sec;
    rung.utilisation = {gateway, redis, inside / parameters.backends.reservation_per_sec,
                        2 * inside / parameters.backends.inventory_per_sec,
                        inside / parameters.backends.payment_per_sec};
    rungs.push_back(rung);
  }
  return rungs;
}

}  // namespace tacos::plan
