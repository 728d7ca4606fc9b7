#include "tacos-plan/models/arrival_curve.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace tacos::plan {

using core::fail;
using core::Result;

Result<void> check_door(const Door& door) {
  if (!std::isfinite(door.per_second) || door.per_second <= 0) {
    return fail(fmt::format("admission rate is {}/s; it must be finite and above 0", door.per_second));
  }
  if (!std::isfinite(door.burst) || door.burst < 0) {
    return fail(fmt::format("admission burst is {}; it must be finite and at least 0", door.burst));
  }
  return {};
}

Result<ArrivalCurve> ArrivalCurve::make(std::vector<ArrivalPoint> points) {
  if (points.empty()) return fail("arrival curve has no points; give at least one");
  ArrivalPoint before;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto& point = points[i];
    if (!std::isfinite(point.at_seconds) || !std::isfinite(point.users) || point.at_seconds < before.at_seconds ||
        point.users < before.users) {
      return fail(fmt::format("arrival curve, point {}: {} users by {} s after {} users by {} s; neither may fall",
                              i + 1, point.users, point.at_seconds, before.users, before.at_seconds));
    }
    before = point;
  }
  if (before.users <= 0) return fail("arrival curve has no users; the last point must be above 0");
  // From here on the curve starts at nobody at time 0, and a burst is a stretch that takes no time.
  if (points.front().users > 0) points.insert(points.begin(), {points.front().at_seconds, 0});
  if (points.front().at_seconds > 0) points.insert(points.begin(), ArrivalPoint{});
  return ArrivalCurve(std::move(points));
}

double ArrivalCurve::arrived_by(double seconds) const {
  const auto after = std::upper_bound(points_.begin(), points_.end(), seconds,
                                      [](double at, const ArrivalPoint& point) { return at < point.at_seconds; });
  if (after == points_.begin()) return 0;
  const auto& from = *(after - 1);
  if (after == points_.end()) return from.users;
  return std::lerp(from.users, after->users, (seconds - from.at_seconds) / (after->at_seconds - from.at_seconds));
}

double ArrivalCurve::arrival_of(double k) const {
  const auto to = std::lower_bound(points_.begin(), points_.end(), k,
                                   [](const ArrivalPoint& point, double count) { return point.users < count; });
  if (to == points_.begin()) return to->at_seconds;
  if (to == points_.end()) return points_.back().at_seconds;
  const auto& from = *(to - 1);
  return std::lerp(from.at_seconds, to->at_seconds, (k - from.users) / (to->users - from.users));
}

double ArrivalCurve::level(const Door& door, double seconds, double k) const {
  // The slope is constant between two points, so the floor holds at the end of a stretch wherever it holds within it.
  const auto moved = [&door](double level, double passed, double joined) {
    return std::max(-door.burst, level - door.per_second * passed + joined);
  };
  double level = -door.burst;
  ArrivalPoint at = points_.front();
  for (const auto& point : points_) {
    const bool whole = point.at_seconds <= seconds && point.users <= k;
    const bool burst = point.at_seconds == at.at_seconds;
    if (!whole) return moved(level, burst ? 0 : seconds - at.at_seconds, k - at.users);
    level = moved(level, point.at_seconds - at.at_seconds, point.users - at.users);
    at = point;
  }
  return moved(level, seconds - at.at_seconds, 0);
}

Result<double> ArrivalCurve::queue_at(const Door& door, double seconds) const {
  if (auto ok = check_door(door); !ok) return ok.error();
  if (!(seconds >= 0)) return 0.0;
  return std::max(0.0, level(door, seconds, arrived_by(seconds)));
}

Result<double> ArrivalCurve::wait_of(const Door& door, double k) const {
  if (auto ok = check_door(door); !ok) return ok.error();
  if (!(k >= 0 && k <= users())) return fail(fmt::format("arrival {} is not one of the {} users", k, users()));
  return std::max(0.0, level(door, arrival_of(k), k)) / door.per_second;
}

Result<LineSummary> ArrivalCurve::summary(const Door& door) const {
  if (auto ok = check_door(door); !ok) return ok.error();
  LineSummary line;
  double level = -door.burst;
  ArrivalPoint at = points_.front();
  for (const auto& point : points_) {
    const double passed = point.at_seconds - at.at_seconds;
    const double unbounded = level - door.per_second * passed + (point.users - at.users);
    // The area of the part of the straight line from level to unbounded that lies above 0.
    const double high = std::max(level, unbounded);
    const double low = std::min(level, unbounded);
    if (passed > 0 && high > 0) {
      line.person_seconds += low >= 0 ? passed * (high + low) / 2 : passed * high / (high - low) * high / 2;
    }
    level = std::max(-door.burst, unbounded);
    line.longest_queue = std::max(line.longest_queue, level);
    at = point;
  }
  const double left = std::max(0.0, level);
  line.person_seconds += left * left / (2 * door.per_second);
  line.longest_wait_seconds = line.longest_queue / door.per_second;
  line.mean_wait_seconds = line.person_seconds / users();
  line.drained_at_seconds = arrival_of(users()) + left / door.per_second;
  return line;
}

}  // namespace tacos::plan
