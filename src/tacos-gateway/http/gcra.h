#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "core/units.h"

namespace tacos::gateway {

// A limit of the generic cell rate algorithm (ITU-T I.371, annex A; the form of throttled and redis-cell): `burst`
// requests at once, and one more each `interval_ns`. In whole nanoseconds, so that nothing is lost by rounding.
struct GcraLimit {
  // 73 years: longer times are cut, so that no sum of two overflows.
  static constexpr std::int64_t kLongest = std::int64_t{1} << 61;

  std::int64_t interval_ns = 0;
  std::int64_t burst = 0;

  // The interval is rounded up: never more than the rate. Requires a rate above 0 and a burst of at least 1; a burst
  // that would take longer than kLongest to fill is cut.
  static GcraLimit of(core::Rate rate, std::uint64_t burst) {
    const double interval = std::ceil(1e9 / rate.per_second());
    const std::int64_t interval_ns = interval < static_cast<double>(kLongest)
                                         ? std::max<std::int64_t>(1, static_cast<std::int64_t>(interval))
                                         : kLongest;
    const auto most = static_cast<std::uint64_t>(kLongest / interval_ns);
    return {interval_ns, static_cast<std::int64_t>(std::min(burst, most))};
  }
};

// What a limit says to one request, and what it would say next.
struct LimitVerdict {
  bool limited = false;
  std::int64_t remaining = 0;        // requests that would still be taken at once
  std::int64_t reset_after_ns = 0;   // until all of the burst is there again
  std::int64_t retry_after_ns = -1;  // when limited: until this request would be taken; -1: never, it asks for too much
};

struct GcraStep {
  LimitVerdict verdict;
  std::int64_t tat_ns = 0;  // the theoretical arrival time to keep; as it was when limited
};

// One request of `cost` at now_ns:  new = max(tat, now) + cost·T, taken if new − burst·T ≤ now, where T is the interval
// and tat the theoretical arrival time kept so far (anything in the past: nothing was asked lately). A cost of 0 looks
// without taking. Requires 0 ≤ now_ns ≤ 2^61.
constexpr GcraStep gcra(const GcraLimit& limit, std::int64_t tat_ns, std::int64_t now_ns, std::int64_t cost = 1) {
  const std::int64_t tolerance = limit.interval_ns * limit.burst;
  const std::int64_t before = std::max(tat_ns, now_ns);
  GcraStep step;
  step.tat_ns = before;
  // Compared before it is multiplied: a cost beyond the burst is never taken, and its product might overflow.
  const bool possible = cost <= limit.burst;
  const std::int64_t wanted = possible ? before + cost * limit.interval_ns : before;
  step.verdict.limited = !possible || wanted - tolerance > now_ns;
  if (step.verdict.limited) {
    if (possible) step.verdict.retry_after_ns = wanted - tolerance - now_ns;
  } else {
    step.tat_ns = wanted;
  }
  step.verdict.reset_after_ns = step.tat_ns - now_ns;
  step.verdict.remaining = std::max<std::int64_t>(0, (tolerance - step.verdict.reset_after_ns) / limit.interval_ns);
  return step;
}

}  // namespace tacos::gateway
