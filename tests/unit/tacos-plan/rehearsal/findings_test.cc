#include "tacos-plan/rehearsal/findings.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/tacos-plan/rehearsal/some_plan.h"

namespace tacos::plan {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

std::vector<std::string> codes_of(const Rehearsal& rehearsal) {
  std::vector<std::string> codes;
  for (const auto& finding : rehearsal.findings) codes.push_back(finding.code);
  return codes;
}

std::string text_of(const Rehearsal& rehearsal, std::string_view code) {
  const auto found = std::find_if(rehearsal.findings.begin(), rehearsal.findings.end(),
                                  [&](const PlanWarning& finding) { return finding.code == code; });
  return found == rehearsal.findings.end() ? std::string() : found->text;
}

TEST(Findings, AreNoMoreThanNotesWhenAllGoesWell) {
  for (const auto& finding : some_rehearsal({{"target_wait_sec", "300"}}).findings) {
    EXPECT_EQ(finding.severity, Severity::kNote) << finding.code << ": " << finding.text;
  }
}

TEST(Findings, SayThatPeopleAreLetInForNothingWhenAdmissionGoesOn) {
  const Rehearsal goes_on = some_rehearsal({{"at_sell_out", "go-on"}});
  EXPECT_THAT(codes_of(goes_on), Contains("LET_IN_IN_VAIN"));
  EXPECT_THAT(codes_of(some_rehearsal()), Not(Contains("LET_IN_IN_VAIN")));
}

TEST(Findings, SayThatPollsGoOnAfterTheLastSeat) {
  const Rehearsal slow = some_rehearsal({{"at_sell_out", "go-on"}, {"admission_rate", "4"}, {"checkout_sec", "5"}});
  EXPECT_THAT(codes_of(slow), Contains("POLLS_AFTER_THE_LAST_SEAT"));
}

TEST(Findings, NameRedisAndTheScanWhenStatusCallsScanTheKeys) {
  const Rehearsal keys = some_rehearsal({{"position", "keys"}, {"users", "10000"}});
  EXPECT_THAT(text_of(keys, "SATURATED"), HasSubstr("scans the keys of everybody in line"));
  EXPECT_THAT(codes_of(keys), Contains("SHED"));
  EXPECT_EQ(keys.findings.front().severity, Severity::kConflict);
}

TEST(Findings, SayThatTheAutoscalerCameTooLate) {
  const Given surge = {{"pod_capacity", "60"}, {"pods_at_opening", "3"}};
  const Rehearsal late = some_rehearsal(surge);
  EXPECT_THAT(text_of(late, "SCALED_TOO_LATE"), HasSubstr("opened with 3 pods"));
  EXPECT_THAT(codes_of(some_rehearsal({{"pod_capacity", "60"}})), Not(Contains("SCALED_TOO_LATE")));
}

TEST(Findings, SayWhatIsSaturatedBehind) {
  const Given small = {{"payment_capacity", "1"}, {"admission_rate", "50"}};
  EXPECT_THAT(text_of(some_rehearsal(small), "SATURATED"), HasSubstr("The payment API"));
}

TEST(PodsNeeded, AreThoseAtTheTargetAndTheMinimumAtLeast) {
  FleetParameters gateway;
  gateway.requests_per_sec_per_pod = 1000;
  gateway.target_utilisation = 0.5;
  gateway.minimum_pods = 3;
  EXPECT_DOUBLE_EQ(pods_needed(gateway, 0), 3);
  EXPECT_DOUBLE_EQ(pods_needed(gateway, 5000), 10);
  EXPECT_DOUBLE_EQ(pods_needed(gateway, 5100), 11);
}

}  // namespace
}  // namespace tacos::plan
