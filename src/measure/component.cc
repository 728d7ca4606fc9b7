#include "measure/component.h"

#include <algorithm>

namespace tacos::measure {

std::optional<double> utilisation_of(const ComponentUse& use, const Component& component) {
  const auto& cpu = use.of(Flow::kCpu);
  const double limit = component.limit_cores;
  if (!(limit > 0) || !cpu) return std::nullopt;
  const auto& main_thread = use.of(Flow::kMainThreadCpu);
  if (!main_thread) return *cpu / limit;
  const double binding = *main_thread / std::min(1.0, limit);
  return limit == 1 ? binding : std::max(binding, *cpu / limit);
}

void ComponentMean::add(const ComponentUse& use) {
  observed_sec_ += use.observed_sec;
  const auto weigh = [&](Sum& sum, double rate) {
    sum.weighted += rate * use.observed_sec;
    sum.seconds += use.observed_sec;
  };
  for (std::size_t f = 0; f < flows_.size(); ++f) {
    if (use.flows[f]) weigh(flows_[f], *use.flows[f]);
  }
  for (std::size_t l = 0; l < levels_.size(); ++l) {
    if (use.levels[l]) levels_[l] = std::max(levels_[l].value_or(0), *use.levels[l]);
  }
  for (const auto& [command, rate] : use.calls) {
    auto at = std::find_if(calls_.begin(), calls_.end(), [&](const auto& known) { return known.first == command; });
    if (at == calls_.end()) at = calls_.insert(calls_.end(), {command, Sum{}});
    weigh(at->second, rate);
  }
}

ComponentUse ComponentMean::mean(const Component& component) const {
  ComponentUse use;
  use.observed_sec = observed_sec_;
  for (std::size_t f = 0; f < flows_.size(); ++f) {
    if (flows_[f].seconds > 0) use.flows[f] = flows_[f].weighted / flows_[f].seconds;
  }
  use.levels = levels_;
  for (const auto& [command, sum] : calls_) {
    if (sum.seconds > 0) use.calls.emplace_back(command, sum.weighted / sum.seconds);
  }
  use.utilisation = utilisation_of(use, component);
  return use;
}

}  // namespace tacos::measure
