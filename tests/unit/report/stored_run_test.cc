#include "report/stored_run.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "measure/recorder.h"
#include "report/run_files.h"

namespace tacos::report {
namespace {

using core::Nanos;
using measure::Outcome;
using measure::RunRecord;
using measure::RunReport;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

namespace fs = std::filesystem;

class StoredRunTest : public testing::Test {
 protected:
  ~StoredRunTest() override {
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }

  // Three seconds of 100 requests, of odd lengths so that nothing is a round number; some fail.
  static RunRecord record(int seed) {
    measure::Recorder recorder({{"join", "status"}});
    for (int i = 0; i < 300; ++i) {
      measure::Sample s;
      s.step = i % 3 == 0 ? 0 : 1;
      s.status = 200;
      s.intended = milliseconds(10 * i);
      s.taken = s.intended + Nanos(137 * seed + i);
      s.sent = s.taken + Nanos(7 * i);
      s.first_byte = s.done = s.sent + microseconds(900 + 31 * ((i * seed) % 97)) + Nanos(i);
      if (i % 50 == 49) s.outcome = Outcome::kHttpError;
      s.position = static_cast<std::uint32_t>(1000 - i);
      if (i == 200) s.time_to_admission = milliseconds(1234) + Nanos(seed);
      recorder.scheduled(s.intended);
      recorder.record(s);
      recorder.users(s.intended, {1, static_cast<std::uint64_t>(i), 0, 0, 0, 0});
    }
    RunRecord record = recorder.finish();
    record.set_schedule_end(seconds(3));
    for (auto& interval : record.intervals()) interval.planned = 100;
    return record;
  }

  static RunReport report(const RunRecord& record) {
    RunReport r;
    r.tool_version = "0.2.0";
    r.scenario = "sample";
    r.started_at = "2026-11-21T08:00:00.500Z";
    r.verdict = "passed";
    r.duration_sec = r.schedule_sec = 3;
    r.users.planned = r.users.started = 301;
    r.users.fairness = {10, 3, 3.0 / 45, 1, 20};
    r.self.cpu_sec = 0.5;
    Assembly assembly;
    assembly.gates = {*Gate::parse("p99(status) < 50ms", record.steps()), *Gate::parse("errors < 5%", record.steps())};
    assemble(record, assembly, r);
    return r;
  }

  std::string write(const std::string& name, const RunReport& report, const RunRecord& record) {
    const RunFiles files((root_ / name).string());
    EXPECT_TRUE(files.prepare().has_value());
    EXPECT_TRUE(files.write(report, record).has_value());
    return (root_ / name).string();
  }

  fs::path root_ = fs::temp_directory_path() / fmt::format("tacos-stored-run-{}", getpid());
};

TEST_F(StoredRunTest, ARunReadBackAndRenderedAgainIsTheSameToTheLastDigit) {
  const RunRecord before = record(1);
  const std::string directory = write("a", report(before), before);
  auto stored = read_run(directory);
  ASSERT_TRUE(stored.has_value()) << stored.error().message;
  const auto assembly = stored->assembly();
  ASSERT_TRUE(assembly.has_value()) << assembly.error().message;
  const std::string as_read = measure::to_json(stored->report);
  assemble(stored->record, *assembly, stored->report);
  EXPECT_EQ(measure::to_json(stored->report), as_read);
  EXPECT_EQ(as_read, measure::to_json(report(before)));
  EXPECT_TRUE(read_run(directory + "/report.json").has_value());
}

TEST_F(StoredRunTest, MergedRunsAreWhatOneRunOfBothWouldHaveRecorded) {
  const RunRecord one = record(1), two = record(5);
  auto a = read_run(write("a", report(one), one));
  auto b = read_run(write("b", report(two), two));
  ASSERT_TRUE(a && b);
  const auto merged = merge_runs({*a, *b});
  ASSERT_TRUE(merged.has_value()) << merged.error().message;

  RunRecord both = one;
  both.merge(two);
  const RunReport expected = report(both);
  const RunReport& r = merged->report;
  EXPECT_EQ(r.rate.scheduled, 600u);
  EXPECT_DOUBLE_EQ(r.rate.offered_rps, 200);
  EXPECT_EQ(r.outcomes, expected.outcomes);
  ASSERT_EQ(r.steps.size(), 2u);
  for (std::size_t s = 0; s < 2; ++s) {
    EXPECT_EQ(r.steps[s].second.response_time_ms.p99, expected.steps[s].second.response_time_ms.p99);
    EXPECT_EQ(r.steps[s].second.response_time_ms.max, expected.steps[s].second.response_time_ms.max);
    EXPECT_DOUBLE_EQ(r.steps[s].second.response_time_ms.mean, expected.steps[s].second.response_time_ms.mean);
  }
  EXPECT_EQ(r.users.started, 602u);
  EXPECT_EQ(r.users.fairness.compared, 20u);
  EXPECT_DOUBLE_EQ(r.users.fairness.inverted_share, 6.0 / 90) << "of the pairs within each run";
  EXPECT_EQ(r.users.time_to_admission_ms.max, 1234.000005);
  EXPECT_EQ(r.merged_from, (std::vector<std::string>{a->directory, b->directory}));
  EXPECT_EQ(r.gates.size(), 2u);
  EXPECT_EQ(r.verdict, "passed");
}

TEST_F(StoredRunTest, AnInvalidPartMakesTheWholeInvalid) {
  const RunRecord one = record(1);
  auto a = read_run(write("a", report(one), one));
  ASSERT_TRUE(a);
  auto b = *a;
  b.directory = "b";
  b.report.verdict = "invalid";
  b.report.verdict_reasons = {"the generator was the bottleneck"};
  const auto merged = merge_runs({*a, b});
  ASSERT_TRUE(merged);
  EXPECT_EQ(merged->report.verdict, "invalid");
  EXPECT_EQ(merged->report.verdict_reasons.at(0), "b: the generator was the bottleneck");
}

TEST_F(StoredRunTest, RunsOfDifferentLoadsAreRefused) {
  const RunRecord one = record(1);
  auto a = read_run(write("a", report(one), one));
  ASSERT_TRUE(a);
  auto b = *a;
  b.directory = "b";
  b.report.warmup_sec = 1;
  const auto merged = merge_runs({*a, b});
  ASSERT_FALSE(merged);
  EXPECT_THAT(merged.error().message, HasSubstr("their warm-ups differ: 0 s and 1 s"));
}

TEST_F(StoredRunTest, EveryRunsGatesJudgeTheWholeAndARunIsMergedOnce) {
  const RunRecord one = record(1);
  auto a = read_run(write("a", report(one), one));
  ASSERT_TRUE(a);
  auto b = *a;
  b.directory = "b";
  b.report.gates[0].expression = "p99 < 1us";
  const auto merged = merge_runs({*a, b});
  ASSERT_TRUE(merged);
  ASSERT_EQ(merged->report.gates.size(), 3u) << "one of the two is the same in both";
  EXPECT_EQ(merged->report.verdict, "failed");
  EXPECT_THAT(merged->report.adapted.back(), HasSubstr("Give each machine a --seed of its own"));
  EXPECT_THAT(merge_runs({*a, *a}).error().message, HasSubstr("named twice"));
}

TEST_F(StoredRunTest, ARungIsAskedWhatConcernsItAndOneThatWasNotReachedIsLeftOut) {
  const RunRecord one = record(1);
  RunReport r;
  Assembly assembly;
  assembly.rungs = {
      {"first", seconds(0), seconds(2)}, {"second", seconds(2), seconds(3)}, {"never", seconds(9), seconds(12)}};
  assembly.gates = {*Gate::parse("p99[2s..] < 50ms", one.steps()), *Gate::parse("errors < 5%", one.steps())};
  assemble(one, assembly, r);
  ASSERT_EQ(r.rungs.size(), 2u);
  EXPECT_EQ(r.rungs[0].gates.size(), 1u);
  EXPECT_EQ(r.rungs[1].gates.size(), 2u);
}

TEST_F(StoredRunTest, SaysWhichFileIsMissingOrBroken) {
  const auto nothing = read_run((root_ / "nothing").string());
  ASSERT_FALSE(nothing);
  EXPECT_THAT(nothing.error().message, HasSubstr("nothing/report.json'"));
  const RunRecord one = record(1);
  const std::string directory = write("a", report(one), one);
  std::ofstream(directory + "/latency.hlog") << "Tag=join,0.0,1.0,2.0,AAAA\n";
  const auto broken = read_run(directory);
  ASSERT_FALSE(broken);
  EXPECT_THAT(broken.error().message, HasSubstr("latency.hlog: line 1: "));
  std::ofstream(directory + "/report.json") << "{}";
  EXPECT_THAT(read_run(directory).error().message, HasSubstr("report.json: /schema is missing"));
}

}  // namespace
}  // namespace tacos::report
