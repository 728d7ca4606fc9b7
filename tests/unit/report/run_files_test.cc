#include "report/run_files.h"

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <unistd.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "measure/recorder.h"
#include "unit/report/sample_report.h"

namespace tacos::report {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

namespace fs = std::filesystem;

class RunFilesTest : public testing::Test {
 protected:
  RunFilesTest() { fs::create_directories(root_); }
  ~RunFilesTest() override {
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }

  static measure::RunRecord record() {
    measure::Recorder recorder({{"join", "status"}});
    for (int i = 0; i < 100; ++i) {
      measure::Sample s;
      s.intended = s.taken = s.sent = milliseconds(10 * i);
      s.done = s.first_byte = s.sent + milliseconds(2);
      recorder.scheduled(s.intended);
      recorder.record(s);
    }
    return recorder.finish();
  }
  static std::string text_of(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }

  fs::path root_ = fs::temp_directory_path() / fmt::format("tacos-run-files-{}", getpid());
};

TEST_F(RunFilesTest, WritesEveryFileOfTheContractAndNothingElse) {
  const fs::path directory = root_ / "new" / "run";
  const RunFiles files(directory.string());
  ASSERT_TRUE(files.prepare().has_value());
  ASSERT_TRUE(files.write(sample_report(), record()).has_value());
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory)) names.insert(entry.path().filename().string());
  EXPECT_EQ(names, (std::set<std::string>{"intervals.csv", "junit.xml", "latency.hgrm", "latency.hlog", "report.html",
                                          "report.json", "summary.md"}));
  const auto back = measure::report_from_json(text_of(directory / "report.json"));
  ASSERT_TRUE(back.has_value()) << back.error().message;
  EXPECT_EQ(back->scenario, "ladder");
  EXPECT_THAT(text_of(directory / "latency.hlog"), HasSubstr("#[StartTime: 1795248000.500 (seconds since epoch)"));
  EXPECT_THAT(text_of(directory / "latency.hgrm"), HasSubstr("Total count    =          100]"));
}

TEST_F(RunFilesTest, WritingAgainReplacesWhatWasThere) {
  const RunFiles files(root_.string());
  auto report = sample_report();
  ASSERT_TRUE(files.write(report, record()).has_value());
  report.scenario = "another";
  ASSERT_TRUE(files.write(report, record()).has_value());
  EXPECT_THAT(text_of(root_ / "report.json"), HasSubstr("\"another\""));
}

TEST_F(RunFilesTest, SaysWhichPathCannotBeWritten) {
  std::ofstream(root_ / "file") << "in the way";
  const auto ready = RunFiles((root_ / "file" / "run").string()).prepare();
  ASSERT_TRUE(ready.has_error());
  EXPECT_THAT(ready.error().message,
              StartsWith("can't make the report directory '" + (root_ / "file" / "run").string()));
  EXPECT_THAT(ready.error().message, HasSubstr("Name another with --report"));
  const auto written = RunFiles((root_ / "absent").string()).write(sample_report(), record());
  ASSERT_TRUE(written.has_error());
  EXPECT_THAT(written.error().message, HasSubstr("absent/report.json': No such file or directory"));
}

TEST(IntervalsCsv, HasARowForEachIntervalWithAllDigits) {
  auto report = sample_report();
  report.intervals[0].planned = 1'234'567.5;
  EXPECT_EQ(intervals_csv(report),
            "t_sec,planned,offered,sent,completed,errors,response_p50_ms,response_p99_ms,active_users,send_lag_p99_ms,"
            "dispatch_lag_p99_ms,response_p90_ms,response_p99_9_ms,service_p50_ms,service_p99_ms,admitted,position_p50,"
            "ok,http_error,timeout,connect_error,reset,protocol_error,shed,unfilled,interrupted,"
            "users_joining,users_waiting,users_ready,users_buying,users_told_sold_out,users_done\n"
            "0,1234567.5,1000,1000,999,1,1.25,4.5,12,0.05,0.04,0,0,0,0,1,150000,"
            "999,0,1,0,0,0,0,0,0,1,10,1,0,0,0\n");
}

TEST(DefaultDirectory, IsNamedForTheRunAndTheTimeWhateverItIsCalled) {
  EXPECT_THAT(default_directory("ticket-open"), MatchesRegex("reports/runs/ticket-open-[0-9]{8}T[0-9]{6}Z"));
  EXPECT_THAT(default_directory("../../etc/x y"), MatchesRegex("reports/runs/------etc-x-y-[0-9]{8}T[0-9]{6}Z"));
}

}  // namespace
}  // namespace tacos::report
