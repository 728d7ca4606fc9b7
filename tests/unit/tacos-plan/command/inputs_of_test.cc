#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tacos-plan/plan/planner.h"
#include "tacos-plan/report/plan_json.h"
#include "unit/tacos-plan/command/typed.h"

namespace tacos::plan {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using Q = Quantity;

class InputsOf : public testing::Test {
 protected:
  InputsOf() : folder_(testing::TempDir() + "/inputs_of_" + std::to_string(getpid())) {
    std::filesystem::create_directories(folder_);
  }
  ~InputsOf() override { std::filesystem::remove_all(folder_); }

  // A file of inputs with these members.
  std::string file(const std::string& name, const std::string& members) const {
    return stored(name, R"({"schema": "tacos.plan-inputs/1")" + (members.empty() ? "" : ", " + members) + "}");
  }
  std::string stored(const std::string& name, const std::string& text) const {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path) << text;
    return path;
  }
  static PlanInputs inputs(const std::vector<std::string>& words) {
    auto result = inputs_of(typed(words));
    EXPECT_TRUE(result.has_value()) << result.error().message;
    return result ? *result : PlanInputs();
  }
  static std::string fault(const std::vector<std::string>& words) {
    const auto result = inputs_of(typed(words));
    EXPECT_FALSE(result.has_value());
    return result ? "" : result.error().message;
  }

  const std::string folder_;
};

TEST_F(InputsOf, NothingAreTheDefaults) {
  const auto defaults = inputs({});
  for (const auto& spec : all_quantities()) {
    EXPECT_DOUBLE_EQ(defaults[spec.id], spec.value);
    EXPECT_TRUE(defaults.is_default(spec.id));
  }
}

TEST_F(InputsOf, EveryFlagTakesItsDefaultAndSaysThatItWasTyped) {
  for (const auto& spec : all_quantities()) {
    const auto given = inputs({flag_of(spec), fmt::format("{}", spec.value)});
    EXPECT_DOUBLE_EQ(given[spec.id], spec.value) << spec.name;
    EXPECT_FALSE(given.is_default(spec.id)) << spec.name;
    EXPECT_EQ(given.source(spec.id), flag_of(spec));
  }
}

TEST_F(InputsOf, UnitsAreUnderstood) {
  const auto given = inputs({"--target-wait", "5m", "--users", "1.5M", "--no-show", "20%", "--admission-rate", "3k/s"});
  EXPECT_DOUBLE_EQ(given[Q::kTargetWait], 300);
  EXPECT_DOUBLE_EQ(given[Q::kUsers], 1.5e6);
  EXPECT_DOUBLE_EQ(given[Q::kNoShow], 0.2);
  EXPECT_DOUBLE_EQ(given[Q::kAdmissionRate], 3000);
}

TEST_F(InputsOf, AFlagWinsOverTheLaterFileOverTheEarlierOverTheProfile) {
  const std::string first = file("first.json", R"("zones": 4, "pod_capacity": 2000, "seats": 7)");
  const std::string second = file("second.json", R"("pod_capacity": 3000, "seats": 8)");
  const auto given = inputs({"--seats", "9", "--inputs", first, "--inputs", second, "--profile", "original"});
  EXPECT_DOUBLE_EQ(given[Q::kSeats], 9);
  EXPECT_DOUBLE_EQ(given[Q::kPodCapacity], 3000);
  EXPECT_DOUBLE_EQ(given[Q::kZones], 4);
  EXPECT_DOUBLE_EQ(given[Q::kRedisShards], 5) << "of the profile";
  EXPECT_EQ(given.source(Q::kPodCapacity), second);
  EXPECT_DOUBLE_EQ(inputs({"--inputs", second, "--inputs", first})[Q::kPodCapacity], 2000);
}

TEST_F(InputsOf, AProfileInAFileComesBeforeThatFilesValuesAndAfterTheDefaults) {
  const std::string asks = file("asks.json", R"("zones": 2, "profile": "original", "position": "keys")");
  const auto given = inputs({"--inputs", asks});
  EXPECT_EQ(given.profile, Profile::kOriginal);
  EXPECT_DOUBLE_EQ(given[Q::kZones], 2);
  EXPECT_EQ(given.position, PositionStrategy::kKeys);
  EXPECT_DOUBLE_EQ(given[Q::kSpotShare], 0.7);
}

TEST_F(InputsOf, TheProfileOfTheCommandLineWinsOverThatOfAFile) {
  const auto given = inputs({"--inputs", file("asks.json", R"("profile": "original")"), "--profile", "tacos"});
  EXPECT_EQ(given.profile, Profile::kTacos);
  EXPECT_DOUBLE_EQ(given[Q::kZones], 3);
}

TEST_F(InputsOf, APlansOwnOutputMakesThePlanAgain) {
  const auto given = inputs({"--users", "5000", "--poll", "by-position", "--profile", "original"});
  const auto plan = make_plan(given, catalogues_for(given, "").value()).value();
  const std::string path = stored("plan.json", plan_json(plan));
  const auto again = inputs({"--inputs", path});
  EXPECT_EQ(plan_json(make_plan(again, catalogues_for(again, "").value()).value()), plan_json(plan));
}

TEST_F(InputsOf, AValueOutOfRangeNamesTheFlagTheValueAndTheRange) {
  for (const auto& spec : all_quantities()) {
    const std::string flag = flag_of(spec);
    for (const double value : {spec.most * 2 + 1, spec.least - 1}) {
      EXPECT_THAT(fault({flag + "=" + fmt::format("{}", value)}),
                  AllOf(HasSubstr(flag + ": "), HasSubstr("out of range"), HasSubstr(" to "),
                        HasSubstr(std::string(spec.name)), HasSubstr(fmt::format("{}", value))));
    }
  }
}

TEST_F(InputsOf, AValueOutOfRangeIsShownAsItWasTyped) {
  EXPECT_THAT(fault({"--conversion", "150%"}), HasSubstr("--conversion: 150% is out of range"));
  EXPECT_THAT(fault({"--target-wait", "9d"}), HasSubstr("--target-wait: 9d is out of range"));
  EXPECT_THAT(fault({"--users=-5k"}), HasSubstr("--users: -5k is out of range"));
}

TEST_F(InputsOf, WhatIsNoValueNamesTheFlagTheTextAndTheRange) {
  for (const auto& spec : all_quantities()) {
    for (const char* text : {"many", "nan", "inf", "1e999", "5 apples", "0x10"}) {
      const std::string message = fault({flag_of(spec) + "=" + text});
      EXPECT_THAT(message, AllOf(HasSubstr(flag_of(spec)), HasSubstr(" to "))) << text;
    }
  }
}

TEST_F(InputsOf, ABrokenCountIsRefused) {
  EXPECT_EQ(fault({"--users", "2.5"}),
            "--users: 2.5 is out of range: users (people who come for the sale) is a whole number from 1 to "
            "100,000,000");
}

TEST_F(InputsOf, AChoiceThatThereIsNotIsRefusedWithThoseThatThereAre) {
  EXPECT_EQ(fault({"--position", "tree"}), "--position: 'tree' is not one of keys, index, watermark");
  EXPECT_EQ(fault({"--profile", "none"}), "--profile: 'none' is not one of tacos, original");
  EXPECT_THAT(fault({"--inputs", file("bad.json", R"("profile": "none")")}), HasSubstr("bad.json: /profile: 'none'"));
}

TEST_F(InputsOf, AFileThatCanNotBeReadIsNamed) {
  EXPECT_THAT(fault({"--inputs", folder_ + "/none.json"}), AllOf(HasSubstr("--inputs"), HasSubstr("none.json")));
  EXPECT_THAT(fault({"--inputs", folder_}), HasSubstr("is a directory"));
  EXPECT_THAT(fault({"--inputs", stored("empty.json", "")}), HasSubstr("empty.json: is not JSON"));
  EXPECT_THAT(fault({"--inputs", stored("other.json", R"({"schema": "tacos.run/1"})")}),
              HasSubstr("/schema: is 'tacos.run/1'"));
  EXPECT_THAT(fault({"--inputs", file("typo.json", R"("usres": 5)")}),
              AllOf(HasSubstr("typo.json: /usres"), HasSubstr("is it 'users'?")));
  EXPECT_THAT(fault({"--inputs", file("far.json", R"("users": {"value": 1e18})")}),
              AllOf(HasSubstr("far.json: /users"), HasSubstr("1e+18"), HasSubstr("100,000,000")));
}

TEST_F(InputsOf, QuantitiesThatContradictOneAnotherAreRefused) {
  EXPECT_THAT(fault({"--poll-shortest", "30s"}), HasSubstr("poll_shortest_sec (30) is longer than poll_longest_sec"));
  EXPECT_THAT(fault({"--heartbeat-interval", "2m"}), HasSubstr("everyone would be taken for absent"));
  EXPECT_THAT(fault({"--poll-share", "95%"}), HasSubstr("poll_share (0.95) and poll_jitter (0.1)"));
  EXPECT_THAT(fault({"--poll-interval", "1m"}), HasSubstr("lapse before heartbeat_ttl_sec"));
}

}  // namespace
}  // namespace tacos::plan
