#include <gtest/gtest.h>

#include "tacos-plan/simulation/sale_simulation.h"

// Where the fluid model of a queue is exact but for rounding, the simulation must agree with it. Its results follow
// from the curves of cumulative arrivals and departures (Newell 1982, "Applications of Queueing Theory", 2nd edition,
// chapter 2, deterministic fluid approximation).
namespace tacos::plan {
namespace {

// Nothing but the line: a gateway and a store that hold nobody up, people who don't hesitate.
SaleParameters only_the_line(std::uint32_t users, double rate_per_sec) {
  SaleParameters sale;
  sale.arrivals.users = users;
  sale.admission.rate_per_sec = rate_per_sec;
  sale.admission.burst = rate_per_sec * sale.admission.tick_sec < 1 ? 1 : rate_per_sec * sale.admission.tick_sec;
  sale.admission.coupled_to_seats = false;
  sale.admission.after_sell_out = AdmissionParameters::AfterSellOut::kGoOn;
  sale.gateway.requests_per_sec_per_pod = 1e9;
  sale.redis = {0, 0, 0, 0, 0};
  sale.behaviour.think_mean_sec = 0;
  sale.behaviour.choose_mean_sec = 0;
  sale.behaviour.pay_mean_sec = 0;
  return sale;
}

SaleSummary play(const SaleParameters& sale, std::uint64_t seed = 1) {
  const auto fits = check(sale);
  EXPECT_TRUE(fits) << (fits ? "" : fits.error().message);
  return simulate_sale(sale, seed).summary;
}

// A burst of N at admission rate a: the k-th waits k/a, the last N/a, the mean N/2a.
TEST(FluidSale, MakesABurstWaitAsLongAsItsLine) {
  const SaleSummary summary = play(only_the_line(60'000, 1000));
  EXPECT_EQ(summary.admitted, 60'000U);
  EXPECT_NEAR(summary.wait_to_admission.max_sec, 60, 0.6);
  EXPECT_NEAR(summary.wait_to_admission.mean_sec, 30, 0.3);
  EXPECT_NEAR(summary.wait_to_admission.p90_sec, 54, 0.54);
  EXPECT_EQ(summary.peak_waiting, 60'000U);
}

// The last winner is called in after seats ÷ (rate × conversion × tickets each).
TEST(FluidSale, SellsOutWhenAsManyBuyersAsItTakesHaveBeenCalled) {
  SaleParameters sale = only_the_line(20'000, 100);
  sale.seating.seats = 10'000;
  sale.seating.tickets_per_buyer = 2;
  sale.behaviour.conversion_share = 0.5;
  sale.polling.interval_sec = 0.2;
  sale.horizon_sec = 150;
  const SaleSummary summary = play(sale);
  EXPECT_NEAR(summary.last_buyer_called_sec, 10'000 / (100 * 0.5 * 2), 2);
  EXPECT_NEAR(summary.sold_out_sec, 100, 2);
  EXPECT_EQ(summary.seats_sold, 10'000U);
}

// Fractional means too: 1.6 tickets each are one or two.
TEST(FluidSale, SellsOutByTheMeanOfWholeNumbersOfTickets) {
  SaleParameters sale = only_the_line(20'000, 100);
  sale.seating.seats = 8'000;
  sale.seating.tickets_per_buyer = 1.6;
  sale.polling.interval_sec = 0.2;
  sale.horizon_sec = 100;
  EXPECT_NEAR(play(sale).last_buyer_called_sec, 50, 1);
  sale.seating.ticket_weights = {0.55, 0.3, 0.15};  // also 1.6
  EXPECT_NEAR(play(sale).last_buyer_called_sec, 50, 1);
}

// N × mean wait ÷ interval; each user's last, successful poll is the half interval by which they overshoot.
TEST(FluidSale, PollsForAsLongAsItWaits) {
  SaleParameters sale = only_the_line(50'000, 500);
  sale.polling.interval_sec = 2;
  const SaleSummary summary = play(sale);
  const double formula = 50'000 * summary.wait_to_admission.mean_sec / 2;
  EXPECT_NEAR(static_cast<double>(summary.polls), formula, 0.02 * formula);
  EXPECT_EQ(summary.polls - summary.polls_in_vain, 50'000U);
}

// Arrivals at A > a for T seconds: longest queue (A − a)T, longest wait (A − a)T/a, drained at AT/a.
TEST(FluidSale, BuildsALineUnderARampAndDrainsIt) {
  SaleParameters sale = only_the_line(60'000, 1000);
  sale.arrivals.shape = ArrivalParameters::Shape::kRamp;
  sale.arrivals.spread_sec = 30;
  sale.polling.interval_sec = 1;
  const SaleSummary summary = play(sale);
  EXPECT_NEAR(static_cast<double>(summary.peak_waiting), 30'000, 600);
  EXPECT_NEAR(summary.wait_to_admission.max_sec, 30, 0.6);
  EXPECT_NEAR(summary.ended_sec, 60, 2);
}

TEST(FluidSale, HasNoLineBelowTheAdmissionRate) {
  SaleParameters sale = only_the_line(30'000, 1000);
  sale.admission.burst = 100;
  sale.arrivals.shape = ArrivalParameters::Shape::kRamp;
  sale.arrivals.spread_sec = 60;
  const SaleSummary summary = play(sale);
  EXPECT_LT(summary.wait_to_admission.max_sec, 0.2);
  EXPECT_LT(summary.peak_waiting, 100U);
}

// 300,000 people at 1,000 a second behind 10,000 seats: the last winner is called some 10 s after the opening, and
// whoever is not told waits up to 300 s for nothing.
TEST(FluidSale, ShowsWhatTellingThemSpares) {
  SaleParameters told;
  SaleParameters untold;
  untold.admission.coupled_to_seats = false;
  untold.admission.after_sell_out = AdmissionParameters::AfterSellOut::kGoOn;
  const SaleSummary with = play(told);
  const SaleSummary without = play(untold);
  EXPECT_NEAR(with.last_buyer_called_sec, 10, 0.2);
  EXPECT_EQ(with.of(Ending::kToldSoldOut), 290'000U);
  EXPECT_NEAR(without.wait_to_admission.max_sec, 300, 3);
  EXPECT_EQ(without.of(Ending::kBought), 10'000U);
  EXPECT_EQ(without.admitted, 300'000U);
  EXPECT_NEAR(static_cast<double>(without.polls), 9e6, 0.02 * 9e6);
  EXPECT_LT(with.polls, without.polls);
}

}  // namespace
}  // namespace tacos::plan
