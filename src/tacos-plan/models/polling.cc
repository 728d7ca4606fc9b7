#include "tacos-plan/models/polling.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace tacos::plan {
namespace {

using core::fail;
using core::Result;

bool positive(double value) {
  return std::isfinite(value) && value > 0;
}

Result<void> check_number(const char* what, double value) {
  if (std::isfinite(value) && value >= 0) return {};
  return fail(fmt::format("{} is {}; it must be finite and at least 0", what, value));
}

Result<void> check_interval(double seconds) {
  if (positive(seconds)) return {};
  return fail(fmt::format("poll interval is {} s; it must be finite and above 0", seconds));
}

Result<void> check_line(const PolledLine& line) {
  if (auto ok = check_number("number of users in line", line.users); !ok) return ok.error();
  if (positive(line.admitted_per_sec)) return {};
  return fail(fmt::format("admission rate is {}/s; it must be finite and above 0", line.admitted_per_sec));
}

// Between which the interval lies before its factor.
std::pair<double, double> base_limits(const PollRule& rule) {
  const double most = longest_poll_seconds(rule) / (1 + rule.jitter);
  return {std::min(rule.shortest_seconds / (1 - rule.jitter), most), most};
}

// The steps that tickets of one factor take: a limit, a share of the wait, a limit.
struct Steps {
  double shortest = 0;       // p_lo
  double longest = 0;        // p_hi
  double near = 0;           // w_lo
  double far = 0;            // w_hi
  double polls_per_log = 0;  // 1/κ

  Steps(const PollRule& rule, double factor) {
    const double limit = longest_poll_seconds(rule);
    const double taken = rule.share * factor;
    const auto [least, most] = base_limits(rule);
    shortest = std::clamp(least * factor, rule.shortest_seconds, limit);
    longest = std::max(std::clamp(most * factor, rule.shortest_seconds, limit), shortest);
    near = shortest / taken;
    far = longest / taken;
    polls_per_log = -1 / std::log1p(-taken);
  }

  // P(w).
  double polls(double wait) const {
    double count = std::min(wait, near) / shortest;
    if (wait > near) count += polls_per_log * std::log(std::min(wait, far) / near);
    if (wait > far) count += (wait - far) / longest;
    return count;
  }

  // ∫₀ʷ P.
  double polls_integral(double wait) const {
    const double first = std::min(wait, near);
    double area = first * first / (2 * shortest);
    if (wait > near) {
      const double end = std::min(wait, far);
      area += (end - near) * polls(near) + polls_per_log * (end * std::log(end / near) - (end - near));
    }
    if (wait > far) area += (wait - far) * polls(far) + (wait - far) * (wait - far) / (2 * longest);
    return area;
  }
};

// The mean of f over factors uniform in 1 ± jitter, by Simpson's rule on each side of 1, where the steps have a bend.
template <class F>
double mean_over_factors(const PollRule& rule, F f) {
  constexpr int kPieces = 16;
  double sum = 0;
  for (const double side : {-1.0, 1.0}) {
    for (int i = 0; i <= kPieces; ++i) {
      const double weight = i == 0 || i == kPieces ? 1 : i % 2 == 1 ? 4 : 2;
      sum += weight * f(Steps(rule, 1 + side * rule.jitter * i / kPieces));
    }
  }
  return sum / (2 * 3 * kPieces);
}

}  // namespace

Result<double> fixed_polls_per_second(double users, double interval_seconds) {
  if (auto ok = check_number("number of users in line", users); !ok) return ok.error();
  if (auto ok = check_interval(interval_seconds); !ok) return ok.error();
  return users / interval_seconds;
}

Result<double> fixed_polls_total(double users, double mean_wait_seconds, double interval_seconds) {
  if (auto ok = check_number("mean wait", mean_wait_seconds); !ok) return ok.error();
  const auto rate = fixed_polls_per_second(users, interval_seconds);
  if (!rate) return rate.error();
  return *rate * mean_wait_seconds;
}

Result<void> check_poll_rule(const PollRule& rule) {
  if (!(rule.jitter >= 0 && rule.jitter < 1)) {
    return fail(fmt::format("jitter is {}; it must be at least 0 and below 1", rule.jitter));
  }
  if (!(rule.share > 0 && rule.share * (1 + rule.jitter) < 1)) {
    return fail(fmt::format("share of the wait is {}; it must be above 0 and, times 1 + the jitter of {}, below 1",
                            rule.share, rule.jitter));
  }
  if (!positive(rule.shortest_seconds) || !positive(rule.longest_seconds) ||
      rule.shortest_seconds > rule.longest_seconds) {
    return fail(fmt::format("shortest poll is {} s and longest {} s; both must be above 0, in that order",
                            rule.shortest_seconds, rule.longest_seconds));
  }
  if (positive(rule.heartbeat_seconds)) return {};
  return fail(fmt::format("heartbeat is {} s; it must be finite and above 0", rule.heartbeat_seconds));
}

double longest_poll_seconds(const PollRule& rule) {
  return std::max(rule.shortest_seconds, std::min(rule.longest_seconds, rule.heartbeat_seconds / 3));
}

double poll_interval_seconds(const PollRule& rule, double eta_seconds, double factor) {
  const auto [least, most] = base_limits(rule);
  return std::clamp(std::clamp(eta_seconds * rule.share, least, most) * factor, rule.shortest_seconds,
                    longest_poll_seconds(rule));
}

Result<double> polls_of_user(const PollRule& rule, double wait_seconds) {
  if (auto ok = check_poll_rule(rule); !ok) return ok.error();
  const double wait = std::max(0.0, wait_seconds);
  return mean_over_factors(rule, [wait](const Steps& steps) { return steps.polls(wait); });
}

Result<PollLoad> poll_load(const PolledLine& line, const PollRule& rule, double fixed_interval_seconds) {
  if (auto ok = check_line(line); !ok) return ok.error();
  if (auto ok = check_poll_rule(rule); !ok) return ok.error();
  if (auto ok = check_interval(fixed_interval_seconds); !ok) return ok.error();
  const double rate = line.admitted_per_sec;
  const double wait = line.users / rate;
  PollLoad load;
  load.peak_per_second = rate * mean_over_factors(rule, [wait](const Steps& steps) { return steps.polls(wait); });
  load.total = rate * mean_over_factors(rule, [wait](const Steps& steps) { return steps.polls_integral(wait); });
  load.fixed_peak_per_second = line.users / fixed_interval_seconds;
  load.fixed_total = line.users * (wait / 2) / fixed_interval_seconds;
  if (load.fixed_total > 0) load.reduction = 1 - load.total / load.fixed_total;
  load.mean_notice_seconds = mean_over_factors(rule, [](const Steps& steps) { return steps.shortest / 2; });
  load.longest_notice_seconds = Steps(rule, 1 + rule.jitter).shortest;
  return load;
}

Result<NoticeDelay> notice_delay(double interval_seconds) {
  if (auto ok = check_interval(interval_seconds); !ok) return ok.error();
  return NoticeDelay{.mean_seconds = interval_seconds / 2, .longest_seconds = interval_seconds};
}

}  // namespace tacos::plan
