#include "measure/hdr_log.h"

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "measure/hdr_codec.h"
#include "measure/recorder.h"

namespace tacos::measure {
namespace {

using core::Nanos;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// Three seconds of joins (4 ms after a lag of 1 ms) and, in the last, one status request of 30 ms.
RunRecord three_seconds() {
  RecorderOptions options;
  options.steps = {"join", "status"};
  Recorder recorder(options);
  const auto take = [&](Nanos intended, StepId step, Nanos service) {
    Sample s;
    s.step = step;
    s.intended = s.taken = intended;
    s.sent = intended + milliseconds(1);
    s.first_byte = s.done = s.sent + service;
    recorder.scheduled(intended);
    recorder.record(s);
  };
  for (int i = 0; i < 300; ++i) take(milliseconds(10 * i), 0, milliseconds(4));
  take(milliseconds(2500), 1, milliseconds(30));
  return recorder.finish();
}

TEST(HdrLog, HasTheHeaderThatItsReadersLookFor) {
  const auto lines = lines_of(hdr_log(three_seconds(), {1'795'248'000.5, "2026-11-21T08:00:00.500Z"}));
  EXPECT_EQ(lines[1], "#[Histogram log format version 1.3]");
  EXPECT_EQ(lines[2], "#[StartTime: 1795248000.500 (seconds since epoch), 2026-11-21T08:00:00.500Z]");
  EXPECT_EQ(lines[3], R"("StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram")");
  EXPECT_EQ(lines[4], "#[Exact: 5000000, 5000000, 500000000, 0]");
  EXPECT_THAT(lines[5], testing::StartsWith("Tag=join,0.000,1.000,5.000,HISTFAAAA"));
}

TEST(HdrLog, IsReadBackExactly) {
  const RunRecord before = three_seconds();
  RunRecord after(before.steps(), before.interval());
  after.intervals().resize(before.intervals().size());
  for (auto& interval : after.intervals()) interval.steps.resize(before.steps().size());
  const auto added = add_hdr_log(hdr_log(before, {}), after);
  ASSERT_TRUE(added.has_value()) << added.error().message;
  EXPECT_EQ(hdr_log(after, {}), hdr_log(before, {}));
  EXPECT_EQ(after.all().steps[1].response.max(), milliseconds(31));
}

TEST(HdrLog, OtherToolsRowsAreReadWithoutTagsAndExactValues) {
  std::string text = "#[Histogram log format version 1.2]\r\n";
  for (const auto& line : lines_of(hdr_log(three_seconds(), {}))) {
    if (line.starts_with("Tag=status,")) text += line.substr(line.find(',') + 1) + "\r\n";
  }
  const auto rows = read_hdr_log(text);
  ASSERT_TRUE(rows.has_value()) << rows.error().message;
  ASSERT_EQ(rows->size(), 1u);
  EXPECT_EQ(rows->at(0).tag, "");
  EXPECT_EQ(rows->at(0).start_sec, 2);
  EXPECT_EQ(rows->at(0).histogram.count(), 1u);
}

TEST(HdrLog, ExactValuesThatTheCountersContradictAreNotBelieved) {
  auto lines = lines_of(hdr_log(three_seconds(), {}));
  const auto rows = read_hdr_log("#[Exact: 1, 9000000000, 500000000, 0]\n" + lines[5] + "\n");
  ASSERT_TRUE(rows.has_value());
  EXPECT_LT(rows->at(0).histogram.max(), milliseconds(6));
}

TEST(HdrLog, FaultsNameTheLineAndRowsMustBelongToTheReport) {
  const auto cut_short = read_hdr_log("#x\nTag=a,0.0,1.0\n");
  ASSERT_FALSE(cut_short);
  EXPECT_THAT(cut_short.error().message, HasSubstr("line 2: expected start, length"));
  RunRecord two_seconds({"join", "status"}, seconds(1));
  two_seconds.intervals().resize(2);
  for (auto& interval : two_seconds.intervals()) interval.steps.resize(2);
  const auto too_late = add_hdr_log(hdr_log(three_seconds(), {}), two_seconds);
  ASSERT_FALSE(too_late);
  EXPECT_THAT(too_late.error().message, HasSubstr("belongs to no interval"));
}

TEST(HdrLog, ItsRowsMergeToTheWholeRun) {
  const RunRecord record = three_seconds();
  std::map<std::string, Histogram> by_tag;
  std::map<std::string, int> rows;
  for (const auto& line : lines_of(hdr_log(record, {}))) {
    if (!line.starts_with("Tag=")) continue;
    const std::string tag = line.substr(4, line.find(',') - 4);
    const auto bytes = from_base64(line.substr(line.rfind(',') + 1));
    ASSERT_TRUE(bytes.has_value());
    const auto histogram = decode_hdr(*bytes);
    ASSERT_TRUE(histogram.has_value()) << histogram.error().message;
    by_tag[tag].merge(*histogram);
    ++rows[tag];
  }
  const auto all = record.all();
  EXPECT_EQ(by_tag["join"].count(), all.steps[0].response.count());
  EXPECT_EQ(by_tag["join"].count_at_or_below(milliseconds(5)), 300u);
  EXPECT_EQ(by_tag["status.service"].count(), 1u);
  EXPECT_EQ(by_tag["send_lag"].count(), 301u);
  EXPECT_EQ(by_tag["dispatch_lag"].max(), Nanos(0));
  EXPECT_EQ(rows["join"], 3);
  EXPECT_EQ(rows["status"], 1) << "seconds without values have no row";
}

// The example worked by hand: four values, five steps to each halving.
TEST(PercentileDistribution, ClimbsByFifthsOfEachHalving) {
  Histogram histogram;
  for (const int ms : {1, 2, 3, 4}) histogram.record(milliseconds(ms));
  const auto lines = lines_of(percentile_distribution(histogram));
  EXPECT_EQ(lines[0], "       Value     Percentile TotalCount 1/(1-Percentile)");
  EXPECT_EQ(lines[2], "       1.000 0.000000000000          1           1.00");
  EXPECT_EQ(lines[3], "       1.000 0.100000000000          1           1.11");
  EXPECT_EQ(lines[4], "       1.000 0.200000000000          1           1.25");
  EXPECT_EQ(lines[5], "       2.001 0.300000000000          2           1.43");
  EXPECT_EQ(lines[7], "       2.001 0.500000000000          2           2.00");
  EXPECT_EQ(lines[8], "       3.000 0.550000000000          3           2.22");
  const auto end = lines.size();
  EXPECT_EQ(lines[end - 4], "       4.000 1.000000000000          4");
  EXPECT_EQ(lines[end - 3], "#[Mean    =        2.500, StdDeviation   =        1.118]");
  EXPECT_EQ(lines[end - 2], "#[Max     =        4.000, Total count    =            4]");
  EXPECT_EQ(lines[end - 1], "#[Buckets =           32, SubBuckets     =         2048]");
}

TEST(PercentileDistribution, OfNothingHasOnlyItsFooter) {
  EXPECT_THAT(percentile_distribution(Histogram()), HasSubstr("Total count    =            0]"));
}

}  // namespace
}  // namespace tacos::measure
