#include "tacos-plan/simulation/sale_parameters.h"

#include <cmath>
#include <string>

#include <gtest/gtest.h>

namespace tacos::plan {
namespace {

std::string fault(const SaleParameters& sale) {
  const auto fits = check(sale);
  return fits ? "" : fits.error().message;
}

TEST(SaleParameters, AreFineAsTheyCome) {
  EXPECT_EQ(fault(SaleParameters{}), "");
}

TEST(SaleParameters, NameTheValueAndItsRange) {
  SaleParameters sale;
  sale.arrivals.users = 0;
  EXPECT_EQ(fault(sale), "arrivals.users is 0, but must be from 1 to 20000000");
  sale = {};
  sale.behaviour.conversion_share = 1.5;
  EXPECT_EQ(fault(sale), "behaviour.conversion_share is 1.5, but must be from 0 to 1");
  sale = {};
  sale.horizon_sec = std::nan("");
  EXPECT_EQ(fault(sale), "horizon_sec is nan, but must be from 1 to 86400");
  sale = {};
  sale.gateway.pods_at_opening = 50;
  EXPECT_EQ(fault(sale), "gateway.pods_at_opening is 50, but must be from 3 to 30");
}

TEST(SaleParameters, RefuseWhatContradictsItself) {
  SaleParameters sale;
  sale.admission.burst = 5;
  EXPECT_EQ(fault(sale),
            "admission.burst is 5, but the bucket must hold the 10 of one tick (rate_per_sec × tick_sec), or the rate "
            "is never reached");
  sale = {};
  sale.admission.after_sell_out = AdmissionParameters::AfterSellOut::kGoOn;
  EXPECT_NE(fault(sale).find("coupled_to_seats"), std::string::npos);
  sale = {};
  sale.polling.interval_sec = 60;
  EXPECT_EQ(
      fault(sale),
      "admission.heartbeat_ttl_sec is 60, but users may ask as seldom as every 66 s and would be dropped: make it "
      "longer");
  sale = {};
  sale.seating.ticket_weights = {0, 0};
  EXPECT_EQ(fault(sale), "seating.ticket_weights are all 0: one must be above it");
}

}  // namespace
}  // namespace tacos::plan
