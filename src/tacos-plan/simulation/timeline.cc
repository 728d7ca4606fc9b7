#include "tacos-plan/simulation/timeline.h"

namespace tacos::plan {
namespace {

// A second that left less than this to spare was full: the rest is rounding and the ticks at its edges.
constexpr double kSaturated = 0.995;

}  // namespace

std::string_view name_of(Component component) {
  constexpr std::array<std::string_view, kComponents> kNames = {"gateway", "redis", "reservation", "inventory",
                                                                "payment"};
  return kNames[static_cast<std::size_t>(component)];
}

double Timeline::median_delay_sec() const {
  std::uint64_t total = 0;
  for (const std::uint32_t count : delays_) total += count;
  std::uint64_t seen = 0;
  for (std::uint32_t i = 0; i < delays_.size(); ++i) {
    seen += delays_[i];
    if (total == 0 || seen * 2 < total) continue;
    // Buckets 0 to 7 are microseconds; then 4 to 7 of octave o are steps of 2^o. The middle of the step is the answer.
    if (i < 8) return i * 1e-6;
    const std::uint32_t octave = i / 4 - 1;
    const std::uint32_t mantissa = i - octave * 4;
    return std::min((mantissa + 0.5) * static_cast<double>(std::uint64_t{1} << octave) * 1e-6, delay_max_sec_);
  }
  return 0;
}

void Timeline::close_second(const State& state) {
  TimelinePoint point;
  point.t_sec = static_cast<double>(seconds_.size());
  point.arrivals = second_.arrivals;
  point.waiting = state.waiting;
  point.status_per_sec = static_cast<double>(second_.status_calls);
  point.served_per_sec = static_cast<double>(second_.served);
  point.shed = second_.shed;
  point.admitted = second_.admitted;
  point.bought = second_.bought;
  point.seats_left = state.seats_left;
  point.pods_ready = state.pods_ready;
  point.pods_starting = state.pods_starting;
  point.utilisation = state.utilisation;
  point.delay_p50_sec = median_delay_sec();
  point.delay_max_sec = delay_max_sec_;
  for (std::size_t i = 0; i < kComponents; ++i) {
    ComponentLoad& load = loads_[i];
    load.peak_utilisation = std::max(load.peak_utilisation, state.utilisation[i]);
    if (load.saturated_at_sec < 0 && state.utilisation[i] >= kSaturated) load.saturated_at_sec = point.t_sec;
  }
  seconds_.push_back(point);
  second_ = Second{};
  delays_.fill(0);
  delay_max_sec_ = 0;
}

std::vector<TimelinePoint> Timeline::points(double interval_sec) const {
  const std::size_t fewest = (seconds_.size() + kMostPoints - 1) / kMostPoints;
  const std::size_t step = std::max<std::size_t>(1, interval_sec > 0 ? static_cast<std::size_t>(interval_sec) : fewest);
  std::vector<TimelinePoint> points;
  for (std::size_t from = 0; from < seconds_.size(); from += step) {
    const std::size_t to = std::min(from + step, seconds_.size());
    TimelinePoint point = seconds_[to - 1];  // for what stands at the end
    point.t_sec = seconds_[from].t_sec;
    for (std::size_t i = from; i + 1 < to; ++i) {
      const TimelinePoint& more = seconds_[i];
      // The median of the whole is near the mean of the medians, weighted by the answers that each stands for.
      const double answers = point.served_per_sec + more.served_per_sec;
      if (answers > 0) {
        point.delay_p50_sec =
            (point.delay_p50_sec * point.served_per_sec + more.delay_p50_sec * more.served_per_sec) / answers;
      }
      point.delay_max_sec = std::max(point.delay_max_sec, more.delay_max_sec);
      point.arrivals += more.arrivals;
      point.shed += more.shed;
      point.admitted += more.admitted;
      point.bought += more.bought;
      point.status_per_sec += more.status_per_sec;
      point.served_per_sec = answers;
      for (std::size_t c = 0; c < kComponents; ++c) point.utilisation[c] += more.utilisation[c];
    }
    const auto length = static_cast<double>(to - from);
    point.status_per_sec /= length;
    point.served_per_sec /= length;
    for (double& share : point.utilisation) share /= length;
    points.push_back(point);
  }
  return points;
}

}  // namespace tacos::plan
