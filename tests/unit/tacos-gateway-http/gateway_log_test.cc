#include "tacos-gateway/http/gateway_log.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <spdlog/sinks/ostream_sink.h>

#include "core/clock.h"

namespace tacos::gateway {
namespace {

using ::testing::HasSubstr;

struct Captured {
  explicit Captured(GatewayLog::Format format) : log(logger(), format, clock) {}

  std::shared_ptr<spdlog::logger> logger() {
    auto made = std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(text));
    made->set_pattern("%v");
    return made;
  }
  std::vector<std::string> lines() const {
    std::istringstream in(text.str());
    std::vector<std::string> all;
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
  }

  std::ostringstream text;
  core::ManualClock clock;
  GatewayLog log;
};

TEST(GatewayLog, WritesOneJsonObjectALine) {
  Captured captured(GatewayLog::Format::kJson);
  captured.log.info(
      "it \"happened\"",
      {{"text", std::string_view("a\nb")}, {"count", std::uint64_t{7}}, {"delta", std::int64_t{-1}}, {"rate", 0.5}},
      "abc");
  ASSERT_EQ(captured.lines().size(), 1u);
  const auto line = nlohmann::json::parse(captured.lines()[0]);
  EXPECT_EQ(line["level"], "info");
  EXPECT_EQ(line["msg"], "it \"happened\"");
  EXPECT_EQ(line["trace_id"], "abc");
  EXPECT_EQ(line["text"], "a\nb");
  EXPECT_EQ(line["count"], 7);
  EXPECT_EQ(line["delta"], -1);
  EXPECT_EQ(line["rate"], 0.5);
  EXPECT_THAT(line["ts"].get<std::string>(), ::testing::MatchesRegex("....-..-..T..:..:..\\....Z"));
}

TEST(GatewayLog, WritesTextForPeople) {
  Captured captured(GatewayLog::Format::kText);
  captured.log.error("it failed", {{"code", std::string_view("X\nY")}, {"status", std::int64_t{503}}});
  EXPECT_THAT(captured.lines()[0], HasSubstr("error it failed code=\"X\\u000aY\" status=503"));
}

TEST(GatewayLog, LeavesRepeatedErrorsOutAndSaysHowMany) {
  Captured captured(GatewayLog::Format::kJson);
  for (int i = 0; i < 25; ++i) captured.log.error_limited(LogCause::kOverload, "overload");
  EXPECT_EQ(captured.lines().size(), 10u);
  captured.clock.advance(std::chrono::seconds(1));
  captured.log.error_limited(LogCause::kOverload, "overload");
  ASSERT_EQ(captured.lines().size(), 12u);
  EXPECT_EQ(nlohmann::json::parse(captured.lines()[10])["count"], 15);
  EXPECT_EQ(nlohmann::json::parse(captured.lines()[10])["cause"], "overload");
  EXPECT_EQ(captured.log.left_out(LogCause::kOverload), 15u);
}

TEST(GatewayLog, GivesEachCauseItsOwnBudget) {
  Captured captured(GatewayLog::Format::kJson);
  for (int i = 0; i < 1000; ++i) captured.log.error_limited(LogCause::kStranger, "a stranger's doing");
  captured.log.error_limited(LogCause::kInternal, "a fault of ours");
  ASSERT_EQ(captured.lines().size(), 11u);
  EXPECT_THAT(captured.lines()[10], HasSubstr("a fault of ours"));
}

TEST(GatewayLog, TellsAtTheEndWhatWasLeftOut) {
  Captured captured(GatewayLog::Format::kJson);
  for (int i = 0; i < 11; ++i) captured.log.error_limited(LogCause::kStore, "away");
  captured.log.tell_left_out();
  captured.log.tell_left_out();
  ASSERT_EQ(captured.lines().size(), 11u);
  EXPECT_EQ(nlohmann::json::parse(captured.lines()[10])["count"], 1);
}

TEST(GatewayLog, DoesNotCountWhatItsLevelHides) {
  Captured captured(GatewayLog::Format::kJson);
  for (int i = 0; i < 11; ++i) captured.log.write_limited(GatewayLog::Level::kDebug, LogCause::kStranger, "hidden");
  EXPECT_TRUE(captured.lines().empty());
  EXPECT_EQ(captured.log.left_out(LogCause::kStranger), 0u);
}

TEST(GatewayLog, CutsALongTextBetweenCharacters) {
  Captured captured(GatewayLog::Format::kJson);
  const std::string text = std::string(GatewayLog::kLongestText - 1, 'x') + "\u00e9\u00e9";
  captured.log.info("long", {{"text", std::string_view(text)}});
  EXPECT_EQ(nlohmann::json::parse(captured.lines()[0])["text"], std::string(GatewayLog::kLongestText - 1, 'x'));
}

TEST(GatewayLog, KnowsItsLevels) {
  EXPECT_EQ(GatewayLog::level_named("warn"), GatewayLog::Level::kWarn);
  EXPECT_EQ(GatewayLog::level_named("off"), GatewayLog::Level::kOff);
}

}  // namespace
}  // namespace tacos::gateway
