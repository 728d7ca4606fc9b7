#include "tacos-load/scenario/scenario.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tacos::load {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

std::string with(const std::string& members) {
  return R"({"schema":"tacos.scenario/1","load":{"stages":[{"rate":100,"duration":"5s"}]})" +
         (members.empty() ? "" : "," + members) + "}";
}

std::string fault_of(const std::string& text) {
  const auto read = read_scenario(text, "s.json");
  return read.has_error() ? read.error().message : "(no fault)";
}

TEST(ReadScenario, TheShippedScenariosAreRight) {
  int seen = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(TACOS_SOURCE_DIR) / "scenarios")) {
    if (entry.path().extension() != ".json") continue;
    std::ifstream file(entry.path());
    std::ostringstream text;
    text << file.rdbuf();
    const auto read = read_scenario(text.str(), entry.path().filename().string());
    EXPECT_TRUE(read.has_value()) << (read ? "" : read.error().message);
    if (read) {
      EXPECT_EQ(read->name, entry.path().stem().string());
    }
    ++seen;
  }
  EXPECT_GE(seen, 4);
}

TEST(ReadScenario, EveryMemberArrivesWhereItBelongs) {
  const auto read = read_scenario(R"({
    "schema": "tacos.scenario/1", "name": "n", "target": "http://h:1", "seed": 7, "users": 50,
    "load": {"model": "users", "spacing": "poisson", "stages": [
      {"name": "a", "rate": "2k", "duration": "5s", "warmup": true},
      {"from": 1, "to": 2.5, "duration": "1m30s", "rung": true}]},
    "journey": {"kind": "queue", "event_id": "e", "api_prefix": "/api/v1",
      "poll": {"interval": "3s", "mode": "fixed_delay", "jitter": "20%", "honour_poll_after": true},
      "think": {"enter": "1ms", "reserve": "2ms", "pay": "3ms", "confirm": "4ms"},
      "honour_retry_after": false, "patience": "9s", "tells_when_leaving": 0.25, "buys": false, "seats_per_user": 2,
      "payment_failures": "5%", "when_sold_out": "leave", "most_attempts": 2},
    "connections": 12, "timeout": "4s", "connect_timeout": "2s", "engine": "curl", "workers": 3, "http2": true,
    "insecure": true, "ca_file": "c.pem", "proxy": "http://p", "source_addresses": "127.0.0.2", "headers": ["X-A: b"],
    "gates": ["errors < 1%"], "dispatch_lag_limit": "5ms"})",
                                  "s.json");
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(read->model, LoadModel::kUsers);
  EXPECT_EQ(read->spacing, Spacing::kPoisson);
  ASSERT_EQ(read->stages.size(), 2u);
  EXPECT_EQ(read->stages[0].from.per_second(), 2000);
  EXPECT_TRUE(read->stages[0].warmup);
  EXPECT_EQ(read->stages[1].to.per_second(), 2.5);
  EXPECT_EQ(read->stages[1].duration, seconds(90));
  EXPECT_TRUE(read->stages[1].rung);
  const auto& plan = std::get<QueueJourneyPlan>(read->journey);
  EXPECT_EQ(plan.poll_interval, seconds(3));
  EXPECT_TRUE(plan.poll_fixed_delay);
  EXPECT_DOUBLE_EQ(plan.poll_jitter, 0.2);
  EXPECT_TRUE(plan.honour_poll_after);
  EXPECT_FALSE(plan.honour_retry_after);
  EXPECT_EQ(plan.think_confirm, milliseconds(4));
  EXPECT_EQ(plan.patience, seconds(9));
  EXPECT_FALSE(plan.refreshes_when_sold_out);
  EXPECT_EQ(plan.most_attempts, 2u);
  EXPECT_EQ(read->connections, 12u);
  EXPECT_EQ(read->engine, Engine::kCurl);
  EXPECT_EQ(read->workers, 3u);
  EXPECT_EQ(read->gates, std::vector<std::string>{"errors < 1%"});
  EXPECT_EQ(read->dispatch_lag_limit, milliseconds(5));
}

TEST(ReadScenario, SeveralTargetsAHistoryAndPeopleWhoRejoin) {
  const auto read = read_scenario(
      with(R"("targets":["http://a","http://b:1"],"history":"h","journey":{"when_expired":"rejoin"})"), "s.json");
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(read->target, "http://a");
  EXPECT_THAT(read->other_targets, testing::ElementsAre("http://b:1"));
  EXPECT_EQ(targets_text(*read), "http://a, http://b:1");
  EXPECT_EQ(read->history, "h");
  EXPECT_TRUE(std::get<QueueJourneyPlan>(read->journey).rejoins);
  EXPECT_THAT(fault_of(with(R"("target":"http://a","targets":["http://b"])")), HasSubstr("/targets excludes"));
  EXPECT_THAT(fault_of(with(R"("targets":[])")), HasSubstr("/targets is empty"));
  EXPECT_THAT(fault_of(with(R"("history":"h","journey":{"kind":"request"})")), HasSubstr("--history is what users"));
}

TEST(ReadScenario, ConnectionsMayBePerUser) {
  const auto read = read_scenario(with(R"("users": 100, "connections": "per_user")"), "s.json");
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_TRUE(read->connection_per_user);
}

TEST(ReadScenario, FaultsNameTheFileThePointerTheValueAndTheRange) {
  EXPECT_THAT(fault_of(with(R"("users": 0)")),
              HasSubstr("s.json: /users is 0; expected a whole number from 1 to 10000000"));
  EXPECT_THAT(fault_of(with(R"("users": -5)")), HasSubstr("/users is -5"));
  EXPECT_THAT(fault_of(with(R"("users": 1e30)")), HasSubstr("/users is 1e+30"));
  EXPECT_THAT(fault_of(with(R"("user": 5)")), HasSubstr("/user is not known here"));
  EXPECT_THAT(fault_of(with(R"("timeout": 10)")), HasSubstr("/timeout is 10; expected a duration from 1ms to 1h"));
  EXPECT_THAT(fault_of(with(R"("timeout": "10")")), HasSubstr("/timeout is \"10\""));
  EXPECT_THAT(fault_of(with(R"("engine": "go")")),
              HasSubstr(R"(/engine is "go"; expected one of "auto", "asio", "curl")"));
  EXPECT_THAT(fault_of(with(R"("journey": {"kind": "queue", "poll": {"jitter": 2}})")),
              HasSubstr("/journey/poll/jitter is 2; expected a share from 0 to 0.9"));
  EXPECT_THAT(fault_of(with(R"("journey": {"kind": "queue", "event_id": "a b"})")), HasSubstr("the event id 'a b'"));
  EXPECT_THAT(
      fault_of(
          R"({"schema":"tacos.scenario/1","load":{"stages":[{"rate":1,"duration":"1s"},{"rate":"x","duration":"1s"}]}})"),
      HasSubstr("/load/stages/1/rate is \"x\""));
  EXPECT_THAT(fault_of(R"({"schema":"tacos.scenario/1","load":{"stages":[{"from":1,"duration":"1s"}]}})"),
              HasSubstr("/load/stages/0 needs \"rate\", or \"from\" and \"to\""));
  EXPECT_THAT(fault_of(with(R"("headers": ["X: a\r\nY: b"])")), HasSubstr("control characters"));
}

TEST(ReadScenario, EveryFaultOfADocumentIsReportedAtOnce) {
  const std::string message = fault_of(with(R"("users": 0, "seed": "x", "wrong": 1)"));
  EXPECT_THAT(message, HasSubstr("/users"));
  EXPECT_THAT(message, HasSubstr("/seed"));
  EXPECT_THAT(message, HasSubstr("/wrong"));
}

TEST(ReadScenario, WhatIsNoScenarioIsRefusedWithoutFuss) {
  for (const char* text : {"", "{", "[]", "5", "null", "\"x\"", "{}", R"({"schema":"tacos.scenario/2"})"}) {
    EXPECT_THAT(fault_of(text), Not("(no fault)")) << text;
  }
  EXPECT_THAT(fault_of(std::string(100'000, '[')), HasSubstr("s.json"));
  EXPECT_THAT(fault_of(std::string(5000, '[') + std::string(5000, ']')), HasSubstr("nested too deeply"));
}

}  // namespace
}  // namespace tacos::load
