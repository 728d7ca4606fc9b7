#include "report/junit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/report/sample_report.h"

namespace tacos::report {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Junit, HasACaseForValidityAndForEachGateOfEachRung) {
  const std::string xml = junit_xml(sample_report());
  EXPECT_THAT(xml, HasSubstr(R"(<testsuites tests="3" failures="1" errors="0" time="30.000">)"));
  EXPECT_THAT(xml, HasSubstr(R"(<testcase classname="tacos-load.ladder" name="the run is valid" time="30.000"/>)"));
  EXPECT_THAT(xml, HasSubstr(R"(<testcase classname="tacos-load.ladder.1k" name="p99(status) &lt; 5ms" time="0"/>)"));
  EXPECT_THAT(xml, HasSubstr(R"(<failure type="gate" message="was 7.00 ms, expected &lt; 5.00 ms"/>)"));
}

TEST(Junit, AnInvalidRunIsAnErrorThatSaysWhy) {
  auto report = sample_report();
  report.verdict = "invalid";
  report.verdict_reasons = {"the generator was the bottleneck", "and <more>"};
  const std::string xml = junit_xml(report);
  EXPECT_THAT(xml, HasSubstr(R"(errors="1")"));
  EXPECT_THAT(xml, HasSubstr(R"(<error type="invalid" message="the generator was the bottleneck">)"));
  EXPECT_THAT(xml, HasSubstr("and &lt;more&gt;"));
}

TEST(Junit, EscapesWhateverStrangersNamed) {
  auto report = sample_report();
  report.scenario = "\"><x a='\x01&";
  const std::string xml = junit_xml(report);
  EXPECT_THAT(xml, HasSubstr("tacos-load.&quot;&gt;&lt;x a=&#39;\uFFFD&amp;"));
  EXPECT_THAT(xml, Not(HasSubstr("<x")));
}

}  // namespace
}  // namespace tacos::report
