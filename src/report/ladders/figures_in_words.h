#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "core/units.h"

namespace tacos::report {

// Figures of a rung as all outputs of a study show them; a dash for what nobody saw.
inline std::string share_words(const std::optional<double>& share) {
  if (!share) return "–";
  return fmt::format("{:.{}f} %", *share * 100, *share < 0.0995 ? 1 : 0);
}

inline std::string flow_words(const std::optional<double>& per_second) {
  return per_second ? core::format_count(static_cast<std::uint64_t>(*per_second + 0.5)) + "/s" : "–";
}

// Milliseconds without their unit, for a column of them; 0 was not measured.
inline std::string millis_words(double millis) {
  if (!(millis > 0)) return "–";
  if (millis >= 100) return core::format_count(static_cast<std::uint64_t>(millis + 0.5));
  return fmt::format("{:.{}f}", millis, millis >= 10 ? 1 : 2);
}

inline std::string time_words(double millis) {
  return millis > 0 ? millis_words(millis) + " ms" : "not measured";
}

inline std::string micros_words(const std::optional<double>& micros) {
  if (!micros) return "–";
  return *micros >= 100 ? core::format_count(static_cast<std::uint64_t>(*micros + 0.5))
                        : fmt::format("{:.1f}", *micros);
}

inline std::string percent_words(double share) {
  return share > 0 ? fmt::format("{:.2f}", share * 100) : "0";
}

}  // namespace tacos::report
