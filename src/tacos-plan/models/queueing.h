#pragma once

#include <cstdint>

#include "core/result.h"

namespace tacos::plan {

// Queues in steady state. Symbols used throughout:
//   λ  arrivals per second (arrivals_per_sec)           μ  services per second of one server (served_per_sec)
//   c  servers                                          a = λ/μ  offered load, erlangs
//   ρ = a/c  utilization                                Lq, L  mean number waiting, in the system
//   Wq, W  mean wait and mean response (wait + service), seconds
// Every function fails, naming λ, μ and c, when the queue is unstable (ρ ≥ 1), and on inputs that are not finite, on
// λ < 0, μ ≤ 0 or c outside 1 to kMostServers. λ = 0 is an idle queue. First come, first served; arrivals that do not
// depend on the queue. None of this describes the minutes after a sale opens: see fluid_queue.h for those.
struct SteadyQueue {
  double utilization = 0;            // ρ
  double waiting_probability = 0;    // that an arrival has to wait; an approximation where the model is one
  double mean_waiting = 0;           // Lq
  double mean_in_system = 0;         // L
  double mean_wait_seconds = 0;      // Wq
  double mean_response_seconds = 0;  // W
};

// How long a service takes: its mean and c²s = variance / mean², which is 0 for a constant and 1 for an exponential.
struct ServiceTime {
  double mean_seconds = 0;
  double squared_variation = 1;
};

// The Erlang recursion takes a step a server; at this many it is a tenth of a second.
constexpr std::uint64_t kMostServers = 10'000'000;

// Little's law, L = λW: any stable system, any discipline, long-run means. Fails on numbers that are negative or not
// finite. Source: J. D. C. Little, "A Proof for the Queuing Formula L = λW", Operations Research 9 (1961) 383-387.
core::Result<double> little_mean_in_system(double arrivals_per_sec, double mean_response_seconds);

// M/M/1: ρ = λ/μ, Lq = ρ²/(1 − ρ), L = ρ/(1 − ρ), Wq = ρ/(μ − λ), W = 1/(μ − λ), P(wait) = ρ.
// Source: Kleinrock, Queueing Systems I (1975), section 3.2; Gross & Harris, Fundamentals of Queueing Theory, 2.2.
core::Result<SteadyQueue> mm1(double arrivals_per_sec, double served_per_sec);
// pₙ = (1 − ρ)ρⁿ, the share of time with n in the system. n = 0: the server is idle. Source: as mm1.
core::Result<double> mm1_state_probability(double arrivals_per_sec, double served_per_sec, std::uint64_t n);
// P(wait > t) = ρ e^(−(μ − λ)t), t ≥ 0 in seconds. Source: Kleinrock I, section 5.12.
core::Result<double> mm1_wait_exceeds(double arrivals_per_sec, double served_per_sec, double seconds);
// The response time that a share p of arrivals stays within: −ln(1 − p)/(μ − λ), 0 ≤ p < 1, for responses are
// exponential with rate μ − λ. Source: Kleinrock I, section 5.12.
core::Result<double> mm1_response_percentile(double arrivals_per_sec, double served_per_sec, double share);

// Erlang B, the share of arrivals lost at c servers without a queue (M/M/c/c, and M/G/c/c alike): B(0) = 1,
// B(k) = aB(k − 1)/(k + aB(k − 1)); sums of positive terms, so it neither overflows nor cancels at any c. Stable at any
// load a ≥ 0. Source: Erlang 1917; recursion in Cooper, Introduction to Queueing Theory (1981), section 3.5.
core::Result<double> erlang_b(double offered_erlangs, std::uint64_t servers);
// Erlang C, the share of arrivals that wait in an M/M/c: C = B/(1 − ρ(1 − B)), a < c. Source: Cooper, section 3.5.
core::Result<double> erlang_c(double offered_erlangs, std::uint64_t servers);

// M/M/c: P(wait) = C(c, a), Wq = C/(cμ − λ), W = Wq + 1/μ, Lq = λWq, L = λW. Source: Gross & Harris, section 2.3.
core::Result<SteadyQueue> mmc(double arrivals_per_sec, double served_per_sec, std::uint64_t servers);
// P(wait > t) = C e^(−(cμ − λ)t). Source: Gross & Harris, section 2.3.
core::Result<double> mmc_wait_exceeds(double arrivals_per_sec, double served_per_sec, std::uint64_t servers,
                                      double seconds);
// The wait that a share p of arrivals stays within: max(0, ln(C/(1 − p))/(cμ − λ)), 0 ≤ p < 1: mmc_wait_exceeds
// solved for t.
core::Result<double> mmc_wait_percentile(double arrivals_per_sec, double served_per_sec, std::uint64_t servers,
                                         double share);
// The fewest servers at which a share p of arrivals waits at most `seconds`; p = 1 − P(wait > t), 0 ≤ p < 1. Both more
// servers and a longer wait only help, so a search upwards from the first stable count ends at the answer.
core::Result<std::uint64_t> mmc_servers_for_wait(double arrivals_per_sec, double served_per_sec, double seconds,
                                                 double share);

// M/M/1/K, a queue that turns away whoever finds K in the system: pₙ = (1 − ρ)ρⁿ/(1 − ρ^(K+1)), 1/(K + 1) at ρ = 1.
// Stable at any ρ. K from 1 to kMostServers. Source: Gross & Harris, section 2.5.
struct BoundedQueue {
  double blocking_probability = 0;   // p_K, the share turned away
  double empty_probability = 0;      // p₀
  double accepted_per_sec = 0;       // λ(1 − p_K)
  double mean_waiting = 0;           // Lq
  double mean_in_system = 0;         // L
  double mean_wait_seconds = 0;      // of those let in
  double mean_response_seconds = 0;  // of those let in
};
core::Result<BoundedQueue> mm1k(double arrivals_per_sec, double served_per_sec, std::uint64_t capacity);

// M/G/1, Pollaczek-Khinchine: Wq = λE[S²]/(2(1 − ρ)) = ρ(1 + c²s)/(2(1 − ρ)) × E[S]. P(wait) = ρ.
// Source: Kleinrock I, section 5.6.
core::Result<SteadyQueue> mg1(double arrivals_per_sec, const ServiceTime& service);
// M/D/1: the same at c²s = 0.
core::Result<SteadyQueue> md1(double arrivals_per_sec, double service_seconds);

// G/G/1, Kingman: Wq ≈ ρ/(1 − ρ) × (c²a + c²s)/2 × E[S]; c²a = the squared variation of the gaps between arrivals.
// Exact for M/G/1, good above ρ = 0.7, too long for arrivals steadier than Poisson at low ρ. P(wait) ≈ ρ.
// Source: J. F. C. Kingman, "The single server queue in heavy traffic", Proc. Cambridge Phil. Soc. 57 (1961) 902-904.
core::Result<SteadyQueue> gg1_kingman(double arrivals_per_sec, double arrival_squared_variation,
                                      const ServiceTime& service);
// G/G/c, Allen-Cunneen: Wq ≈ C(c, a)/(cμ − λ) × (c²a + c²s)/2. Exact for M/M/c and M/G/1. P(wait) ≈ C.
// Source: A. O. Allen, Probability, Statistics and Queueing Theory (2nd ed., 1990), section 5.4; Bolch et al.,
// Queueing Networks and Markov Chains (2nd ed., 2006), section 6.3.
core::Result<SteadyQueue> ggc_allen_cunneen(double arrivals_per_sec, double arrival_squared_variation,
                                            const ServiceTime& service, std::uint64_t servers);
// G/G/c, Sakasegawa: Wq ≈ ρ^(√(2(c+1)) − 1)/(c(1 − ρ)) × (c²a + c²s)/2 × E[S]; no Erlang C needed, Kingman at c = 1.
// Its P(wait) is the part ρ^(√(2(c+1)) − 1). Source: H. Sakasegawa, "An approximation formula Lq ≃ αρ^β/(1 − ρ)",
// Ann. Inst. Statist. Math. 29 (1977) 67-75, in the form of Hopp & Spearman, Factory Physics, section 8.6.
core::Result<SteadyQueue> ggc_sakasegawa(double arrivals_per_sec, double arrival_squared_variation,
                                         const ServiceTime& service, std::uint64_t servers);

}  // namespace tacos::plan
