#include <algorithm>
#include <numeric>

#include <gtest/gtest.h>

#include "core/random.h"
#include "tacos-plan/simulation/sale_simulation.h"

// What must hold of any sale, tried on parameters drawn at random: the contract's invariants.
namespace tacos::plan {
namespace {

SaleParameters draw_sale(core::Random& random) {
  const auto between = [&random](double least, double most) { return least + (most - least) * random.uniform(); };
  const auto maybe = [&random](double value) { return random.below(2) == 0 ? 0.0 : value; };
  SaleParameters sale;
  sale.arrivals.shape = static_cast<ArrivalParameters::Shape>(random.below(3));
  sale.arrivals.users = static_cast<std::uint32_t>(between(1, 6000));
  sale.arrivals.spread_sec = between(0, 120);
  sale.arrivals.bot_share = maybe(between(0, 0.5));
  sale.polling.kind = static_cast<PollParameters::Kind>(random.below(2));
  sale.polling.interval_sec = between(0.5, 10);
  sale.polling.longest_sec = between(2, 20);
  sale.polling.jitter_share = maybe(between(0, 0.5));
  sale.admission.after_sell_out = static_cast<AdmissionParameters::AfterSellOut>(random.below(3));
  sale.admission.coupled_to_seats =
      sale.admission.after_sell_out != AdmissionParameters::AfterSellOut::kGoOn && random.below(2) == 0;
  sale.admission.rate_per_sec = between(5, 500);
  sale.admission.tick_sec = 0.01 * static_cast<double>(1 + random.below(20));
  sale.admission.burst = 1 + sale.admission.rate_per_sec * sale.admission.tick_sec * between(1, 4);
  sale.admission.turn_ttl_sec = between(1, 40);
  sale.admission.grant_ttl_sec = between(1, 40);
  sale.admission.heartbeat_ttl_sec = between(31, 90);
  sale.seating.seats = static_cast<std::uint32_t>(between(0, 1500));
  sale.seating.hold_ttl_sec = between(5, 60);
  sale.seating.tickets_per_buyer = between(1, 4);
  sale.behaviour.no_show_share = maybe(between(0, 0.4));
  sale.behaviour.conversion_share = between(0.3, 1);
  sale.behaviour.payment_success_share = between(0.5, 1);
  sale.behaviour.pay_mean_sec = between(0, 30);
  sale.behaviour.patience_mean_sec = maybe(between(5, 200));
  sale.behaviour.says_goodbye_share = random.uniform();
  sale.behaviour.refresh_share = maybe(random.uniform());
  sale.gateway.requests_per_sec_per_pod = between(20, 600);
  sale.gateway.pods_at_opening = 3;
  sale.gateway.timeout_sec = between(0.5, 10);
  sale.gateway.retries = static_cast<std::uint32_t>(random.below(4));
  sale.gateway.spot_share = maybe(0.7);
  sale.gateway.spot_interruptions_per_node_hour = 20;
  sale.redis.status_cpu_sec = between(0, 2e-3);
  sale.redis.status_cpu_sec_per_waiting = maybe(1e-6);
  sale.horizon_sec = 300;
  return sale;
}

struct Played {
  SaleParameters sale;
  SaleResult result;
  SaleTrace trace;
};

const std::vector<Played>& fifty_sales() {
  static const std::vector<Played> sales = [] {
    std::vector<Played> made;
    core::Random random(20'251'016);
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
      Played played;
      played.sale = draw_sale(random);
      const auto fits = check(played.sale);
      EXPECT_TRUE(fits) << (fits ? "" : fits.error().message);
      played.result = simulate_sale(played.sale, seed, &played.trace);
      made.push_back(std::move(played));
    }
    return made;
  }();
  return sales;
}

std::uint64_t everybody(const SaleSummary& summary) {
  return std::accumulate(summary.users.begin(), summary.users.end(), std::uint64_t{0});
}

TEST(AnySale, EndsForEveryUserInExactlyOneWay) {
  for (const Played& played : fifty_sales()) {
    const SaleSummary& summary = played.result.summary;
    EXPECT_EQ(everybody(summary), played.sale.arrivals.users);
    EXPECT_EQ(summary.arrived + summary.of(Ending::kNotArrived), played.sale.arrivals.users);
    EXPECT_LE(summary.joined, summary.arrived);
    EXPECT_EQ(summary.joined, summary.admitted + summary.swept_tickets + summary.left_line + summary.told_in_line +
                                  summary.in_line_at_end);
    EXPECT_LE(summary.entered + summary.expired_turns, summary.admitted);
    EXPECT_LE(summary.of(Ending::kBought) + summary.of(Ending::kFoundNoSeat) + summary.of(Ending::kDeclined) +
                  summary.of(Ending::kPaymentFailed),
              summary.entered);
  }
}

TEST(AnySale, MeetsEveryEndingSomewhereInTheFifty) {
  std::array<std::uint64_t, kEndings> seen{};
  for (const Played& played : fifty_sales()) {
    for (std::size_t i = 0; i < kEndings; ++i) seen[i] += played.result.summary.users[i];
  }
  for (std::size_t i = 0; i < kEndings; ++i) {
    if (static_cast<Ending>(i) == Ending::kSwept) continue;  // polls shed for a whole heartbeat: see the pressure tests
    EXPECT_GT(seen[i], 0U) << name_of(static_cast<Ending>(i));
  }
}

TEST(AnySale, NeverSellsASeatTwice) {
  for (const Played& played : fifty_sales()) {
    const SaleSummary& summary = played.result.summary;
    EXPECT_EQ(summary.oversold, 0U);
    EXPECT_LE(summary.seats_sold, played.sale.seating.seats);
    EXPECT_EQ(summary.sold_out_sec >= 0, summary.seats_sold == played.sale.seating.seats);
    for (const TimelinePoint& point : played.result.timeline) EXPECT_LE(point.seats_left, played.sale.seating.seats);
  }
}

// At most rate × window + burst in any window: with S(i) = i − rate × t(i), no later S + 1 exceeds an earlier S by more
// than the burst.
TEST(AnySale, AdmitsAtMostRateTimesWindowPlusBurst) {
  for (const Played& played : fifty_sales()) {
    const double rate = played.sale.admission.rate_per_sec;
    double lowest = 1e18;
    double i = 0;
    for (const SaleTrace::Admission& admission : played.trace.admissions) {
      const double s = i - rate * admission.at_sec;
      lowest = std::min(lowest, s);
      ASSERT_LE(s + 1 - lowest, played.sale.admission.burst + 1e-3);
      i += 1;
    }
  }
}

TEST(AnySale, CallsInTheOrderOfJoining) {
  for (const Played& played : fifty_sales()) {
    const auto& admissions = played.trace.admissions;
    EXPECT_EQ(admissions.size(), played.result.summary.admitted);
    for (std::size_t i = 1; i < admissions.size(); ++i) {
      ASSERT_LT(admissions[i - 1].ticket, admissions[i].ticket);
      ASSERT_LE(admissions[i - 1].at_sec, admissions[i].at_sec);
    }
  }
}

TEST(AnySale, AddsUpToItsTimeline) {
  for (const Played& played : fifty_sales()) {
    const SaleSummary& summary = played.result.summary;
    std::uint64_t arrivals = 0;
    std::uint64_t admitted = 0;
    std::uint64_t bought = 0;
    std::uint64_t shed = 0;
    double polls = 0;
    for (const TimelinePoint& point : played.result.timeline) {
      arrivals += point.arrivals;
      admitted += point.admitted;
      bought += point.bought;
      shed += point.shed;
      polls += point.status_per_sec;  // points of a second
      for (const Component component : {Component::kGateway, Component::kRedis}) {
        EXPECT_LE(point.utilisation_of(component), 1 + 1e-9);
        EXPECT_GE(point.utilisation_of(component), 0);
      }
    }
    EXPECT_EQ(arrivals, summary.arrived);
    EXPECT_EQ(admitted, summary.admitted);
    EXPECT_EQ(bought, summary.of(Ending::kBought));
    EXPECT_EQ(shed, summary.shed);
    EXPECT_NEAR(polls, static_cast<double>(summary.polls), 0.5);
    EXPECT_LE(played.result.timeline.size(), Timeline::kMostPoints);
  }
}

TEST(AnySale, IsTheSameForTheSameSeedAndAnotherForAnother) {
  SaleParameters sale;
  sale.arrivals.users = 3000;
  sale.arrivals.shape = ArrivalParameters::Shape::kRamp;
  sale.admission.rate_per_sec = 20;
  sale.seating.seats = 500;
  sale.behaviour.patience_mean_sec = 60;
  sale.gateway.requests_per_sec_per_pod = 20;
  SaleTrace first;
  SaleTrace again;
  SaleTrace other;
  const SaleResult a = simulate_sale(sale, 1, &first);
  const SaleResult b = simulate_sale(sale, 1, &again);
  const SaleResult c = simulate_sale(sale, 2, &other);
  EXPECT_EQ(a.summary.users, b.summary.users);
  EXPECT_EQ(a.summary.polls, b.summary.polls);
  EXPECT_EQ(a.summary.wait_to_turn.mean_sec, b.summary.wait_to_turn.mean_sec);
  ASSERT_EQ(a.timeline.size(), b.timeline.size());
  for (std::size_t i = 0; i < a.timeline.size(); ++i) {
    EXPECT_EQ(a.timeline[i].served_per_sec, b.timeline[i].served_per_sec);
    EXPECT_EQ(a.timeline[i].delay_p50_sec, b.timeline[i].delay_p50_sec);
  }
  EXPECT_NE(a.summary.polls, c.summary.polls);
  EXPECT_NE(a.summary.wait_to_turn.mean_sec, c.summary.wait_to_turn.mean_sec);
}

}  // namespace
}  // namespace tacos::plan
