#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/schema_check.h"
#include "unit/report/sample_report.h"

namespace tacos::report {
namespace {

using nlohmann::json;

class RunSchemaTest : public testing::Test {
 protected:
  RunSchemaTest() {
    std::ifstream file(std::string(TACOS_SOURCE_DIR) + "/docs/schema/run-1.schema.json");
    schema_ = json::parse(file);
  }
  std::vector<std::string> faults_of(const json& document) { return support::SchemaCheck(schema_).faults_of(document); }

  json schema_;
};

TEST_F(RunSchemaTest, DescribesEveryKeyOfAReport) {
  EXPECT_THAT(faults_of(json::parse(measure::to_json(sample_report()))), testing::IsEmpty());
}

TEST_F(RunSchemaTest, FindsWhatIsWrong) {
  json document = json::parse(measure::to_json(sample_report()));
  document["rate"]["sent"] = -1;
  document["steps"]["status"]["response_time_ms"].erase("p99_9");
  document["users"]["more"] = 1;
  document["gates"] = "none";
  EXPECT_THAT(faults_of(document), testing::UnorderedElementsAre("/rate/sent is too small",
                                                                 "/steps/status/response_time_ms/p99_9 is missing",
                                                                 "/users/more is not described", "/gates is a string"));
}

}  // namespace
}  // namespace tacos::report
