#include "tacos-plan/models/queueing.h"

#include <cmath>
#include <string>

#include <fmt/format.h>

namespace tacos::plan {
namespace {

using core::fail;
using core::Result;

bool positive(double value) {
  return std::isfinite(value) && value > 0;
}

bool at_least_zero(double value) {
  return std::isfinite(value) && value >= 0;
}

// Whether λ, μ and c make a stable queue; every formula below divides by 1 − ρ.
Result<void> check_stable(double lambda, double mu, std::uint64_t c) {
  if (!at_least_zero(lambda))
    return fail(fmt::format("lambda is {} arrivals/s; it must be finite and at least 0", lambda));
  if (!positive(mu)) return fail(fmt::format("mu is {} services/s; it must be finite and above 0", mu));
  if (c < 1 || c > kMostServers) return fail(fmt::format("c is {} servers; it must be 1 to {}", c, kMostServers));
  const double capacity = mu * static_cast<double>(c);
  // λ/(cμ) can round to 1 while λ < cμ: what counts is what the formulas will divide by.
  if (lambda >= capacity || lambda / capacity >= 1) {
    return fail(
        fmt::format("queue is unstable: lambda {}/s against mu {}/s on c {} is a utilization of {:.4g}, which must "
                    "be below 1; add servers or admit less",
                    lambda, mu, c, lambda / capacity));
  }
  return {};
}

Result<void> check_share(double share) {
  if (share >= 0 && share < 1) return {};
  return fail(fmt::format("share is {}; it must be at least 0 and below 1", share));
}

Result<void> check_seconds(double seconds) {
  if (at_least_zero(seconds)) return {};
  return fail(fmt::format("time is {} s; it must be finite and at least 0", seconds));
}

Result<void> check_service(double lambda, const ServiceTime& service, std::uint64_t c) {
  if (!positive(service.mean_seconds)) {
    return fail(fmt::format("mean service time is {} s; it must be finite and above 0", service.mean_seconds));
  }
  if (!at_least_zero(service.squared_variation)) {
    return fail(fmt::format("squared variation of the service time is {}; it must be finite and at least 0",
                            service.squared_variation));
  }
  return check_stable(lambda, 1 / service.mean_seconds, c);
}

Result<void> check_variation(double squared_variation) {
  if (at_least_zero(squared_variation)) return {};
  return fail(fmt::format("squared variation of the gaps between arrivals is {}; it must be finite and at least 0",
                          squared_variation));
}

double next_erlang_b(double blocked_before, double offered, double servers) {
  return offered * blocked_before / (servers + offered * blocked_before);
}

double erlang_c_from_b(double blocked, double rho) {
  return blocked / (1 - rho * (1 - blocked));
}

// The rest of a queue follows from its wait by Little's law.
SteadyQueue from_wait(double lambda, double service_seconds, double rho, double waiting_probability, double wait) {
  return {.utilization = rho,
          .waiting_probability = waiting_probability,
          .mean_waiting = lambda * wait,
          .mean_in_system = lambda * (wait + service_seconds),
          .mean_wait_seconds = wait,
          .mean_response_seconds = wait + service_seconds};
}

}  // namespace

Result<double> little_mean_in_system(double lambda, double response_seconds) {
  if (at_least_zero(lambda) && at_least_zero(response_seconds)) return lambda * response_seconds;
  return fail(fmt::format("lambda is {}/s and the response {} s; both must be finite and at least 0", lambda,
                          response_seconds));
}

Result<SteadyQueue> mm1(double lambda, double mu) {
  if (auto ok = check_stable(lambda, mu, 1); !ok) return ok.error();
  const double rho = lambda / mu;
  return from_wait(lambda, 1 / mu, rho, rho, rho / (mu - lambda));
}

Result<double> mm1_state_probability(double lambda, double mu, std::uint64_t n) {
  if (auto ok = check_stable(lambda, mu, 1); !ok) return ok.error();
  const double rho = lambda / mu;
  return (1 - rho) * std::pow(rho, static_cast<double>(n));
}

Result<double> mm1_wait_exceeds(double lambda, double mu, double seconds) {
  return mmc_wait_exceeds(lambda, mu, 1, seconds);
}

Result<double> mm1_response_percentile(double lambda, double mu, double share) {
  if (auto ok = check_stable(lambda, mu, 1); !ok) return ok.error();
  if (auto ok = check_share(share); !ok) return ok.error();
  return -std::log1p(-share) / (mu - lambda);
}

Result<double> erlang_b(double offered, std::uint64_t servers) {
  if (!at_least_zero(offered))
    return fail(fmt::format("offered load is {} erlangs; it must be finite and at least 0", offered));
  if (servers > kMostServers) return fail(fmt::format("c is {} servers; it must be at most {}", servers, kMostServers));
  double blocked = 1;
  for (std::uint64_t k = 1; k <= servers; ++k) blocked = next_erlang_b(blocked, offered, static_cast<double>(k));
  return blocked;
}

Result<double> erlang_c(double offered, std::uint64_t servers) {
  if (auto ok = check_stable(offered, 1, servers); !ok) return ok.error();
  return erlang_c_from_b(erlang_b(offered, servers).value(), offered / static_cast<double>(servers));
}

Result<SteadyQueue> mmc(double lambda, double mu, std::uint64_t c) {
  if (auto ok = check_stable(lambda, mu, c); !ok) return ok.error();
  const auto servers = static_cast<double>(c);
  const double rho = lambda / (servers * mu);
  const double waits = erlang_c_from_b(erlang_b(lambda / mu, c).value(), rho);
  return from_wait(lambda, 1 / mu, rho, waits, waits / (servers * mu - lambda));
}

Result<double> mmc_wait_exceeds(double lambda, double mu, std::uint64_t c, double seconds) {
  if (auto ok = check_seconds(seconds); !ok) return ok.error();
  const auto queue = mmc(lambda, mu, c);
  if (!queue) return queue.error();
  return queue->waiting_probability * std::exp(-(static_cast<double>(c) * mu - lambda) * seconds);
}

Result<double> mmc_wait_percentile(double lambda, double mu, std::uint64_t c, double share) {
  if (auto ok = check_share(share); !ok) return ok.error();
  const auto queue = mmc(lambda, mu, c);
  if (!queue) return queue.error();
  if (queue->waiting_probability <= 1 - share) return 0.0;
  return std::log(queue->waiting_probability / (1 - share)) / (static_cast<double>(c) * mu - lambda);
}

Result<std::uint64_t> mmc_servers_for_wait(double lambda, double mu, double seconds, double share) {
  if (auto ok = check_seconds(seconds); !ok) return ok.error();
  if (auto ok = check_share(share); !ok) return ok.error();
  if (auto ok = check_stable(lambda, mu, kMostServers); !ok) return ok.error();
  const double offered = lambda / mu;
  double blocked = 1;
  for (std::uint64_t c = 1; c <= kMostServers; ++c) {
    const auto servers = static_cast<double>(c);
    blocked = next_erlang_b(blocked, offered, servers);
    if (!check_stable(lambda, mu, c)) continue;
    const double waits = erlang_c_from_b(blocked, offered / servers);
    if (waits * std::exp(-(servers * mu - lambda) * seconds) <= 1 - share) return c;
  }
  return fail(
      fmt::format("no c up to {} servers keeps a share {} of waits within {} s at lambda {}/s and mu {}/s; ask for "
                  "a longer wait",
                  kMostServers, share, seconds, lambda, mu));
}

Result<BoundedQueue> mm1k(double lambda, double mu, std::uint64_t capacity) {
  if (!at_least_zero(lambda))
    return fail(fmt::format("lambda is {} arrivals/s; it must be finite and at least 0", lambda));
  if (!positive(mu)) return fail(fmt::format("mu is {} services/s; it must be finite and above 0", mu));
  if (capacity < 1 || capacity > kMostServers) {
    return fail(fmt::format("K is {} places; it must be 1 to {}", capacity, kMostServers));
  }
  // Weights relative to the likelier end, so that neither ρᴷ nor ρ⁻ᴷ overflows.
  const double rho = lambda / mu;
  const bool from_empty = rho <= 1;
  const double ratio = from_empty ? rho : 1 / rho;
  double weight = 1;
  double sum = 0;
  double weighted = 0;
  for (std::uint64_t i = 0; i <= capacity && weight > 0; ++i) {
    sum += weight;
    weighted += weight * static_cast<double>(from_empty ? i : capacity - i);
    weight *= ratio;
  }
  const double far_end = std::pow(ratio, static_cast<double>(capacity)) / sum;
  BoundedQueue queue;
  queue.empty_probability = from_empty ? 1 / sum : far_end;
  queue.blocking_probability = from_empty ? far_end : 1 / sum;
  queue.accepted_per_sec = lambda * (1 - queue.blocking_probability);
  queue.mean_in_system = weighted / sum;
  queue.mean_waiting = std::fmax(0, queue.mean_in_system - (1 - queue.empty_probability));
  queue.mean_response_seconds = lambda > 0 ? queue.mean_in_system / queue.accepted_per_sec : 1 / mu;
  queue.mean_wait_seconds = std::fmax(0, queue.mean_response_seconds - 1 / mu);
  return queue;
}

Result<SteadyQueue> mg1(double lambda, const ServiceTime& service) {
  return gg1_kingman(lambda, 1, service);
}

Result<SteadyQueue> md1(double lambda, double service_seconds) {
  return mg1(lambda, {.mean_seconds = service_seconds, .squared_variation = 0});
}

Result<SteadyQueue> gg1_kingman(double lambda, double arrival_squared_variation, const ServiceTime& service) {
  if (auto ok = check_service(lambda, service, 1); !ok) return ok.error();
  if (auto ok = check_variation(arrival_squared_variation); !ok) return ok.error();
  const double rho = lambda * service.mean_seconds;
  const double variability = (arrival_squared_variation + service.squared_variation) / 2;
  return from_wait(lambda, service.mean_seconds, rho, rho, rho / (1 - rho) * variability * service.mean_seconds);
}

Result<SteadyQueue> ggc_allen_cunneen(double lambda, double arrival_squared_variation, const ServiceTime& service,
                                      std::uint64_t c) {
  if (auto ok = check_service(lambda, service, c); !ok) return ok.error();
  if (auto ok = check_variation(arrival_squared_variation); !ok) return ok.error();
  const auto markov = mmc(lambda, 1 / service.mean_seconds, c);
  if (!markov) return markov.error();
  const double variability = (arrival_squared_variation + service.squared_variation) / 2;
  return from_wait(lambda, service.mean_seconds, markov->utilization, markov->waiting_probability,
                   markov->mean_wait_seconds * variability);
}

Result<SteadyQueue> ggc_sakasegawa(double lambda, double arrival_squared_variation, const ServiceTime& service,
                                   std::uint64_t c) {
  if (auto ok = check_service(lambda, service, c); !ok) return ok.error();
  if (auto ok = check_variation(arrival_squared_variation); !ok) return ok.error();
  const auto servers = static_cast<double>(c);
  const double rho = lambda * service.mean_seconds / servers;
  const double waits = std::pow(rho, std::sqrt(2 * (servers + 1)) - 1);
  const double variability = (arrival_squared_variation + service.squared_variation) / 2;
  return from_wait(lambda, service.mean_seconds, rho, waits,
                   waits / (servers * (1 - rho)) * variability * service.mean_seconds);
}

}  // namespace tacos::plan
