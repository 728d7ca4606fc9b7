#include "tacos-plan/models/retries.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/random.h"

namespace tacos::plan {
namespace {

using testing::HasSubstr;

// Google, Site Reliability Engineering (2016), chapter 22: three layers that each try 4 times make 64 attempts.
TEST(RetryAmplification, MatchesTheThreeLayersOfGooglesBook) {
  EXPECT_EQ(std::pow(retry_amplification(1, 3).value(), 3), 64);
}

// Brooker, "Timeouts, retries, and backoff with jitter", Amazon Builders' Library (2019): five layers of three tries
// make 243 times the load.
TEST(RetryAmplification, MatchesTheFiveLayersOfAmazonsLibrary) {
  EXPECT_EQ(std::pow(retry_amplification(1, 2).value(), 5), 243);
}

TEST(RetryAmplification, IsTheGeometricSeries) {
  EXPECT_EQ(retry_amplification(0, 5).value(), 1);
  EXPECT_EQ(retry_amplification(0.5, 3).value(), 1.875);
  EXPECT_EQ(load_with_retries(1000, 0.1, 2).value(), 1000 * (1 + 0.1 * (1 + 0.1)));
  core::Random random(31);
  for (int i = 0; i < 200; ++i) {
    const double p = 0.999 * random.uniform();
    const auto r = static_cast<std::uint32_t>(random.below(20));
    EXPECT_NEAR(retry_amplification(p, r).value(), (1 - std::pow(p, r + 1)) / (1 - p), 1e-9);
  }
}

TEST(RetryEquilibrium, WithinTheCapacityNothingIsRetried) {
  const auto found = retry_equilibrium({.requests_per_sec = 800, .capacity_per_sec = 1000, .most_retries = 3}).value();
  EXPECT_EQ(found.outcome, RetryOutcome::kHealthy);
  EXPECT_EQ(found.attempts_per_sec, 800);
  EXPECT_EQ(found.failure_share, 0);
  EXPECT_NEAR(found.flooded_attempts_per_sec, 800, 1e-6);
}

// f^(r+1) = 1 − C/λ, the closed form beyond the capacity when failures cost nothing.
TEST(RetryEquilibrium, BeyondTheCapacityItSettlesAtTheClosedForm) {
  core::Random random(32);
  for (int i = 0; i < 200; ++i) {
    const RetryingService service{.requests_per_sec = 1000 * (1.05 + 3 * random.uniform()),
                                  .capacity_per_sec = 1000,
                                  .most_retries = static_cast<std::uint32_t>(random.below(6))};
    const auto found = retry_equilibrium(service).value();
    const double share = std::pow(1 - 1000 / service.requests_per_sec, 1.0 / (service.most_retries + 1));
    EXPECT_EQ(found.outcome, RetryOutcome::kOverloaded);
    EXPECT_NEAR(found.failure_share, share, 1e-6);
    EXPECT_NEAR(found.attempts_per_sec, 1000 / (1 - share), 1e-2);
    EXPECT_NEAR(found.answered_per_sec, 1000, 1e-2);
    EXPECT_NEAR(found.flooded_attempts_per_sec, found.attempts_per_sec, 1e-2);
  }
}

TEST(RetryEquilibrium, WorkLostOnFailuresKeepsAFloodedServiceDown) {
  const RetryingService service{
      .requests_per_sec = 900, .capacity_per_sec = 1000, .most_retries = 3, .failed_attempt_cost = 0.5};
  const auto found = retry_equilibrium(service).value();
  EXPECT_EQ(found.outcome, RetryOutcome::kMetastable);
  EXPECT_EQ(found.attempts_per_sec, 900);
  EXPECT_GT(found.flooded_attempts_per_sec, 1000);
  EXPECT_LT(found.flooded_answered_per_sec, found.answered_per_sec);

  auto lightly_loaded = service;
  lightly_loaded.requests_per_sec = 200;
  EXPECT_EQ(retry_equilibrium(lightly_loaded).value().outcome, RetryOutcome::kHealthy);
}

TEST(RetryEquilibrium, OtherFailuresAloneCanBringItDown) {
  const auto found =
      retry_equilibrium(
          {.requests_per_sec = 900, .capacity_per_sec = 1000, .most_retries = 2, .base_failure_share = 0.2})
          .value();
  EXPECT_EQ(found.outcome, RetryOutcome::kOverloaded);
}

TEST(RetryEquilibrium, MoreRequestsNeverMeanFewerAttempts) {
  core::Random random(33);
  for (int i = 0; i < 200; ++i) {
    RetryingService service{.requests_per_sec = 2000 * random.uniform(),
                            .capacity_per_sec = 1000,
                            .most_retries = static_cast<std::uint32_t>(random.below(5)),
                            .failed_attempt_cost = 0.9 * random.uniform()};
    const auto before = retry_equilibrium(service).value();
    service.requests_per_sec *= 1.1;
    const auto after = retry_equilibrium(service).value();
    EXPECT_GE(after.attempts_per_sec, before.attempts_per_sec * (1 - 1e-6));
    EXPECT_GE(after.flooded_attempts_per_sec, before.flooded_attempts_per_sec * (1 - 1e-6));
    EXPECT_GE(before.flooded_attempts_per_sec, before.attempts_per_sec * (1 - 1e-6));
  }
}

TEST(Retries, RefusesImpossibleInputs) {
  EXPECT_THAT(retry_amplification(1.1, 1).error().message, HasSubstr("failure share is 1.1"));
  EXPECT_THAT(load_with_retries(-1, 0, 1).error().message, HasSubstr("-1 requests/s"));
  EXPECT_THAT(retry_equilibrium({.requests_per_sec = 1}).error().message, HasSubstr("capacity is 0"));
  EXPECT_THAT(retry_equilibrium({.capacity_per_sec = 1, .failed_attempt_cost = 1}).error().message,
              HasSubstr("failed attempt 1"));
  EXPECT_THAT(retry_equilibrium({.capacity_per_sec = 1, .most_retries = 1001}).error().message,
              HasSubstr("1001 retries"));
}

}  // namespace
}  // namespace tacos::plan
