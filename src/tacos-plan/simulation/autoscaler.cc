#include "tacos-plan/simulation/autoscaler.h"

#include <algorithm>
#include <cmath>

namespace tacos::plan {
namespace {

// 10 pods at exactly twice the target are 20, also when the division came out a hair above.
std::uint32_t round_up(double pods) {
  return static_cast<std::uint32_t>(std::ceil(pods - 1e-9));
}

bool within(double ratio, double tolerance) {
  return std::abs(ratio - 1) <= tolerance + 1e-12;
}

}  // namespace

std::uint32_t desired_replicas(const FleetReading& reading, double target_utilisation, double tolerance) {
  if (reading.ready == 0) return reading.replicas;
  const double wanted = reading.busy_pods / target_utilisation;  // pods at the target
  const double ratio = wanted / reading.ready;
  if (ratio <= 1 || reading.starting == 0) {
    return within(ratio, tolerance) ? reading.replicas : round_up(wanted);
  }
  const double cautious = wanted / (reading.ready + reading.starting);
  if (cautious < 1 || within(cautious, tolerance)) return reading.replicas;
  return round_up(wanted);
}

std::uint32_t HorizontalAutoscaler::stabilised(double now_sec, std::uint32_t replicas, std::uint32_t desired) {
  // What stood when the autoscaler began counts as its first recommendation: a fleet that was raised beforehand is not
  // taken down at once.
  if (!began_) recommendations_.push_back({now_sec, replicas});
  began_ = true;
  const double since = now_sec - rules_.down_stabilisation_sec;
  std::erase_if(recommendations_, [since](const Entry& entry) { return entry.at_sec <= since; });
  recommendations_.push_back({now_sec, desired});
  if (desired >= replicas) return desired;
  std::uint32_t highest = 0;
  for (const Entry& entry : recommendations_) highest = std::max(highest, entry.pods);
  return std::min(highest, replicas);
}

std::uint32_t HorizontalAutoscaler::sync(double now_sec, const FleetReading& reading) {
  const auto sum_since = [now_sec](std::vector<Entry>& entries, double period_sec) {
    std::erase_if(entries, [&](const Entry& entry) { return entry.at_sec <= now_sec - period_sec; });
    std::uint32_t sum = 0;
    for (const Entry& entry : entries) sum += entry.pods;
    return sum;
  };
  const std::uint32_t replicas = reading.replicas;
  const std::uint32_t desired = desired_replicas(reading, rules_.target_utilisation, rules_.tolerance);
  std::uint32_t next = stabilised(now_sec, replicas, desired);
  const std::uint32_t added = sum_since(added_, rules_.up_period_sec);
  const std::uint32_t removed = sum_since(removed_, rules_.down_period_sec);
  if (next > replicas) {
    const double start = static_cast<double>(replicas) - added;
    const double most = std::max(start + rules_.up_pods, std::ceil(start * (1 + rules_.up_share)));
    next = std::min(next, std::max(replicas, static_cast<std::uint32_t>(std::max(0.0, most))));
  } else if (next < replicas) {
    const double start = static_cast<double>(replicas) + removed;
    const auto least = static_cast<std::uint32_t>(std::max(0.0, std::ceil(start * (1 - rules_.down_share))));
    next = std::max(next, std::min(replicas, least));
  }
  next = std::clamp(next, rules_.minimum_pods, rules_.maximum_pods);
  if (next > replicas) added_.push_back({now_sec, next - replicas});
  if (next < replicas) removed_.push_back({now_sec, replicas - next});
  return next;
}

}  // namespace tacos::plan
