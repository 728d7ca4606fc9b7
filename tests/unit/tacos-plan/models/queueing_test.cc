#include "tacos-plan/models/queueing.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tacos::plan {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr double kHour = 3600;

// Kelton, Smith, Sturrock: Simio and Simulation, queueing chapter: M/M/1 at λ 0.8, μ 1.
TEST(MM1, MatchesKelton) {
  const auto queue = mm1(0.8, 1).value();
  EXPECT_NEAR(queue.mean_wait_seconds, 4, 1e-12);
  EXPECT_NEAR(queue.mean_response_seconds, 5, 1e-12);
  EXPECT_NEAR(queue.mean_waiting, 3.2, 1e-12);
  EXPECT_NEAR(queue.mean_in_system, 4, 1e-12);
}

// Bronson, Schaum's Outline of Operations Research (1982): 24 an hour against 30 an hour.
TEST(MM1, MatchesBronson) {
  const auto queue = mm1(24 / kHour, 30 / kHour).value();
  EXPECT_NEAR(queue.mean_in_system, 4, 1e-9);
  EXPECT_NEAR(queue.mean_response_seconds / kHour, 1.0 / 6, 1e-12);
  EXPECT_NEAR(mm1_state_probability(24, 30, 0).value(), 0.2, 1e-12);
}

// R package queueing 0.2.12, printed output of the example of summary.o_MM1 (Sixto Ríos et al. 2004, example 10.3).
TEST(MM1, MatchesSixtoRios) {
  const auto queue = mm1(1.0 / 4, 1.0 / 3).value();
  EXPECT_NEAR(queue.utilization, 0.75, 1e-12);
  EXPECT_NEAR(queue.mean_waiting, 2.25, 1e-9);
  EXPECT_NEAR(queue.mean_wait_seconds, 9, 1e-9);
  EXPECT_NEAR(queue.mean_in_system, 3, 1e-9);
  EXPECT_NEAR(queue.mean_response_seconds, 12, 1e-9);
}

// Gross & Harris, Fundamentals of Queueing Theory, section 2.2, the barber who serves 6 an hour and is sent 5.
TEST(MM1, MatchesTheBarberOfGrossAndHarris) {
  const auto queue = mm1(5, 6).value();
  EXPECT_NEAR(queue.mean_in_system, 5, 1e-9);
  EXPECT_NEAR(queue.mean_waiting, 25.0 / 6, 1e-9);
  EXPECT_NEAR(queue.mean_response_seconds, 1, 1e-9);
  EXPECT_NEAR(queue.mean_wait_seconds, 5.0 / 6, 1e-9);
}

// Hillier & Lieberman, Introduction to Operations Research, chapter "Queueing Theory", the County Hospital emergency
// room, one doctor: λ 2, μ 3 an hour.
TEST(MM1, MatchesTheHospitalOfHillierAndLieberman) {
  const auto queue = mm1(2, 3).value();
  EXPECT_NEAR(queue.mean_waiting, 4.0 / 3, 1e-12);
  EXPECT_NEAR(queue.mean_wait_seconds, 2.0 / 3, 1e-12);
  EXPECT_NEAR(mm1_wait_exceeds(2, 3, 0).value(), 0.667, 5e-4);
  EXPECT_NEAR(mm1_wait_exceeds(2, 3, 0.5).value(), 0.404, 5e-4);
  EXPECT_NEAR(mm1_wait_exceeds(2, 3, 1).value(), 0.245, 5e-4);
}

// Render, Stair, Hanna, Quantitative Analysis for Management, Arnold's Muffler Shop: P(more than 3 in the system)
// 0.198.
TEST(MM1, StateProbabilitiesMatchRenderAndStair) {
  double at_most_three = 0;
  for (std::uint64_t n = 0; n <= 3; ++n) at_most_three += mm1_state_probability(2, 3, n).value();
  EXPECT_NEAR(1 - at_most_three, 0.198, 5e-4);
}

// For an exponential the median is ln 2 and the 95th percentile 2.996 means (Jain, The Art of Computer Systems
// Performance Analysis, 1991, box 31.1, percentiles of the response time of an M/M/1).
TEST(MM1, ResponsePercentilesAreThoseOfAnExponential) {
  EXPECT_NEAR(mm1_response_percentile(0.8, 1, 0.5).value(), 5 * 0.6931, 1e-3);
  EXPECT_NEAR(mm1_response_percentile(0.8, 1, 0.95).value(), 5 * 2.9957, 1e-3);
  EXPECT_EQ(mm1_response_percentile(0.8, 1, 0).value(), 0);
}

// The same hospital with two doctors.
TEST(MMc, MatchesTheHospitalOfHillierAndLieberman) {
  const auto queue = mmc(2, 3, 2).value();
  EXPECT_NEAR(queue.utilization, 1.0 / 3, 1e-12);
  EXPECT_NEAR(queue.mean_waiting, 1.0 / 12, 1e-12);
  EXPECT_NEAR(queue.mean_in_system, 3.0 / 4, 1e-12);
  EXPECT_NEAR(queue.mean_wait_seconds, 1.0 / 24, 1e-12);
  EXPECT_NEAR(queue.mean_response_seconds, 3.0 / 8, 1e-12);
  EXPECT_NEAR(queue.waiting_probability, 0.167, 5e-4);
  EXPECT_NEAR(mmc_wait_exceeds(2, 3, 2, 0.5).value(), 0.022, 1e-3);
  EXPECT_NEAR(mmc_wait_exceeds(2, 3, 2, 1).value(), 0.003, 5e-4);
}

// Gross & Harris, section 2.3, the eye clinic: three doctors of 3 an hour, 6 patients an hour.
TEST(MMc, MatchesTheEyeClinicOfGrossAndHarris) {
  const auto queue = mmc(6, 3, 3).value();
  EXPECT_NEAR(queue.mean_waiting, 8.0 / 9, 1e-12);
  EXPECT_NEAR(queue.mean_in_system, 26.0 / 9, 1e-12);
  EXPECT_NEAR(queue.mean_response_seconds * 60, 28.9, 0.05);
}

// pyworkforce documentation, ErlangC: 100 transactions in 30 min of 3 min each, 10 erlangs on 14 positions.
TEST(ErlangC, MatchesPyworkforce) {
  EXPECT_NEAR(erlang_c(10, 14).value(), 0.17413, 5e-6);
  EXPECT_NEAR(mmc(100.0 / 30, 1.0 / 3, 14).value().utilization, 0.7143, 5e-5);
}

// Rappaport, Wireless Communications (1996), table 3.4, erlangs at 1 % blocking, to the three digits printed there.
TEST(ErlangB, MatchesRappaportsTable) {
  struct Row {
    std::uint64_t servers;
    double erlangs;
    double half_a_digit;
  };
  for (const Row& row :
       {Row{5, 1.36, 0.005}, Row{10, 4.46, 0.005}, Row{20, 12.0, 0.05}, Row{40, 29.0, 0.05}, Row{100, 84.1, 0.05}}) {
    EXPECT_LE(erlang_b(row.erlangs - row.half_a_digit, row.servers).value(), 0.01) << row.servers;
    EXPECT_GE(erlang_b(row.erlangs + row.half_a_digit, row.servers).value(), 0.01) << row.servers;
  }
}

// erlang.com, Erlang calculator manual: 15 lines at 1 % carry 8.108 erlangs.
TEST(ErlangB, MatchesTheManualOfErlangDotCom) {
  EXPECT_NEAR(erlang_b(8.108, 15).value(), 0.01, 1e-5);
}

// Tests of the Perl module Math::Telephony::ErlangB 1.0: B(1, 1), B(2, 1) and 2.2756 erlangs on 6 lines at 2 %.
TEST(ErlangB, MatchesTelephonyErlangB) {
  EXPECT_NEAR(erlang_b(1, 1).value(), 0.5, 1e-12);
  EXPECT_NEAR(erlang_b(1, 2).value(), 0.2, 1e-12);
  EXPECT_NEAR(erlang_b(2.2756, 6).value(), 0.02, 1e-5);
  EXPECT_EQ(erlang_b(5, 0).value(), 1);
  EXPECT_EQ(erlang_b(0, 3).value(), 0);
}

// No overflow where aᶜ/c! has thousands of digits, and the known limit: at a load that grows as c − β√c, C tends to
// [1 + βΦ(β)/φ(β)]⁻¹, 0.2234 at β = 1 (Halfin & Whitt, Operations Research 29, 1981).
TEST(ErlangC, StaysExactAtAMillionServersAndTendsToHalfinAndWhitt) {
  const double servers = 1'000'000;
  EXPECT_NEAR(erlang_c(servers - std::sqrt(servers), 1'000'000).value(), 0.2234, 5e-4);
}

// Kelton, Smith, Sturrock, the same book: M/U(0.1, 1.9)/1 at λ 0.8; the variance of U(0.1, 1.9) is 1.8²/12.
TEST(MG1, MatchesKelton) {
  const auto queue = mg1(0.8, {.mean_seconds = 1, .squared_variation = 1.8 * 1.8 / 12}).value();
  EXPECT_NEAR(queue.mean_wait_seconds, 2.54, 1e-9);
  EXPECT_NEAR(queue.mean_response_seconds, 3.54, 1e-9);
  EXPECT_NEAR(queue.mean_waiting, 2.032, 1e-9);
}

// Render, Stair, Hanna, Garcia-Golding Recycling: 8 an hour, constant service at 12 an hour, wait 1/12 hour.
TEST(MD1, MatchesRenderAndStair) {
  EXPECT_NEAR(md1(8, 1.0 / 12).value().mean_wait_seconds, 1.0 / 12, 1e-12);
}

// Winston, Operations Research, section 20.5: a barber of 5 an hour with room for 10, 20 an hour come.
TEST(MM1K, MatchesTheBarberOfWinston) {
  const auto queue = mm1k(20, 5, 10).value();
  EXPECT_NEAR(queue.blocking_probability, 0.75, 1e-5);
  EXPECT_NEAR(queue.empty_probability, 7.15e-7, 5e-9);
  EXPECT_NEAR(queue.mean_in_system, 9.67, 5e-3);
  EXPECT_NEAR(queue.mean_response_seconds, 1.93, 5e-3);
  EXPECT_NEAR(20 - queue.accepted_per_sec, 15, 1e-4);
}

TEST(MM1K, SplitsEvenlyAtFullLoad) {
  const auto queue = mm1k(7, 7, 9).value();
  EXPECT_NEAR(queue.blocking_probability, 0.1, 1e-12);
  EXPECT_NEAR(queue.mean_in_system, 4.5, 1e-12);
}

// Cachon & Terwiesch, Matching Supply with Demand, chapter "Variability and Its Impact on Process Performance: Waiting
// Time Problems", the An-ser call center: 10 agents, 90 s a call with coefficient 1.333, a call every 11.39 s, 24.98 s.
TEST(GGc, SakasegawaMatchesTheCallCenterOfCachonAndTerwiesch) {
  const ServiceTime call{.mean_seconds = 90, .squared_variation = 1.3333 * 1.3333};
  EXPECT_NEAR(ggc_sakasegawa(1 / 11.39, 1, call, 10).value().mean_wait_seconds, 24.98, 0.05);
}

TEST(GGc, BothApproximationsAreCloseToEachOtherAndExactWhereTheyClaimToBe) {
  const ServiceTime exponential{.mean_seconds = 0.25};
  EXPECT_NEAR(ggc_allen_cunneen(30, 1, exponential, 10).value().mean_wait_seconds,
              mmc(30, 4, 10).value().mean_wait_seconds, 1e-12);
  EXPECT_NEAR(ggc_sakasegawa(30, 1, exponential, 10).value().mean_wait_seconds,
              mmc(30, 4, 10).value().mean_wait_seconds, 0.15 * 0.0307);
  EXPECT_NEAR(ggc_sakasegawa(3, 0.5, exponential, 1).value().mean_wait_seconds,
              gg1_kingman(3, 0.5, exponential).value().mean_wait_seconds, 1e-12);
}

TEST(Queueing, AnUnstableQueueIsAnErrorThatNamesItsNumbers) {
  const auto names_all = AllOf(HasSubstr("unstable"), HasSubstr("lambda 30"), HasSubstr("mu 10"), HasSubstr("c 3"));
  EXPECT_THAT(mmc(30, 10, 3).error().message, names_all);
  EXPECT_THAT(mmc_wait_exceeds(30, 10, 3, 1).error().message, names_all);
  EXPECT_THAT(mmc_wait_percentile(30, 10, 3, 0.5).error().message, names_all);
  EXPECT_THAT(ggc_allen_cunneen(30, 1, {.mean_seconds = 0.1}, 3).error().message, names_all);
  EXPECT_THAT(ggc_sakasegawa(31, 1, {.mean_seconds = 0.1}, 3).error().message, HasSubstr("unstable"));
  EXPECT_THAT(mm1(2, 1).error().message, HasSubstr("unstable"));
  EXPECT_THAT(mg1(1, {.mean_seconds = 1}).error().message, HasSubstr("unstable"));
  EXPECT_THAT(erlang_c(3, 3).error().message, HasSubstr("unstable"));
}

TEST(Queueing, ImpossibleInputsAreErrorsThatNameTheValue) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_THAT(mm1(-1, 1).error().message, HasSubstr("lambda is -1"));
  EXPECT_THAT(mm1(nan, 1).error().message, HasSubstr("lambda is nan"));
  EXPECT_THAT(mm1(1, infinity).error().message, HasSubstr("mu is inf"));
  EXPECT_THAT(mmc(1, 2, 0).error().message, HasSubstr("c is 0"));
  EXPECT_THAT(mmc(1, 2, kMostServers + 1).error().message, HasSubstr("c is 10000001"));
  EXPECT_THAT(mm1_response_percentile(1, 2, 1).error().message, HasSubstr("share is 1"));
  EXPECT_THAT(mm1_wait_exceeds(1, 2, -1).error().message, HasSubstr("time is -1"));
  EXPECT_THAT(mm1k(1, 2, 0).error().message, HasSubstr("K is 0"));
  EXPECT_THAT(gg1_kingman(1, -1, {.mean_seconds = 0.1}).error().message, HasSubstr("gaps between arrivals is -1"));
  EXPECT_THAT(mg1(1, {.mean_seconds = 0}).error().message, HasSubstr("mean service time is 0"));
  EXPECT_THAT(mg1(1, {.mean_seconds = 0.1, .squared_variation = nan}).error().message, HasSubstr("nan"));
  EXPECT_THAT(little_mean_in_system(1, -2).error().message, HasSubstr("response -2"));
  EXPECT_THAT(erlang_b(-1, 2).error().message, HasSubstr("-1 erlangs"));
  EXPECT_THAT(mmc_servers_for_wait(1e12, 1, 1, 0.9).error().message, HasSubstr("unstable"));
}

TEST(Queueing, NobodyComingIsAnIdleQueue) {
  EXPECT_EQ(mm1(0, 1).value().mean_in_system, 0);
  EXPECT_EQ(mmc(0, 1, 5).value().waiting_probability, 0);
  EXPECT_EQ(mmc_servers_for_wait(0, 1, 0, 0.99).value(), 1u);
  EXPECT_EQ(mm1k(0, 2, 5).value().mean_response_seconds, 0.5);
}

}  // namespace
}  // namespace tacos::plan
