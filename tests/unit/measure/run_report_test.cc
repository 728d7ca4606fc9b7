#include "measure/run_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tacos::measure {
namespace {

using testing::HasSubstr;

RunReport example() {
  RunReport r;
  r.command = "tacos-load --rps 5 'quoted \"text\"'";
  r.scenario = "smoke";
  r.seed = 7;
  r.started_at = "2026-11-21T08:00:00.000Z";
  r.duration_sec = 12.5;
  r.verdict = "failed";
  r.verdict_reasons = {"p99(status) < 5ms does not hold"};
  r.adapted = {"fewer connections"};
  r.rate = {100.5, 99.25, 1206, 1200, 1190};
  r.outcomes[0] = 1190;
  r.outcomes[2] = 16;
  r.status_codes = {{200, 1000}, {410, 190}};
  RunReport::Step step;
  step.count = 1206;
  step.response_time_ms = {1.5, 1, 2, 3, 4, 5, 6, 7};
  step.outcomes[0] = 1190;
  r.steps = {{"join", step}, {"status", {}}};
  r.users.started = 12;
  r.users.confirmed = 3;
  r.gates = {{"p99(status) < 5ms", "7.00 ms", "< 5.00 ms", false}};
  RunReport::Rung rung;
  rung.name = "1k";
  rung.verdict = "passed";
  rung.steps.emplace_back("status", step);
  r.rungs = {rung};
  r.intervals.resize(1);
  auto& i = r.intervals[0];
  i.offered = 101;
  i.errors = 1;
  i.response_p99_9_ms = 4.5;
  i.outcomes[0] = 100;
  i.outcomes[2] = 1;
  i.steps = {{"join", 101, i.outcomes, 1.25, 4.25}};
  i.users = {1, 2, 3, 4, 5, 6};
  i.active_users = 15;
  i.positions = 9;
  i.position_p90 = 290'000;
  i.admitted = 7;
  i.time_to_admission_p50_ms = 1500;
  r.users.fairness = {7, 2, 0.095, 1, 12.5};
  r.merged_from = {"a", "b"};
  r.aborted = "p99 < 5ms";
  return r;
}

TEST(RunReport, IsReadBackAsItWasWritten) {
  const RunReport before = example();
  const auto after = report_from_json(to_json(before));
  ASSERT_TRUE(after.has_value()) << after.error().message;
  EXPECT_EQ(to_json(*after), to_json(before));
  EXPECT_EQ(after->steps[0].first, "join") << "steps keep the journey's order";
  EXPECT_DOUBLE_EQ(after->steps[0].second.response_time_ms.p99_9, 5);
  EXPECT_EQ(after->rungs[0].steps.at(0).second.count, 1206u);
}

TEST(RunReport, HasTheContractsKeys) {
  const std::string text = to_json(example());
  for (const char* key : {"schema",
                          "tool_version",
                          "command",
                          "seed",
                          "started_at",
                          "duration_sec",
                          "host",
                          "cpus",
                          "kernel",
                          "fd_limit",
                          "verdict",
                          "verdict_reasons",
                          "rate",
                          "offered_rps",
                          "achieved_rps",
                          "scheduled",
                          "sent",
                          "completed",
                          "outcomes",
                          "ok",
                          "http_error",
                          "timeout",
                          "connect_error",
                          "reset",
                          "protocol_error",
                          "shed",
                          "status_codes",
                          "steps",
                          "response_time_ms",
                          "service_time_ms",
                          "mean",
                          "p50",
                          "p90",
                          "p95",
                          "p99",
                          "p99_9",
                          "p99_99",
                          "max",
                          "send_lag_ms",
                          "connections",
                          "opened",
                          "peak",
                          "reused",
                          "users",
                          "planned",
                          "started",
                          "peak_active",
                          "admitted",
                          "entered",
                          "sold_out",
                          "abandoned",
                          "gates",
                          "expression",
                          "value",
                          "limit",
                          "passed",
                          "self",
                          "cpu_sec",
                          "cpu_us_per_request",
                          "peak_rss_bytes",
                          "threads",
                          "intervals",
                          "t_sec",
                          "offered",
                          "errors",
                          "response_p50_ms",
                          "response_p99_ms",
                          "active_users",
                          "send_lag_p99_ms"}) {
    EXPECT_THAT(text, HasSubstr(std::string("\"") + key + "\":")) << key;
  }
}

TEST(RunReport, KeysItDoesNotKnowArePassedOver) {
  std::string text = to_json(example());
  text.replace(text.find('{'), 1, R"({"added_later": {"x": [1]},)");
  EXPECT_TRUE(report_from_json(text).has_value());
}

TEST(RunReport, FaultsNameTheJsonPointer) {
  std::string text = to_json(example());
  const auto with = [&](const std::string& what, const std::string& instead) {
    std::string changed = text;
    changed.replace(changed.find(what), what.size(), instead);
    return report_from_json(changed).error().message;
  };
  EXPECT_THAT(with("tacos.run/1", "tacos.run/9"), HasSubstr("/schema is 'tacos.run/9'"));
  EXPECT_THAT(with("\"scheduled\"", "\"x\""), HasSubstr("/rate/scheduled is missing"));
  EXPECT_THAT(with("\"seed\": 7", "\"seed\": \"7\""), HasSubstr("/seed is not a whole number"));
  EXPECT_THAT(with("\"threads\": 0", "\"threads\": 5000000000"),
              HasSubstr("/self/threads is not a whole number from 0 to 4294967295"));
  EXPECT_THAT(with("\"fewer connections\"", "3"), HasSubstr("/adapted/0 is not a text"));
  EXPECT_THAT(with("\"410\"", "\"4x\""), HasSubstr("/status_codes/4x is not a status code"));
  EXPECT_THAT(with("\"p99_9\"", "\"x\""), HasSubstr("/steps/join/response_time_ms/p99_9 is missing"));
  EXPECT_THAT(report_from_json("{").error().message, HasSubstr("is not a report"));
  EXPECT_THAT(report_from_json("[]").error().message, HasSubstr("the document is not an object"));
}

}  // namespace
}  // namespace tacos::measure
