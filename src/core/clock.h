#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace tacos::core {

using Nanos = std::chrono::nanoseconds;

// A point on a Clock's own time line: nanoseconds since an arbitrary origin. Only differences have meaning; the two
// instants must come from the same Clock.
class Instant {
 public:
  constexpr Instant() = default;
  constexpr explicit Instant(Nanos since_origin) : since_origin_(since_origin) {}

  constexpr Nanos since_origin() const { return since_origin_; }

  constexpr Instant& operator+=(Nanos d) {
    since_origin_ += d;
    return *this;
  }
  friend constexpr Instant operator+(Instant i, Nanos d) { return Instant(i.since_origin_ + d); }
  friend constexpr Instant operator-(Instant i, Nanos d) { return Instant(i.since_origin_ - d); }
  friend constexpr Nanos operator-(Instant a, Instant b) { return a.since_origin_ - b.since_origin_; }
  friend constexpr auto operator<=>(Instant, Instant) = default;

  // Later than every instant a clock can show.
  static constexpr Instant never() { return Instant(Nanos::max()); }

 private:
  Nanos since_origin_{0};
};

// The only way any other code may learn the time. Programs hand out a SteadyClock; tests a ManualClock.
// Thread rule: now() may be called from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;
};

// CLOCK_MONOTONIC. Never steps back; not comparable between machines.
class SteadyClock final : public Clock {
 public:
  Instant now() const override { return Instant(std::chrono::steady_clock::now().time_since_epoch()); }
};

// Stands still until it is told to move, so that tests never sleep.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Instant start = Instant(std::chrono::seconds(1))) : now_(start.since_origin().count()) {}

  Instant now() const override { return Instant(Nanos(now_.load(std::memory_order_relaxed))); }
  void advance(Nanos by) { now_.fetch_add(by.count(), std::memory_order_relaxed); }
  void set(Instant to) { now_.store(to.since_origin().count(), std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> now_;
};

}  // namespace tacos::core
