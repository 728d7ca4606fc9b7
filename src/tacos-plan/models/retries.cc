#include "tacos-plan/models/retries.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace tacos::plan {
namespace {

using core::fail;
using core::Result;

constexpr std::uint32_t kMostRetries = 1000;
// Near the edge of stability each step of the iteration gains little; this many take milliseconds.
constexpr int kMostSteps = 1'000'000;
constexpr double kSettled = 1e-13;

// Summed from the last term inwards: no cancellation near p = 1.
double amplification(double failure_share, std::uint32_t retries) {
  double sum = 1;
  for (std::uint32_t i = 0; i < retries; ++i) sum = 1 + failure_share * sum;
  return sum;
}

double failure_share_at(const RetryingService& service, double load) {
  if (load <= service.capacity_per_sec) return service.base_failure_share;
  const double answered = std::max(
      0.0, (service.capacity_per_sec - service.failed_attempt_cost * load) / (1 - service.failed_attempt_cost));
  return 1 - (1 - service.base_failure_share) * answered / load;
}

double settle(const RetryingService& service, double load) {
  for (int step = 0; step < kMostSteps; ++step) {
    const double next = service.requests_per_sec * amplification(failure_share_at(service, load), service.most_retries);
    const bool settled = std::abs(next - load) <= kSettled * next;
    load = next;
    if (settled) break;
  }
  return load;
}

Result<void> check(const RetryingService& service) {
  const auto in_unit = [](double value) { return value >= 0 && value < 1; };
  if (!std::isfinite(service.requests_per_sec) || service.requests_per_sec < 0) {
    return fail(fmt::format("{} requests/s; the rate must be finite and at least 0", service.requests_per_sec));
  }
  if (!std::isfinite(service.capacity_per_sec) || service.capacity_per_sec <= 0) {
    return fail(fmt::format("capacity is {}/s; it must be finite and above 0", service.capacity_per_sec));
  }
  if (!in_unit(service.base_failure_share) || !in_unit(service.failed_attempt_cost)) {
    return fail(
        fmt::format("base failure share is {} and the cost of a failed attempt {}; both must be at least 0 and "
                    "below 1",
                    service.base_failure_share, service.failed_attempt_cost));
  }
  if (service.most_retries <= kMostRetries) return {};
  return fail(fmt::format("{} retries; the limit is {}", service.most_retries, kMostRetries));
}

}  // namespace

Result<double> retry_amplification(double failure_share, std::uint32_t most_retries) {
  if (!(failure_share >= 0 && failure_share <= 1)) {
    return fail(fmt::format("failure share is {}; it must be 0 to 1", failure_share));
  }
  return amplification(failure_share, most_retries);
}

Result<double> load_with_retries(double requests_per_sec, double failure_share, std::uint32_t most_retries) {
  if (!std::isfinite(requests_per_sec) || requests_per_sec < 0) {
    return fail(fmt::format("{} requests/s; the rate must be finite and at least 0", requests_per_sec));
  }
  const auto attempts = retry_amplification(failure_share, most_retries);
  if (!attempts) return attempts.error();
  return requests_per_sec * *attempts;
}

Result<RetryEquilibrium> retry_equilibrium(const RetryingService& service) {
  if (auto ok = check(service); !ok) return ok.error();
  const double tries = 1.0 + service.most_retries;
  const auto answered = [&](double failure_share) {
    return service.requests_per_sec * (1 - std::pow(failure_share, tries));
  };
  RetryEquilibrium found;
  found.attempts_per_sec = settle(service, service.requests_per_sec);
  found.failure_share = failure_share_at(service, found.attempts_per_sec);
  found.answered_per_sec = answered(found.failure_share);
  found.flooded_attempts_per_sec = settle(service, service.requests_per_sec * tries);
  found.flooded_failure_share = failure_share_at(service, found.flooded_attempts_per_sec);
  found.flooded_answered_per_sec = answered(found.flooded_failure_share);
  // The margin keeps a load that settles on the capacity itself from counting as beyond it.
  const double limit = service.capacity_per_sec * (1 + 1e-6);
  if (found.attempts_per_sec > limit) {
    found.outcome = RetryOutcome::kOverloaded;
  } else if (found.flooded_attempts_per_sec > limit) {
    found.outcome = RetryOutcome::kMetastable;
  }
  return found;
}

}  // namespace tacos::plan
