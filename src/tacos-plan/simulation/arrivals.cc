#include "tacos-plan/simulation/arrivals.h"

#include <algorithm>

#include "tacos-plan/simulation/draws.h"

namespace tacos::plan {
namespace {

std::vector<Arrival> draw_ramp(std::uint32_t users, double spread_sec, bool bot, core::Random& random) {
  std::vector<Arrival> arrivals(users);
  double sum = 0;
  for (Arrival& arrival : arrivals) {
    sum += draw_exponential(random);
    arrival = {sum, bot};
  }
  sum += draw_exponential(random);
  for (Arrival& arrival : arrivals) arrival.at_sec *= spread_sec / sum;
  return arrivals;
}

std::vector<Arrival> draw_decay(std::uint32_t users, double mean_sec, core::Random& random) {
  std::vector<Arrival> arrivals(users);
  double at_sec = 0;
  for (std::uint32_t i = 0; i < users; ++i) {
    at_sec += draw_exponential(random) * mean_sec / (users - i);
    arrivals[i].at_sec = at_sec;
  }
  return arrivals;
}

}  // namespace

std::vector<Arrival> draw_arrivals(const ArrivalParameters& parameters, core::Random& random) {
  const auto bots = static_cast<std::uint32_t>(parameters.users * parameters.bot_share + 0.5);
  const std::uint32_t people = parameters.users - bots;
  std::vector<Arrival> crowd;
  switch (parameters.shape) {
    case ArrivalParameters::Shape::kBurst:
      crowd.resize(people);
      break;
    case ArrivalParameters::Shape::kRamp:
      crowd = draw_ramp(people, parameters.spread_sec, false, random);
      break;
    case ArrivalParameters::Shape::kDecay:
      crowd = draw_decay(people, parameters.spread_sec, random);
      break;
  }
  if (bots == 0) return crowd;
  const std::vector<Arrival> scripts = draw_ramp(bots, parameters.bot_spread_sec, true, random);
  std::vector<Arrival> all(parameters.users);
  std::merge(scripts.begin(), scripts.end(), crowd.begin(), crowd.end(), all.begin(),
             [](const Arrival& a, const Arrival& b) { return a.at_sec < b.at_sec; });
  return all;
}

}  // namespace tacos::plan
