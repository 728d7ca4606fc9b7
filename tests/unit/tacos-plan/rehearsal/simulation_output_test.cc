#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/schema_check.h"
#include "tacos-plan/command/commands.h"
#include "tacos-plan/document/document_html.h"
#include "tacos-plan/document/document_markdown.h"
#include "tacos-plan/document/document_text.h"
#include "tacos-plan/report/simulation_document.h"
#include "tacos-plan/report/simulation_json.h"
#include "unit/tacos-plan/rehearsal/some_plan.h"

namespace tacos::plan {
namespace {

using nlohmann::json;
using testing::HasSubstr;

std::vector<std::string> schema_faults(const json& document) {
  std::ifstream file(std::string(TACOS_SOURCE_DIR) + "/docs/schema/simulation-1.schema.json");
  const json schema = json::parse(file);
  return support::SchemaCheck(schema).faults_of(document);
}

TEST(SimulationJson, IsDescribedByItsSchema) {
  for (const Given& given :
       {Given{}, Given{{"at_sell_out", "go-on"}}, Given{{"position", "keys"}}, Given{{"arrival_sec", "30"}}}) {
    EXPECT_THAT(schema_faults(json::parse(simulation_json(some_rehearsal(given)))), testing::IsEmpty());
  }
}

TEST(SimulationJson, IsTheSameForTheSameSeedAndAnotherForAnother) {
  EXPECT_EQ(simulation_json(some_rehearsal({}, 7)), simulation_json(some_rehearsal({}, 7)));
  json one = json::parse(simulation_json(some_rehearsal({}, 7)));
  json other = json::parse(simulation_json(some_rehearsal({}, 8)));
  EXPECT_NE(one["timeline"], other["timeline"]);
  EXPECT_EQ(one["inputs"], other["inputs"]);
}

TEST(SimulationJson, AddsUp) {
  const json document = json::parse(simulation_json(some_rehearsal({{"conversion", "0.7"}, {"patience_sec", "60"}})));
  std::uint64_t users = 0, bought = 0, shed = 0;
  for (const auto& [ending, count] : document["summary"]["endings"].items()) users += count.get<std::uint64_t>();
  for (const auto& point : document["timeline"]) {
    bought += point["bought"].get<std::uint64_t>();
    shed += point["shed"].get<std::uint64_t>();
  }
  EXPECT_EQ(users, 3000U);
  EXPECT_EQ(bought, document["summary"]["endings"]["bought"]);
  EXPECT_EQ(shed, document["summary"]["shed"]);
}

TEST(SimulationJson, SaysNullOfWhatNeverHappened) {
  const Given hopeless = {{"users", "300000"}, {"position", "keys"}, {"seats", "100000"}};
  const json document = json::parse(simulation_json(some_rehearsal(hopeless)));
  EXPECT_TRUE(document["summary"]["sold_out_sec"].is_null());
  EXPECT_EQ(document["summary"]["first_saturated"], "redis");
}

TEST(SimulationDocument, TellsTheStoryInEveryFormat) {
  const Document document = simulation_document(some_rehearsal(), "tacos-plan simulate");
  for (const std::string& text : {document_text(document, {}), document_markdown(document), document_html(document)}) {
    EXPECT_THAT(text, HasSubstr("Simulated: 3,000 users"));
    EXPECT_THAT(text, HasSubstr("Climbing through rates of requests"));
    EXPECT_THAT(text, HasSubstr("down to 2,000/s"));
    EXPECT_THAT(text, HasSubstr("seed 1"));
  }
}

TEST(SimulationDocument, DrawsNoMoreSeriesThanAChartHolds) {
  const Document document = simulation_document(some_rehearsal(), "");
  std::size_t charts = 0;
  for (const auto& section : document.sections) {
    for (const auto& block : section.blocks) {
      const auto* drawn = std::get_if<Document::Charts>(&block);
      if (drawn == nullptr) continue;
      for (const auto& chart : drawn->charts) EXPECT_LE(chart.series.size(), 4U) << chart.title;
      charts += drawn->charts.size();
    }
  }
  EXPECT_EQ(charts, 6U);
}

TEST(RunSimulate, RefusesABadRungAsAFaultOfTheCommandLine) {
  CommandLine command;
  command.command = CommandLine::Command::kSimulate;
  command.rungs = "1k,fast";
  testing::internal::CaptureStderr();
  EXPECT_EQ(run_simulate(command, ""), 2);
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "tacos-plan: --rungs: 'fast' is not a rate; give rates with commas between, such as 1k,5k,10k\n");
}

TEST(RunSimulate, NamesTheFlagOfWhatCannotBePlayed) {
  CommandLine command;
  command.quantities = {{Quantity::kUsers, "50M"}};
  testing::internal::CaptureStderr();
  EXPECT_EQ(run_simulate(command, ""), 2);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), testing::StartsWith("tacos-plan: --users: "));
}

}  // namespace
}  // namespace tacos::plan
