#pragma once

#include <utility>
#include <vector>

#include "core/result.h"

namespace tacos::plan {

// What lets users out of the line: a token bucket that is full when the line opens (t = 0). In any time t it admits at
// most burst + per_second × t.
struct Door {
  double per_second = 0;  // a
  double burst = 0;       // b, tokens at the start and the most it keeps
};

// Fails unless per_second is finite and above 0 and burst finite and at least 0.
core::Result<void> check_door(const Door& door);

struct ArrivalPoint {
  double at_seconds = 0;
  double users = 0;  // that have arrived by then
};

// What a line goes through when users come as a curve says.
struct LineSummary {
  double longest_queue = 0;
  double longest_wait_seconds = 0;
  double mean_wait_seconds = 0;  // over everyone, also those who did not wait
  double drained_at_seconds = 0;
  double person_seconds = 0;  // waited by all together
};

// Cumulative arrivals as straight lines between points: any forecast of a crowd. Users are a fluid here, not whole
// people: right for thousands, wrong for a dozen.
//
// With V the queue less the tokens left, V(0) = −b, dV/dt = (slope − a), never below −b; queue = max(0, V). While there
// is a queue the door is the only limit, so who arrives when the queue ahead, themselves included, is Q waits Q/a.
// Source: Newell, Applications of Queueing Theory (2nd ed., 1982), chapter 2 (fluid approximation from cumulative
// curves); the bucket as in Le Boudec & Thiran, Network Calculus (2001), section 1.5 (greedy shaper).
class ArrivalCurve {
 public:
  // Points in order of time, from a time ≥ 0, users never falling; two points at one time are a burst. The first
  // point's users arrive in a burst at its time. Fails, naming the point, on anything else and on a curve without
  // users.
  static core::Result<ArrivalCurve> make(std::vector<ArrivalPoint> points);

  double users() const { return points_.back().users; }
  // Those who have arrived by t, a burst at t included.
  double arrived_by(double seconds) const;
  // When the k-th arrives, 0 ≤ k ≤ users().
  double arrival_of(double k) const;

  // All three fail on a door that check_door refuses; the wait of the k-th also on a k outside 0 to users().
  core::Result<double> queue_at(const Door& door, double seconds) const;
  core::Result<double> wait_of(const Door& door, double k) const;
  core::Result<LineSummary> summary(const Door& door) const;

 private:
  explicit ArrivalCurve(std::vector<ArrivalPoint> points) : points_(std::move(points)) {}

  // V just after the k-th of those who arrive at `seconds` has joined.
  double level(const Door& door, double seconds, double k) const;

  std::vector<ArrivalPoint> points_;
};

}  // namespace tacos::plan
