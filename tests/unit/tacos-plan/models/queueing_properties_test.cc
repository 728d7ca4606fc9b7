#include <cmath>

#include <gtest/gtest.h>

#include "core/random.h"
#include "tacos-plan/models/queueing.h"

namespace tacos::plan {
namespace {

constexpr int kRounds = 300;

// Rates over six powers of ten, loads up to 99.9 %.
struct RandomQueue {
  explicit RandomQueue(core::Random& random)
      : mu(std::pow(10, random.uniform() * 6 - 3)),
        servers(1 + random.below(200)),
        lambda(mu * static_cast<double>(servers) * 0.999 * random.uniform()),
        arrival_variation(3 * random.uniform()),
        service{.mean_seconds = 1 / mu, .squared_variation = 3 * random.uniform()} {}

  double mu;
  std::uint64_t servers;
  double lambda;
  double arrival_variation;
  ServiceTime service;
  double for_one() const { return lambda / static_cast<double>(servers); }
};

void expect_close(double a, double b) {
  EXPECT_NEAR(a, b, 1e-9 * std::max(std::abs(a), std::abs(b)));
}

void expect_same(const SteadyQueue& a, const SteadyQueue& b) {
  expect_close(a.waiting_probability, b.waiting_probability);
  expect_close(a.mean_wait_seconds, b.mean_wait_seconds);
  expect_close(a.mean_waiting, b.mean_waiting);
  expect_close(a.mean_in_system, b.mean_in_system);
}

TEST(QueueingProperties, LittlesLawHoldsInEveryModel) {
  core::Random random(1);
  for (int i = 0; i < kRounds; ++i) {
    const RandomQueue q(random);
    const auto holds = [&](const SteadyQueue& queue, double lambda) {
      expect_close(queue.mean_in_system, little_mean_in_system(lambda, queue.mean_response_seconds).value());
      expect_close(queue.mean_waiting, little_mean_in_system(lambda, queue.mean_wait_seconds).value());
      expect_close(queue.mean_in_system, queue.mean_waiting + lambda / q.mu);
      EXPECT_GE(queue.mean_wait_seconds, 0);
    };
    holds(mm1(q.for_one(), q.mu).value(), q.for_one());
    holds(mmc(q.lambda, q.mu, q.servers).value(), q.lambda);
    holds(mg1(q.for_one(), q.service).value(), q.for_one());
    holds(gg1_kingman(q.for_one(), q.arrival_variation, q.service).value(), q.for_one());
    holds(ggc_allen_cunneen(q.lambda, q.arrival_variation, q.service, q.servers).value(), q.lambda);
    holds(ggc_sakasegawa(q.lambda, q.arrival_variation, q.service, q.servers).value(), q.lambda);
    const auto bounded = mm1k(q.lambda, q.mu, q.servers).value();
    expect_close(bounded.mean_in_system, bounded.accepted_per_sec * bounded.mean_response_seconds);
    expect_close(bounded.accepted_per_sec, q.mu * (1 - bounded.empty_probability));
  }
}

TEST(QueueingProperties, GeneralModelsContainTheSpecialOnes) {
  core::Random random(2);
  for (int i = 0; i < kRounds; ++i) {
    const RandomQueue q(random);
    const double lambda = q.for_one();
    const auto one = mm1(lambda, q.mu).value();
    expect_same(mmc(lambda, q.mu, 1).value(), one);
    expect_same(mg1(lambda, {.mean_seconds = 1 / q.mu, .squared_variation = 1}).value(), one);
    expect_same(md1(lambda, 1 / q.mu).value(), mg1(lambda, {.mean_seconds = 1 / q.mu, .squared_variation = 0}).value());
    expect_close(md1(lambda, 1 / q.mu).value().mean_wait_seconds, one.mean_wait_seconds / 2);
    expect_same(gg1_kingman(lambda, 1, q.service).value(), mg1(lambda, q.service).value());
    expect_same(ggc_allen_cunneen(lambda, 1, q.service, 1).value(), mg1(lambda, q.service).value());
    expect_same(ggc_allen_cunneen(q.lambda, 1, {.mean_seconds = 1 / q.mu}, q.servers).value(),
                mmc(q.lambda, q.mu, q.servers).value());
  }
}

TEST(QueueingProperties, ErlangCIsAtLeastErlangBAndBothAreShares) {
  core::Random random(3);
  for (int i = 0; i < kRounds; ++i) {
    const RandomQueue q(random);
    const double b = erlang_b(q.lambda / q.mu, q.servers).value();
    const double c = erlang_c(q.lambda / q.mu, q.servers).value();
    EXPECT_GE(b, 0);
    EXPECT_GE(c, b);
    EXPECT_LE(c, 1);
  }
}

TEST(QueueingProperties, TheWaitPercentileIsTheWaitThatIsExceededThatOften) {
  core::Random random(4);
  for (int i = 0; i < kRounds; ++i) {
    const RandomQueue q(random);
    const double share = 0.999 * random.uniform();
    const double wait = mmc_wait_percentile(q.lambda, q.mu, q.servers, share).value();
    const double exceeds = mmc_wait_exceeds(q.lambda, q.mu, q.servers, wait).value();
    if (wait > 0) expect_close(exceeds, 1 - share);
    EXPECT_LE(exceeds, 1 - share + 1e-12);
  }
}

TEST(QueueingProperties, ServersForAWaitAreEnoughAndOneLessIsNot) {
  core::Random random(5);
  for (int i = 0; i < kRounds; ++i) {
    const RandomQueue q(random);
    const double wait = random.uniform() * 2 / q.mu;
    const auto servers = mmc_servers_for_wait(q.lambda, q.mu, wait, 0.95).value();
    EXPECT_LE(mmc_wait_exceeds(q.lambda, q.mu, servers, wait).value(), 0.05 + 1e-12);
    if (servers > 1) {
      const auto fewer = mmc_wait_exceeds(q.lambda, q.mu, servers - 1, wait);
      EXPECT_TRUE(!fewer || *fewer > 0.05);
    }
    EXPECT_LE(mmc_servers_for_wait(q.lambda, q.mu, wait * 1.5, 0.95).value(), servers);
    EXPECT_GE(mmc_servers_for_wait(q.lambda * 1.1, q.mu, wait, 0.95).value(), servers);
  }
}

TEST(QueueingProperties, MoreLoadNeverWaitsLess) {
  core::Random random(6);
  for (int i = 0; i < kRounds; ++i) {
    const RandomQueue q(random);
    const double less = q.lambda * random.uniform();
    EXPECT_LE(mmc(less, q.mu, q.servers).value().mean_wait_seconds,
              mmc(q.lambda, q.mu, q.servers).value().mean_wait_seconds);
    EXPECT_LE(mm1k(less, q.mu, q.servers).value().blocking_probability,
              mm1k(q.lambda, q.mu, q.servers).value().blocking_probability + 1e-15);
  }
}

}  // namespace
}  // namespace tacos::plan
