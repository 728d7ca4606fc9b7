#include "tacos-plan/document/number_text.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tacos::plan {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(CountText, SeparatesThousandsAndKeepsFractionsOfFew) {
  EXPECT_EQ(count_text(0), "0");
  EXPECT_EQ(count_text(0.4), "0.4");
  EXPECT_EQ(count_text(2.25), "2.2");
  EXPECT_EQ(count_text(9.97), "10");
  EXPECT_EQ(count_text(300000), "300,000");
  EXPECT_EQ(count_text(299999.6), "300,000");
  EXPECT_EQ(count_text(-1234), "-1,234");
  EXPECT_EQ(count_text(1.2e20), "1.2e20");
}

TEST(RateText, HasThreeSignificantDigitsBelowAHundred) {
  EXPECT_EQ(rate_text(1000), "1,000/s");
  EXPECT_EQ(rate_text(1234.4), "1,234/s");
  EXPECT_EQ(rate_text(5.5555), "5.56/s");
  EXPECT_EQ(rate_text(99.96), "100/s");
  EXPECT_EQ(rate_text(9.996), "10/s");
  EXPECT_EQ(rate_text(0.000123), "0.000123/s");
  EXPECT_EQ(rate_text(0), "0/s");
}

TEST(SecondsText, ChoosesTheUnitBySize) {
  EXPECT_EQ(seconds_text(0), "0 s");
  EXPECT_EQ(seconds_text(3e-9), "3 ns");
  EXPECT_EQ(seconds_text(2.6e-6), "2.6 µs");
  EXPECT_EQ(seconds_text(0.25), "250 ms");
  EXPECT_EQ(seconds_text(1.5), "1.5 s");
  EXPECT_EQ(seconds_text(10), "10 s");
  EXPECT_EQ(seconds_text(90), "1 min 30 s");
  EXPECT_EQ(seconds_text(300), "5 min");
  EXPECT_EQ(seconds_text(4980), "1 h 23 min");
  EXPECT_EQ(seconds_text(90 * 3600), "3 d 18 h");
  EXPECT_EQ(seconds_text(10 * 365.25 * 86400), "10 years");
  EXPECT_EQ(seconds_text(-90), "-1 min 30 s");
}

TEST(SecondsText, WhatRoundsUpToTheNextUnitIsWrittenInIt) {
  EXPECT_EQ(seconds_text(0.9999), "1 s");
  EXPECT_EQ(seconds_text(0.00099999), "1 ms");
  EXPECT_EQ(seconds_text(59.99), "1 min");
  EXPECT_EQ(seconds_text(3599.9), "1 h");
  EXPECT_EQ(seconds_text(86399), "1 d");
}

TEST(BytesText, IsDecimal) {
  EXPECT_EQ(bytes_text(0), "0 B");
  EXPECT_EQ(bytes_text(512), "512 B");
  EXPECT_EQ(bytes_text(999.9), "1 kB");
  EXPECT_EQ(bytes_text(43.9e6), "43.9 MB");
  EXPECT_EQ(bytes_text(999960), "1 MB");
  EXPECT_EQ(bytes_text(6.38 * 1073741824), "6.85 GB");
  EXPECT_EQ(bytes_text(5e18), "5,000 PB");
  EXPECT_EQ(bandwidth_text(60e6), "60 MB/s");
}

TEST(UsdText, KeepsTwoDigitsOfWhatIsLessThanACent) {
  EXPECT_EQ(usd_text(0), "$0.00");
  EXPECT_EQ(usd_text(2.25), "$2.25");
  EXPECT_EQ(usd_text(10), "$10.00");
  EXPECT_EQ(usd_text(999.999), "$1,000");
  EXPECT_EQ(usd_text(1700), "$1,700");
  EXPECT_EQ(usd_text(0.0034), "$0.0034");
  EXPECT_EQ(usd_text(0.00342), "$0.0034");
  EXPECT_EQ(usd_text(0.0000166667), "$0.000017");
  EXPECT_EQ(usd_text(0.00996), "$0.01");
  EXPECT_EQ(usd_text(0.05), "$0.05");
  EXPECT_EQ(usd_text(0.0999), "$0.10");
  EXPECT_EQ(usd_text(-2.25), "-$2.25");
  EXPECT_EQ(usd_text(1e-15), "$1e-15");
}

TEST(PriceText, KeepsTheDigitsOfThePriceList) {
  EXPECT_EQ(price_text(0.158), "$0.158");
  EXPECT_EQ(price_text(0.0000166667), "$0.0000166667");
  EXPECT_EQ(price_text(5), "$5.00");
  EXPECT_EQ(price_text(0.1), "$0.10");
  EXPECT_EQ(price_text(16.43), "$16.43");
  EXPECT_EQ(price_text(0), "$0.00");
}

TEST(ShareText, IsAPercentageThatIsNeverRoundedToNothingOrToAll) {
  EXPECT_EQ(share_text(0), "0 %");
  EXPECT_EQ(share_text(0.00034), "0.034 %");
  EXPECT_EQ(share_text(0.048), "4.8 %");
  EXPECT_EQ(share_text(0.48), "48 %");
  EXPECT_EQ(share_text(0.484), "48 %");
  EXPECT_EQ(share_text(0.9995), "99.95 %");
  EXPECT_EQ(share_text(0.995), "99.5 %");
  EXPECT_EQ(share_text(1), "100 %");
  EXPECT_EQ(share_text(std::nextafter(1, 0)), ">99.99 %");
  EXPECT_EQ(share_text(2.5), "250 %");
}

TEST(NumberText, AddsTheUnit) {
  EXPECT_EQ(number_text(12.5, "vCPU"), "12.5 vCPU");
  EXPECT_EQ(number_text(1234567, "requests"), "1,234,567 requests");
  EXPECT_EQ(number_text(3, ""), "3");
  EXPECT_EQ(number_text(-0.5, "ms"), "-0.5 ms");
  EXPECT_EQ(number_text(3e-12, "x"), "3e-12 x");
}

TEST(NumberTexts, WriteADashForWhatIsNoNumber) {
  for (const double value : {kInfinity, -kInfinity, kNan}) {
    for (const auto text :
         {count_text, rate_text, seconds_text, bytes_text, bandwidth_text, usd_text, price_text, share_text}) {
      EXPECT_EQ(text(value), "–");
    }
    EXPECT_EQ(number_text(value, "GB"), "–");
  }
}

TEST(NumberTexts, TakeTheWholeRangeOfADouble) {
  for (const double value : {std::numeric_limits<double>::max(), std::numeric_limits<double>::denorm_min(), 1e15, 1e-9,
                             std::numeric_limits<double>::min()}) {
    for (const auto text :
         {count_text, rate_text, seconds_text, bytes_text, bandwidth_text, usd_text, price_text, share_text}) {
      const std::string words = text(value);
      EXPECT_LE(words.size(), 40u) << words;
      EXPECT_THAT(words, Not(AnyOf(HasSubstr("inf"), HasSubstr("nan"))));
      EXPECT_NE(words.find_first_of("123456789"), std::string::npos) << words;
    }
  }
}

TEST(NumberText, ABillKeepsItsCents) {
  EXPECT_EQ(cents_text(20.22), "$20.22");
  EXPECT_EQ(cents_text(2383.12), "$2,383.12");
  EXPECT_EQ(cents_text(1'000'000.05), "$1,000,000.05");
}

}  // namespace
}  // namespace tacos::plan
