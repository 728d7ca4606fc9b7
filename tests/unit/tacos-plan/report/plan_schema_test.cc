#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/schema_check.h"
#include "tacos-plan/plan/sensitivity.h"
#include "tacos-plan/report/assumptions_document.h"
#include "tacos-plan/report/plan_document.h"
#include "tacos-plan/report/plan_json.h"
#include "tacos-plan/report/sensitivity_document.h"
#include "tacos-plan/report/verification_document.h"
#include "unit/tacos-plan/plan/planned.h"

namespace tacos::plan {
namespace {

using nlohmann::json;
using Q = Quantity;

json schema(const std::string& name) {
  std::ifstream file(std::string(TACOS_SOURCE_DIR) + "/docs/schema/" + name + ".schema.json");
  return json::parse(file);
}

std::vector<std::string> faults_of(const std::string& document, const std::string& name) {
  const json rules = schema(name);
  return support::SchemaCheck(rules).faults_of(json::parse(document));
}

PlanInputs original() {
  PlanInputs inputs;
  inputs.apply_profile(Profile::kOriginal);
  return inputs;
}

std::vector<PlanInputs> all_kinds() {
  std::vector<PlanInputs> kinds = {PlanInputs(),
                                   original(),
                                   inputs_with({{Q::kUsers, 1}, {Q::kSeats, 1}}),
                                   inputs_with({{Q::kUsers, 1e8}, {Q::kSeats, 5}}),
                                   inputs_with({{Q::kUsers, 1e8}, {Q::kSeats, 1e8}}),
                                   inputs_with({{Q::kArrivalTime, 3600}, {Q::kPatience, 60}, {Q::kNoShow, 0.3}})};
  for (int i = 0; i < 2; ++i) {
    kinds.emplace_back();
    kinds.back().poll = PollPolicy::kByPosition;
    if (i == 1) kinds.back().region = "ap-northeast-2";  // whose price list has gaps
  }
  return kinds;
}

TEST(PlanSchema, DescribesEveryKeyOfAnyPlan) {
  for (const auto& inputs : all_kinds()) {
    EXPECT_THAT(faults_of(plan_json(planned(inputs)), "plan-1"), testing::IsEmpty()) << title_of(inputs);
  }
}

TEST(PlanSchema, FindsWhatIsWrong) {
  const json rules = schema("plan-1");
  json document = json::parse(plan_json(planned(PlanInputs())));
  document["admission"]["rate_per_sec"] = nullptr;
  document["redis"]["shards"] = -1;
  document["cost"].erase("per_event_usd");
  document["inputs"]["position"] = "tree";
  document["more"] = 1;
  EXPECT_THAT(support::SchemaCheck(rules).faults_of(document),
              testing::UnorderedElementsAre("/admission/rate_per_sec is a null", "/redis/shards is too small",
                                            "/cost/per_event_usd is missing", "/inputs/position is none of the words",
                                            "/more is not described"));
}

TEST(PlanSchema, OnlyTheOriginalProfileHasTheOriginalsFigures) {
  EXPECT_FALSE(json::parse(plan_json(planned(PlanInputs()))).contains("original"));
  EXPECT_FALSE(json::parse(plan_json(planned(original())))["original"].empty());
}

TEST(PlanInputsSchema, IsWhatTheCodeSaysOfEveryQuantity) {
  const json properties = schema("plan-inputs-1")["properties"];
  std::size_t numbers = 0;
  for (const auto& [name, rule] : properties.items()) numbers += rule.contains("minimum");
  EXPECT_EQ(numbers, all_quantities().size());
  for (const auto& spec : all_quantities()) {
    ASSERT_TRUE(properties.contains(spec.name)) << spec.name;
    const json& rule = properties[std::string(spec.name)];
    EXPECT_EQ(rule["description"], spec.meaning) << spec.name;
    EXPECT_EQ(rule["default"], spec.value) << spec.name;
    for (const json* ranged : {&rule, &rule["properties"]["value"]}) {
      EXPECT_EQ((*ranged)["minimum"], spec.least) << spec.name;
      EXPECT_EQ((*ranged)["maximum"], spec.most) << spec.name;
      EXPECT_EQ(ranged->contains("multipleOf"), spec.unit == QuantityUnit::kCount) << spec.name;
    }
  }
}

TEST(PlanInputsSchema, IsWhatTheCodeSaysOfEveryChoice) {
  const json properties = schema("plan-inputs-1")["properties"];
  const PlanInputs defaults;
  for (const auto& choice : all_choices()) {
    ASSERT_TRUE(properties.contains(choice.name)) << choice.name;
    const json& rule = properties[std::string(choice.name)];
    EXPECT_EQ(rule["description"], choice.meaning);
    EXPECT_EQ(rule["default"], choice_value(defaults, choice.name));
    std::string values;
    for (const auto& word : rule.value("enum", json::array()))
      values += (values.empty() ? "" : "|") + word.get<std::string>();
    EXPECT_EQ(values, choice.values);
  }
}

TEST(PlanInputsSchema, DescribesWhatAssumptionsAndCalibrateWrite) {
  EXPECT_THAT(faults_of(assumptions_json(PlanInputs()), "plan-inputs-1"), testing::IsEmpty());
  EXPECT_THAT(faults_of(assumptions_json(original()), "plan-inputs-1"), testing::IsEmpty());
  Calibration measured;
  measured.values = {{Q::kConversion, 0.25, "measured: a run"}, {Q::kGatherTime, 12.5, "measured: a run"}};
  EXPECT_THAT(faults_of(calibration_json(measured), "plan-inputs-1"), testing::IsEmpty());
}

TEST(PlanInputsSchema, RefusesWhatTheReaderRefuses) {
  const char* document = R"({"schema": "tacos.plan-inputs/1", "users": 0, "seats": 2.5, "no_show": {"value": 3},
                             "patience_sec": {"source": "me"}, "position": "tree", "usres": 5})";
  EXPECT_THAT(faults_of(document, "plan-inputs-1"),
              testing::UnorderedElementsAre("/users is too small", "/seats is broken", "/no_show/value is too large",
                                            "/patience_sec/value is missing", "/position is none of the words",
                                            "/usres is not described"));
}

TEST(SensitivitySchema, DescribesEveryKey) {
  for (const auto& inputs : all_kinds()) {
    const Plan plan = planned(inputs);
    const auto all = sensitivities(plan, catalogues_of(inputs), 0.2);
    EXPECT_THAT(faults_of(sensitivity_json(plan, all, 0.2), "plan-sensitivity-1"), testing::IsEmpty());
  }
}

TEST(SensitivitySchema, NamesEveryOutput) {
  const json rules = schema("plan-sensitivity-1");
  std::vector<std::string> names;
  for (const auto& output : all_outputs()) names.push_back(output.name);
  EXPECT_EQ(rules["$defs"]["outputs"]["required"], json(names));
}

TEST(VerificationSchema, DescribesEveryKey) {
  const Plan plan = planned(PlanInputs());
  measure::RunReport run;
  for (const char* verdict : {"passed", "invalid"}) {
    run.verdict = verdict;
    run.users.started = run.users.started == 0 ? 10 : 0;
    const auto verification = verify_plan(plan, run);
    EXPECT_THAT(faults_of(verification_json(plan, verification, "a run"), "plan-verification-1"), testing::IsEmpty());
  }
}

}  // namespace
}  // namespace tacos::plan
