#include "tacos-load/schedule/rate_profile.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace tacos::load {
namespace {

double slope_of(const RateStage& stage) {
  return (stage.to.per_second() - stage.from.per_second()) / core::to_seconds(stage.duration);
}

double arrivals_within(const RateStage& stage, double t_sec) {
  return stage.from.per_second() * t_sec + slope_of(stage) * t_sec * t_sec / 2;
}

}  // namespace

RateProfile::RateProfile(std::vector<RateStage> stages) {
  for (auto& stage : stages) {
    if (stage.duration <= core::Nanos(0)) continue;
    starts_.push_back({duration_, total_});
    duration_ += stage.duration;
    // The trapezium, exact for a linear rate.
    total_ += (stage.from.per_second() + stage.to.per_second()) / 2 * core::to_seconds(stage.duration);
    stages_.push_back(std::move(stage));
  }
}

double RateProfile::peak_per_second() const {
  double peak = 0;
  for (const auto& stage : stages_) peak = std::max({peak, stage.from.per_second(), stage.to.per_second()});
  return peak;
}

std::size_t RateProfile::stage_of(core::Nanos t) const {
  const auto after =
      std::upper_bound(starts_.begin(), starts_.end(), t, [](core::Nanos at, const Start& s) { return at < s.time; });
  return static_cast<std::size_t>(after - starts_.begin()) - 1;
}

double RateProfile::rate_at(core::Nanos t) const {
  if (t < core::Nanos(0) || t >= duration_) return 0;
  const std::size_t at = stage_of(t);
  return stages_[at].from.per_second() + slope_of(stages_[at]) * core::to_seconds(t - starts_[at].time);
}

double RateProfile::arrivals_by(core::Nanos t) const {
  if (t <= core::Nanos(0) || stages_.empty()) return 0;
  if (t >= duration_) return total_;
  const std::size_t at = stage_of(t);
  return starts_[at].arrivals + arrivals_within(stages_[at], core::to_seconds(t - starts_[at].time));
}

core::Nanos RateProfile::when(double arrivals) const {
  if (arrivals >= total_ || stages_.empty()) return duration_;
  const auto after = std::upper_bound(starts_.begin(), starts_.end(), arrivals,
                                      [](double due, const Start& s) { return due < s.arrivals; });
  const std::size_t at = after == starts_.begin() ? 0 : static_cast<std::size_t>(after - starts_.begin()) - 1;
  const double due = std::max(0.0, arrivals - starts_[at].arrivals);
  const double rate = stages_[at].from.per_second();
  const double root = std::sqrt(std::max(0.0, rate * rate + 2 * slope_of(stages_[at]) * due));
  const double seconds = due == 0 ? 0 : 2 * due / (rate + root);
  return std::min(starts_[at].time + core::from_seconds(seconds), starts_[at].time + stages_[at].duration);
}

}  // namespace tacos::load
