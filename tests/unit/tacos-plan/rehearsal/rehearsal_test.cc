#include "tacos-plan/rehearsal/rehearsal.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/tacos-plan/rehearsal/some_plan.h"

namespace tacos::plan {
namespace {

const AgainstPlan& figure(const Rehearsal& rehearsal, std::string_view name) {
  const auto found = std::find_if(rehearsal.against.begin(), rehearsal.against.end(),
                                  [&](const AgainstPlan& row) { return row.name == name; });
  EXPECT_NE(found, rehearsal.against.end()) << name;
  return *found;
}

TEST(Rehearsal, LeavesNobodyOut) {
  for (const Given& given : {Given{}, Given{{"conversion", "0.5"}, {"no_show", "0.1"}, {"patience_sec", "20"}},
                             Given{{"at_sell_out", "go-on"}}, Given{{"position", "keys"}}}) {
    const Rehearsal rehearsal = some_rehearsal(given);
    const auto& users = rehearsal.result.summary.users;
    EXPECT_EQ(std::accumulate(users.begin(), users.end(), std::uint64_t{0}), 3000U);
    EXPECT_LE(rehearsal.result.summary.seats_sold, 200U);
  }
}

// Everybody lets nothing lapse and pays at once, so the closed formulas are the whole story.
TEST(Rehearsal, AgreesWithTheFormulasWhereTheyLeaveNothingOut) {
  const Rehearsal r = some_rehearsal({{"users", "30000"}, {"seats", "10000"}, {"checkout_sec", "0"}});
  EXPECT_NEAR(figure(r, "sellout_sec").ratio(), 1, 0.1);
  EXPECT_NEAR(figure(r, "longest_queue").ratio(), 1, 0.01);
  EXPECT_NEAR(figure(r, "status_rps").ratio(), 1, 0.05);
  EXPECT_NEAR(figure(r, "redis_utilisation").ratio(), 1, 0.1);
  const Rehearsal on = some_rehearsal({{"users", "30000"}, {"seats", "2000"}, {"at_sell_out", "go-on"}});
  EXPECT_NEAR(figure(on, "longest_wait_sec").ratio(), 1, 0.02);
  EXPECT_NEAR(figure(on, "mean_wait_sec").ratio(), 1, 0.02);
  // The formula counts the polls of the wait; each user's last one, which brings the news, comes after it.
  EXPECT_NEAR(figure(on, "polls").simulated, figure(on, "polls").planned + 30'000, 0.02 * figure(on, "polls").planned);
}

// The plan's formula for it: the maximum of exponentials, and again for the holds that lapse. One sale is one draw of
// that maximum, and its standard deviation is 1.3 times the mean time to pay.
TEST(Rehearsal, LetsTheLineWaitForTheSlowestBuyerAsThePlanSays) {
  const Rehearsal r = some_rehearsal();
  EXPECT_NEAR(figure(r, "last_paid_sec").ratio(), 1, 0.5);
  EXPECT_NEAR(figure(r, "told_sec").ratio(), 1, 0.5);
}

TEST(Rehearsal, HasNoRatioToWhatNeverHappened) {
  EXPECT_TRUE(std::isnan(AgainstPlan{}.ratio()));
  const Rehearsal r = some_rehearsal({{"users", "300000"}, {"position", "keys"}, {"seats", "100000"}});
  EXPECT_TRUE(std::isnan(figure(r, "last_paid_sec").ratio()));
}

TEST(Rehearsal, ClimbsAndComesBackDown) {
  const Rehearsal r = some_rehearsal();
  ASSERT_EQ(r.rungs.size(), 5U);
  EXPECT_DOUBLE_EQ(r.rungs[2].requests_per_sec, 6000);
  EXPECT_TRUE(r.rungs[3].down);
}

}  // namespace
}  // namespace tacos::plan
