#pragma once

#include <map>
#include <string>

#include "measure/component.h"

namespace tacos::load {

// Beyond this a counter is garbage: sums and differences of doubles must stay exact to a unit or so, and finite.
inline constexpr double kLargestFigure = 1e18;

// What one source said at one moment. Flows are counters since the start of its life: CPU in seconds, the rest in
// commands, requests or bytes.
struct Figures {
  std::string life{};  // changes when it restarts; empty when it does not say
  measure::OfFlows<double> counters{};
  measure::OfLevels<double> levels{};
  std::map<std::string, double, std::less<>> calls{};  // by command

  void count(measure::Flow flow, double value) { counters[static_cast<std::size_t>(flow)] = value; }
  void hold(measure::Level level, double value) { levels[static_cast<std::size_t>(level)] = value; }
  bool says_nothing() const;
};

}  // namespace tacos::load
