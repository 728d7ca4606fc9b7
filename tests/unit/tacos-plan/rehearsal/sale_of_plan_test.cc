#include "tacos-plan/rehearsal/sale_of_plan.h"

#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/tacos-plan/rehearsal/some_plan.h"

namespace tacos::plan {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

struct Mapping {
  std::string name, value;
  std::function<double(const SaleParameters&)> field;
  double expected;
};

TEST(SaleOfPlan, TakesEveryQuantityThatTheSimulationKnows) {
  using S = SaleParameters;
  const std::vector<Mapping> mappings = {
      {"users", "4000", [](const S& s) { return s.arrivals.users; }, 4000},
      {"arrival_sec", "90", [](const S& s) { return s.arrivals.spread_sec; }, 90},
      {"arrival_sec", "90", [](const S& s) { return s.arrivals.in_line_at_opening ? 1 : 0; }, 0},
      {"poll_interval_sec", "7", [](const S& s) { return s.polling.interval_sec; }, 7},
      {"poll_share", "0.5", [](const S& s) { return s.polling.share_of_wait; }, 0.5},
      {"poll_shortest_sec", "2", [](const S& s) { return s.polling.shortest_sec; }, 2},
      {"poll_longest_sec", "30", [](const S& s) { return s.polling.longest_sec; }, 30},
      {"poll_jitter", "0.3", [](const S& s) { return s.polling.jitter_share; }, 0.3},
      {"admission_rate", "40", [](const S& s) { return s.admission.rate_per_sec; }, 40},
      {"admission_burst", "17", [](const S& s) { return s.admission.burst; }, 17},
      {"turn_ttl_sec", "20", [](const S& s) { return s.admission.turn_ttl_sec; }, 20},
      {"grant_ttl_sec", "21", [](const S& s) { return s.admission.grant_ttl_sec; }, 21},
      {"heartbeat_ttl_sec", "90", [](const S& s) { return s.admission.heartbeat_ttl_sec; }, 90},
      {"seats", "300", [](const S& s) { return s.seating.seats; }, 300},
      {"hold_ttl_sec", "80", [](const S& s) { return s.seating.hold_ttl_sec; }, 80},
      {"tickets_per_buyer", "1.5", [](const S& s) { return s.seating.tickets_per_buyer; }, 1.5},
      {"conversion", "0.6", [](const S& s) { return s.behaviour.conversion_share; }, 0.6},
      {"no_show", "0.05", [](const S& s) { return s.behaviour.no_show_share; }, 0.05},
      {"patience_sec", "120", [](const S& s) { return s.behaviour.patience_mean_sec; }, 120},
      {"checkout_sec", "10", [](const S& s) { return s.behaviour.think_mean_sec; }, 1.5},
      {"checkout_sec", "10", [](const S& s) { return s.behaviour.choose_mean_sec; }, 1.5},
      {"checkout_sec", "10", [](const S& s) { return s.behaviour.pay_mean_sec; }, 7},
      {"paying_share", "0.5", [](const S& s) { return s.behaviour.pay_mean_sec; }, 15},
      {"pod_capacity", "800", [](const S& s) { return s.gateway.requests_per_sec_per_pod; }, 800},
      {"mesh_cpu", "0.25", [](const S& s) { return s.gateway.requests_per_sec_per_pod; }, 4000},
      {"pods_at_least", "6", [](const S& s) { return s.gateway.minimum_pods; }, 6},
      {"pods_at_opening", "5", [](const S& s) { return s.gateway.pods_at_opening; }, 5},
      {"pod_utilisation", "0.3", [](const S& s) { return s.gateway.target_utilisation; }, 0.3},
      {"metric_delay_sec", "40", [](const S& s) { return s.gateway.metric_delay_sec; }, 40},
      {"scaler_period_sec", "10", [](const S& s) { return s.gateway.sync_sec; }, 10},
      {"pod_start_sec", "3", [](const S& s) { return s.gateway.pod_start_sec; }, 3},
      {"node_start_sec", "33", [](const S& s) { return s.gateway.node_start_sec; }, 33},
      {"spot_share", "0.7", [](const S& s) { return s.gateway.spot_share; }, 0.7},
      {"node_vcpu", "8", [](const S& s) { return s.gateway.pods_per_node; }, 7},
      {"pod_vcpu", "0.5", [](const S& s) { return s.gateway.pods_per_node; }, 7},
      {"reservation_capacity", "2000", [](const S& s) { return s.backends.reservation_per_sec; }, 2000},
      {"inventory_capacity", "2100", [](const S& s) { return s.backends.inventory_per_sec; }, 2100},
      {"payment_capacity", "2200", [](const S& s) { return s.backends.payment_per_sec; }, 2200},
  };
  const SaleParameters usual = sale_of_plan(some_plan()).value();
  for (const auto& mapping : mappings) {
    const SaleParameters sale = sale_of_plan(some_plan({{mapping.name, mapping.value}})).value();
    EXPECT_DOUBLE_EQ(mapping.field(sale), mapping.expected) << mapping.name;
    EXPECT_NE(mapping.field(usual), mapping.field(sale)) << mapping.name;
  }
}

TEST(SaleOfPlan, OpensWithThePlansRateAndPods) {
  const Plan plan = some_plan({{"pod_capacity", "100"}});
  const SaleParameters sale = sale_of_plan(plan).value();
  EXPECT_DOUBLE_EQ(sale.admission.rate_per_sec, plan.admission.rate);
  EXPECT_GT(plan.gateway.pods, 3U);
  EXPECT_EQ(sale.gateway.pods_at_opening, plan.gateway.pods);
  EXPECT_EQ(sale.gateway.maximum_pods, plan.gateway.pods);
}

TEST(SaleOfPlan, CouplesAdmissionToSeatsUnlessItGoesOn) {
  const SaleParameters stops = sale_of_plan(some_plan()).value();
  EXPECT_TRUE(stops.admission.coupled_to_seats);
  EXPECT_EQ(stops.admission.after_sell_out, AdmissionParameters::AfterSellOut::kStopAndTell);
  const SaleParameters goes_on = sale_of_plan(some_plan({{"at_sell_out", "go-on"}})).value();
  EXPECT_FALSE(goes_on.admission.coupled_to_seats);
  EXPECT_EQ(goes_on.admission.after_sell_out, AdmissionParameters::AfterSellOut::kGoOn);
}

TEST(SaleOfPlan, PollsByPositionWhenThePlanDoes) {
  EXPECT_EQ(sale_of_plan(some_plan()).value().polling.kind, PollParameters::Kind::kFixed);
  EXPECT_EQ(sale_of_plan(some_plan({{"poll", "by-position"}})).value().polling.kind, PollParameters::Kind::kByPosition);
}

// Utilisation of the thread by the simulation's costs, at the plan's peak.
double redis_at_the_peak(const Plan& plan, const RedisParameters& redis) {
  const double joins = plan.inputs[Quantity::kArrivalTime] > 0 ? plan.polling.joins_rps : 0;
  const double status = redis.status_cpu_sec + redis.status_cpu_sec_per_waiting * plan.selling.peak_line;
  return plan.polling.status_rps * status + joins * redis.join_cpu_sec + plan.admission.rate * redis.enter_cpu_sec;
}

TEST(SaleOfPlan, LoadsRedisAsThePlanDoesWhateverTheStrategy) {
  for (const char* position : {"keys", "index", "watermark"}) {
    for (const char* arrival : {"0", "30"}) {
      const Plan plan = some_plan({{"position", position}, {"arrival_sec", arrival}, {"line_buckets", "4"}});
      const SaleParameters sale = sale_of_plan(plan).value();
      const double selling = plan.redis.hot_slot.selling_cores;
      EXPECT_GT(selling, 0);
      EXPECT_NEAR(redis_at_the_peak(plan, sale.redis), selling, selling * 1e-9) << position << " " << arrival;
    }
  }
}

TEST(SaleOfPlan, MakesAStatusCallCostMoreTheLongerTheLineOnlyByKeys) {
  EXPECT_GT(sale_of_plan(some_plan({{"position", "keys"}})).value().redis.status_cpu_sec_per_waiting, 0);
  EXPECT_EQ(sale_of_plan(some_plan({{"position", "index"}})).value().redis.status_cpu_sec_per_waiting, 0);
  const double index = sale_of_plan(some_plan({{"position", "index"}})).value().redis.status_cpu_sec;
  const double watermark = sale_of_plan(some_plan({{"position", "watermark"}, {"watermark_refresh_sec", "60"}}))
                               .value()
                               .redis.status_cpu_sec;
  EXPECT_LT(watermark, index);
}

TEST(SaleOfPlan, LastsLongEnoughForThePlansLine) {
  const Plan slow = some_plan({{"admission_rate", "0.5"}});
  EXPECT_GT(sale_of_plan(slow).value().horizon_sec, slow.admission.drained_at);
}

TEST(SaleOfPlan, WidensTheBurstThatNobodyAskedForToOneTick) {
  const Given fast = {{"users", "100000"}, {"admission_rate", "20000"}};
  EXPECT_DOUBLE_EQ(sale_of_plan(some_plan(fast)).value().admission.burst, 200);
}

TEST(SaleOfPlan, NamesTheFlagOfWhatItCannotPlay) {
  const auto fault = [](const Given& given) {
    const auto sale = sale_of_plan(some_plan(given));
    return sale ? std::string() : sale.error().message;
  };
  EXPECT_THAT(fault({{"users", "50M"}}), StartsWith("--users: in the simulation arrivals.users is 50000000"));
  EXPECT_THAT(fault({{"admission_burst", "1"}, {"admission_rate", "1000"}}), StartsWith("--admission-burst: "));
  EXPECT_THAT(fault({{"turn_ttl_sec", "2h"}}), StartsWith("--turn-ttl: "));
  EXPECT_THAT(fault({{"pods_at_opening", "2"}}), StartsWith("--pods-at-opening: "));
}

TEST(LadderOfPlan, BeginsAtTheMinimumAndMayGrowToTheHighestRung) {
  const Plan plan = some_plan();
  const SaleParameters sale = sale_of_plan(plan).value();
  const LadderParameters ladder = ladder_of_plan(plan, sale, {1000, 300'000}).value();
  EXPECT_EQ(ladder.gateway.pods_at_opening, 3U);
  EXPECT_EQ(ladder.gateway.maximum_pods, 100U);  // 300,000 ÷ (5,000 × 60 %)
  EXPECT_DOUBLE_EQ(ladder.admission_per_sec, plan.admission.rate);
  EXPECT_DOUBLE_EQ(ladder.poll_interval_sec, 5);
  EXPECT_DOUBLE_EQ(ladder.redis.status_cpu_sec, sale.redis.status_cpu_sec);
}

TEST(LadderOfPlan, RefusesARungBeyondAnyFleet) {
  const Plan plan = some_plan();
  const auto ladder = ladder_of_plan(plan, sale_of_plan(plan).value(), {1e9});
  ASSERT_FALSE(ladder);
  EXPECT_THAT(ladder.error().message, StartsWith("--rungs: 1e+09 requests/s take 333334 pods"));
}

TEST(ReadRungs, ReadsRatesWithCommasBetween) {
  EXPECT_EQ(read_rungs("1k,2.5k,30000/s").value(), (std::vector<double>{1000, 2500, 30'000}));
  EXPECT_EQ(read_rungs("7").value(), std::vector<double>{7});
}

TEST(ReadRungs, NamesTheRungThatIsNone) {
  for (const char* bad : {"", ",", "1k,", "1k,,2k", "1k;2k", "fast", "-5", "1k, 2k", "nan", "1e99"}) {
    const auto rungs = read_rungs(bad);
    ASSERT_FALSE(rungs) << bad;
    EXPECT_THAT(rungs.error().message, StartsWith("--rungs: '"));
  }
  EXPECT_THAT(read_rungs("0").error().message, HasSubstr("must be above 0"));
  std::string many = "1";
  for (int i = 1; i < 20; ++i) many += ",1";
  EXPECT_TRUE(read_rungs(many));
  EXPECT_THAT(read_rungs(many + ",1").error().message, HasSubstr("more than 20 rates"));
}

}  // namespace
}  // namespace tacos::plan
