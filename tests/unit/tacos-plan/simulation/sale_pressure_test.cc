#include <algorithm>

#include <gtest/gtest.h>

#include "tacos-plan/simulation/sale_simulation.h"

// Sales in which something is too small: what breaks first, and who feels it.
namespace tacos::plan {
namespace {

SaleParameters crowd_of(std::uint32_t users) {
  SaleParameters sale;
  sale.arrivals.users = users;
  sale.seating.seats = 1000;
  return sale;
}

SaleResult play(const SaleParameters& sale) {
  const auto fits = check(sale);
  EXPECT_TRUE(fits) << (fits ? "" : fits.error().message);
  return simulate_sale(sale, 1);
}

double peak(const SaleResult& result, Component component) {
  return result.summary.loads[static_cast<std::size_t>(component)].peak_utilisation;
}

// Capacity must stand before the doors open: pods wanted at the first useful sync, 30 s in, serve 50 s in.
TEST(SaleUnderPressure, ATenSecondSaleIsNotHelpedByTheAutoscaler) {
  SaleParameters sale = crowd_of(20'000);
  sale.gateway.requests_per_sec_per_pod = 500;
  sale.gateway.pods_at_opening = 3;
  sale.gateway.target_utilisation = 0.5;
  const SaleResult cold = play(sale);
  for (const TimelinePoint& point : cold.timeline) {
    if (point.t_sec < 49) {
      EXPECT_EQ(point.pods_ready, 3U) << point.t_sec;
    }
  }
  ASSERT_LT(cold.summary.last_buyer_called_sec, 49);
  EXPECT_GT(cold.summary.shed, 0U);
  EXPECT_EQ(cold.summary.first_saturated, static_cast<std::size_t>(Component::kGateway));
  sale.gateway.pods_at_opening = 30;
  const SaleResult prepared = play(sale);
  EXPECT_EQ(prepared.summary.shed, 0U);
  EXPECT_LT(prepared.summary.wait_to_turn.p99_sec, cold.summary.wait_to_turn.p99_sec);
}

// The original's finding: 10,000 status calls a second fill Redis with KEYS, and take 40 % of it with the index.
TEST(SaleUnderPressure, KeysFillsRedisWhereTheIndexDoesNot) {
  SaleParameters sale = crowd_of(10'000);
  sale.arrivals.shape = ArrivalParameters::Shape::kRamp;
  sale.arrivals.spread_sec = 5;
  sale.admission.rate_per_sec = 100;
  sale.polling.interval_sec = 1;
  sale.redis.status_cpu_sec = 40e-6;
  sale.gateway.timeout_sec = 4;  // the original's pool time-out of then
  sale.horizon_sec = 60;
  const SaleResult index = play(sale);
  EXPECT_NEAR(peak(index, Component::kRedis), 0.4, 0.05);
  EXPECT_EQ(index.summary.shed, 0U);
  EXPECT_EQ(index.summary.first_saturated, kComponents);
  sale.redis.status_cpu_sec_per_waiting = 0.1e-6;  // 10,000 keys walked in 1 ms
  const SaleResult keys = play(sale);
  EXPECT_NEAR(peak(keys, Component::kRedis), 1, 0.005);
  EXPECT_EQ(keys.summary.first_saturated, static_cast<std::size_t>(Component::kRedis));
  const auto slowest = std::max_element(keys.timeline.begin(), keys.timeline.end(),
                                        [](const auto& a, const auto& b) { return a.delay_p50_sec < b.delay_p50_sec; });
  EXPECT_GT(slowest->delay_p50_sec, 2);
  EXPECT_GT(keys.summary.shed, 1000U);
}

TEST(SaleUnderPressure, AJoinThatIsShedAgainAndAgainIsGivenUp) {
  SaleParameters sale = crowd_of(20'000);
  sale.gateway.requests_per_sec_per_pod = 100;
  sale.gateway.pods_at_opening = 3;
  sale.gateway.timeout_sec = 1;
  const SaleResult result = play(sale);
  EXPECT_GT(result.summary.of(Ending::kGaveUp), 10'000U);
  EXPECT_GE(result.summary.shed, 3 * result.summary.of(Ending::kGaveUp));
}

TEST(SaleUnderPressure, WhoCannotGetThroughForAHeartbeatIsSwept) {
  SaleParameters sale = crowd_of(5000);
  sale.arrivals.shape = ArrivalParameters::Shape::kRamp;
  sale.arrivals.spread_sec = 20;
  sale.admission.rate_per_sec = 1;
  sale.admission.burst = 1;
  sale.admission.heartbeat_ttl_sec = 6;
  sale.polling.interval_sec = 2;
  sale.gateway.requests_per_sec_per_pod = 100;
  sale.gateway.pods_at_opening = 3;
  sale.gateway.maximum_pods = 3;
  sale.gateway.timeout_sec = 1;
  EXPECT_GT(play(sale).summary.of(Ending::kSwept), 100U);
}

TEST(SaleUnderPressure, SilentLeaversBlockTurnsUntilTheyLapse) {
  SaleParameters sale = crowd_of(20'000);
  sale.arrivals.bot_share = 0;
  sale.admission.rate_per_sec = 100;
  sale.behaviour.patience_mean_sec = 20;
  sale.behaviour.says_goodbye_share = 0;
  const SaleSummary silent = play(sale).summary;
  sale.behaviour.says_goodbye_share = 1;
  const SaleSummary polite = play(sale).summary;
  EXPECT_GT(silent.expired_turns, 2 * polite.expired_turns);
  EXPECT_GT(silent.swept_tickets, 0U);
  EXPECT_EQ(polite.swept_tickets, 0U);
  EXPECT_LT(silent.seats_sold, polite.seats_sold);
}

TEST(SaleUnderPressure, LapsedTurnsAndFailedPaymentsGiveTheirSeatsToOthers) {
  SaleParameters sale = crowd_of(10'000);
  sale.behaviour.no_show_share = 0.3;
  sale.behaviour.payment_success_share = 0.7;
  const SaleSummary summary = play(sale).summary;
  EXPECT_EQ(summary.seats_sold, 1000U);
  EXPECT_GT(summary.admitted, 1500U);
  EXPECT_GT(summary.of(Ending::kMissedTurn), 0U);
  EXPECT_GT(summary.of(Ending::kPaymentFailed), 0U);
}

// 100 seats make 100 turns; when nobody takes theirs, the next 100 come when these have lapsed.
TEST(SaleUnderPressure, AnUntakenTurnComesBackAfterItsTime) {
  SaleParameters sale = crowd_of(1000);
  sale.seating.seats = 100;
  sale.admission.turn_ttl_sec = 12;
  sale.behaviour.no_show_share = 1;
  SaleTrace trace;
  const SaleResult result = simulate_sale(sale, 1, &trace);
  ASSERT_EQ(trace.admissions.size(), 1000U);
  EXPECT_NEAR(trace.admissions[100].at_sec - trace.admissions[0].at_sec, 12, 0.011);
  EXPECT_NEAR(trace.admissions[900].at_sec - trace.admissions[0].at_sec, 9 * 12, 0.1);
  EXPECT_EQ(result.summary.expired_turns, 1000U);
  EXPECT_EQ(result.summary.of(Ending::kMissedTurn), 1000U);
}

TEST(SaleUnderPressure, WhoCannotDecideLosesTheGrantAndThePlaceGoesOn) {
  SaleParameters sale = crowd_of(1000);
  sale.seating.seats = 100;
  sale.admission.grant_ttl_sec = 1;
  sale.behaviour.choose_mean_sec = 1000;  // one in a thousand decides within a second
  const SaleSummary slow = play(sale).summary;
  EXPECT_GT(slow.of(Ending::kMissedTurn), 980U);
  EXPECT_EQ(slow.entered, 1000U);
}

// Ten rounds of 100 grants, each of a poll, a thought and the grant's 10 s.
TEST(SaleUnderPressure, WhoReservesNothingKeepsThePlaceForTheGrantsTime) {
  SaleParameters sale = crowd_of(1000);
  sale.seating.seats = 100;
  sale.admission.grant_ttl_sec = 10;
  sale.behaviour.conversion_share = 0;
  sale.behaviour.think_mean_sec = 0;
  sale.polling.interval_sec = 1;
  const SaleSummary summary = play(sale).summary;
  EXPECT_EQ(summary.of(Ending::kDeclined), 1000U);
  EXPECT_GT(summary.ended_sec, 10 * 10);
  EXPECT_LT(summary.ended_sec, 10 * (10 + 1.2) + 2);
}

TEST(SaleUnderPressure, AHoldThatIsNotPaidGivesTheSeatToTheNext) {
  SaleParameters sale = crowd_of(1000);
  sale.seating.seats = 100;
  sale.seating.hold_ttl_sec = 1;
  sale.behaviour.pay_mean_sec = 1000;
  const SaleSummary slow = play(sale).summary;
  EXPECT_GT(slow.of(Ending::kPaymentFailed), 980U);
  EXPECT_LT(slow.seats_sold, 10U);
}

TEST(SaleUnderPressure, OnlyTheUncoupledRoomCallsPeopleInForNothing) {
  SaleParameters sale = crowd_of(20'000);
  EXPECT_EQ(play(sale).summary.of(Ending::kFoundNoSeat), 0U);
  sale.admission.coupled_to_seats = false;
  EXPECT_GT(play(sale).summary.of(Ending::kFoundNoSeat), 1000U);
}

TEST(SaleUnderPressure, WhoIsNotToldWaitsToTheHorizon) {
  SaleParameters sale = crowd_of(5000);
  sale.admission.after_sell_out = AdmissionParameters::AfterSellOut::kStopSilently;
  sale.horizon_sec = 300;
  const SaleSummary summary = play(sale).summary;
  EXPECT_EQ(summary.of(Ending::kBought), 1000U);
  EXPECT_EQ(summary.of(Ending::kUnfinished), 4000U);
  EXPECT_EQ(summary.ended_sec, 300);
}

TEST(SaleUnderPressure, RefreshersAskOnAfterTheAnswer) {
  SaleParameters sale = crowd_of(20'000);
  const SaleSummary leaves = play(sale).summary;
  sale.behaviour.refresh_share = 1;
  const SaleSummary stays = play(sale).summary;
  EXPECT_GT(stays.ended_sec, leaves.ended_sec + 100);
  EXPECT_GT(stays.polls_in_vain, leaves.polls_in_vain + 5 * 19'000);
  EXPECT_EQ(stays.of(Ending::kToldSoldOut), leaves.of(Ending::kToldSoldOut));
}

TEST(SaleUnderPressure, BotsWhoComeFirstTakeTheSeats) {
  SaleParameters sale = crowd_of(20'000);
  sale.arrivals.shape = ArrivalParameters::Shape::kRamp;
  sale.arrivals.spread_sec = 60;
  sale.arrivals.bot_share = 0.2;
  const SaleSummary summary = play(sale).summary;
  EXPECT_GT(summary.bot_buyers, 900U);
}

TEST(SaleUnderPressure, NothingIsSoldWhereThereIsNothing) {
  SaleParameters sale = crowd_of(1000);
  sale.seating.seats = 0;
  const SaleSummary summary = play(sale).summary;
  EXPECT_EQ(summary.of(Ending::kToldSoldOut), 1000U);
  EXPECT_EQ(summary.sold_out_sec, 0);
}

TEST(SaleUnderPressure, TheFleetShrinksAfterTheLastUser) {
  SaleParameters sale = crowd_of(5000);
  sale.run_on_sec = 900;
  const SaleResult result = play(sale);
  EXPECT_EQ(result.timeline.front().pods_ready, 30U);
  EXPECT_EQ(result.timeline.back().pods_ready, 3U);
  EXPECT_LE(result.timeline.size(), Timeline::kMostPoints);
}

}  // namespace
}  // namespace tacos::plan
