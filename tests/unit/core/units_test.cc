#include "core/units.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tacos::core {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

TEST(ParseDuration, ReadsEveryUnitAndSumsOfUnits) {
  EXPECT_EQ(parse_duration("250us").value(), microseconds(250));
  EXPECT_EQ(parse_duration("50ms").value(), milliseconds(50));
  EXPECT_EQ(parse_duration("90s").value(), seconds(90));
  EXPECT_EQ(parse_duration("1.5m").value(), seconds(90));
  EXPECT_EQ(parse_duration("1m30s").value(), seconds(90));
  EXPECT_EQ(parse_duration("2h").value(), hours(2));
  EXPECT_EQ(parse_duration("0").value(), Nanos(0));
}

TEST(ParseDuration, RefusesWhatIsNotADurationAndSaysWhatIs) {
  for (const char* text : {"", "10", "-5s", "5x", "s", "1e3s", "nan", "5s ", "1m30", "99999999999999h"}) {
    const auto parsed = parse_duration(text);
    ASSERT_TRUE(parsed.has_error()) << text;
    EXPECT_THAT(parsed.error().message, HasSubstr(std::string("'") + text + "'"));
  }
  EXPECT_THAT(parse_duration("10").error().message, HasSubstr("50ms, 90s or 1m30s"));
}

TEST(ParseRate, ReadsSuffixesAndRefusesNonsense) {
  EXPECT_DOUBLE_EQ(parse_rate("30000").value().per_second(), 30000);
  EXPECT_DOUBLE_EQ(parse_rate("2.5k").value().per_second(), 2500);
  EXPECT_DOUBLE_EQ(parse_rate("1M/s").value().per_second(), 1e6);
  for (const char* text : {"", "-1", "inf", "1e99", "2G", "1000000000000"})
    EXPECT_TRUE(parse_rate(text).has_error()) << text;
}

TEST(ParseRatio, ReadsPercentagesAndFractions) {
  EXPECT_DOUBLE_EQ(parse_ratio("1%").value(), 0.01);
  EXPECT_DOUBLE_EQ(parse_ratio("0.25").value(), 0.25);
  EXPECT_TRUE(parse_ratio("%").has_error());
}

TEST(ParseCount, KeepsToTheRangeAndNamesIt) {
  EXPECT_EQ(parse_count("300k", 1, 1'000'000).value(), 300'000u);
  EXPECT_THAT(parse_count("0", 1, 10).error().message, HasSubstr("from 1 to 10"));
  EXPECT_TRUE(parse_count("1.5", 1, 10).has_error());
  EXPECT_TRUE(parse_count("1e18", 1, 10).has_error());
}

TEST(FormatDuration, IsReadBackExactly) {
  for (const Nanos d : {Nanos(0), Nanos(1), Nanos(90'000'000'000), Nanos(1'500'000), Nanos(3'661'000'000'001)}) {
    EXPECT_EQ(parse_duration(format_duration(d)).value(), d) << format_duration(d);
  }
  EXPECT_EQ(format_duration(seconds(90)), "1m30s");
}

TEST(FormatLatency, ShowsThreeSignificantDigits) {
  EXPECT_EQ(format_latency(Nanos(57'100)), "57.1 us");
  EXPECT_EQ(format_latency(Nanos(1'220'000)), "1.22 ms");
  EXPECT_EQ(format_latency(Nanos(999'800)), "1.00 ms");
  EXPECT_EQ(format_latency(seconds(12)), "12.0 s");
}

TEST(FormatCount, SeparatesThousands) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(300'000), "300,000");
  EXPECT_EQ(format_count(1'234'567), "1,234,567");
}

}  // namespace
}  // namespace tacos::core
