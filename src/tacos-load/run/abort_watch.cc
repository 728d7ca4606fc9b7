#include "tacos-load/run/abort_watch.h"

#include <algorithm>

namespace tacos::load {

std::optional<std::string> AbortWatch::broken(const measure::RunRecord& record, core::Nanos now) const {
  if (assembly_.rungs.empty()) {
    return now < assembly_.from + delay_ ? std::nullopt : broken_between(record, assembly_.from, now);
  }
  for (const auto& rung : assembly_.rungs) {
    if (now < rung.from + delay_) continue;
    if (auto gate = broken_between(record, rung.from, std::min(rung.to, now))) return *gate + " at " + rung.name;
  }
  return std::nullopt;
}

std::optional<std::string> AbortWatch::broken_between(const measure::RunRecord& record, core::Nanos from,
                                                      core::Nanos to) const {
  const measure::RunReport::Users unknown;  // gates that ask about users are judged at the end
  for (const auto& gate : assembly_.gates) {
    if (gate.concerns(from, to) && gate.broken({record, from, to, unknown})) return gate.expression();
  }
  return std::nullopt;
}

}  // namespace tacos::load
