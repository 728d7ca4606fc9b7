#include "tacos-load/terminal/plain_line.h"

#include <cmath>

#include <fmt/format.h>

#include "core/units.h"

namespace tacos::load {

using core::format_count;
using core::format_latency;

double planned_per_second(const RateProfile& profile, bool schedules_users, const LiveSnapshot& s) {
  if (schedules_users) return s.scheduled_per_second;
  return profile.arrivals_by(s.at) - profile.arrivals_by(s.at - std::chrono::seconds(1));
}

std::string error_kinds(const LiveSnapshot& s) {
  std::string kinds;
  for (std::size_t o = 1; o < s.outcomes.size(); ++o) {
    if (s.outcomes[o] == 0) continue;
    kinds += fmt::format("{}{} {}", kinds.empty() ? "" : ", ", measure::kOutcomeNames[o], format_count(s.outcomes[o]));
  }
  return kinds;
}

std::string plain_line(const RateProfile& profile, bool schedules_users, const LiveSnapshot& s, bool aligned) {
  const auto whole = [](double value) { return format_count(static_cast<std::uint64_t>(std::lround(value))); };
  const auto to = [&](int width) { return aligned ? width : 0; };
  std::string line = fmt::format(
      "{:>{}.0f}s/{:.0f}s  {:>{}}/s of {:>{}}  p50 {:>{}}  p99 {:>{}}  users {:>{}}  errors {}", core::to_seconds(s.at),
      to(4), core::to_seconds(profile.duration()), whole(s.sent_per_second), to(7),
      whole(planned_per_second(profile, schedules_users, s)), to(7), format_latency(s.response_p50), to(8),
      format_latency(s.response_p99), to(8), format_count(measure::active(s.users)), to(8), format_count(s.errors()));
  if (const std::string kinds = error_kinds(s); !kinds.empty()) line += fmt::format(" ({})", kinds);
  return line + fmt::format("  lag p99 {}", format_latency(s.dispatch_lag_p99));
}

}  // namespace tacos::load
