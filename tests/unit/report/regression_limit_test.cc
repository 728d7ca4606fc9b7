#include "report/comparison/regression_limit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/report/compared_runs.h"

namespace tacos::report {
namespace {

using testing::HasSubstr;
using Verdict = RegressionLimit::Verdict;

RegressionLimit::Result evaluate(const std::string& expression, const ComparedSide& baseline,
                                 const ComparedSide& candidate) {
  const auto limit = RegressionLimit::parse(expression, steps_of(baseline, candidate));
  EXPECT_TRUE(limit.has_value()) << (limit ? "" : limit.error().message);
  return limit ? limit->evaluate(baseline, candidate) : RegressionLimit::Result{};
}

ComparedSide slower(double times) {
  RunMaker maker;
  maker.times = times;
  return maker.side();
}

TEST(RegressionLimit, APercentageIsOfTheBaseline) {
  const auto base = slower(1), candidate = slower(1.2);
  EXPECT_EQ(evaluate("p99(status) 10%", base, candidate).verdict, Verdict::kExceeded);
  EXPECT_EQ(evaluate("p99(status) 25%", base, candidate).verdict, Verdict::kHeld);
  EXPECT_EQ(evaluate("service.p99 10%", base, candidate).verdict, Verdict::kExceeded);
  EXPECT_EQ(evaluate("mean 21%", base, candidate).verdict, Verdict::kHeld);
  EXPECT_EQ(evaluate("p99 0%", base, base).verdict, Verdict::kHeld);
}

TEST(RegressionLimit, GettingFasterAlwaysHolds) {
  EXPECT_EQ(evaluate("p99 0%", slower(1), slower(0.5)).verdict, Verdict::kHeld);
}

TEST(RegressionLimit, AFactorMultipliesAndATimeIsAdded) {
  const auto base = slower(1), candidate = slower(1.2);  // p99: 99 ms and 119 ms
  EXPECT_EQ(evaluate("p99 1.1x", base, candidate).verdict, Verdict::kExceeded);
  EXPECT_EQ(evaluate("p99 1.25x", base, candidate).verdict, Verdict::kHeld);
  EXPECT_EQ(evaluate("p99 10ms", base, candidate).verdict, Verdict::kExceeded);
  EXPECT_EQ(evaluate("p99 25ms", base, candidate).verdict, Verdict::kHeld);
  EXPECT_EQ(evaluate("p99(join)25ms", base, candidate).verdict, Verdict::kHeld);
}

TEST(RegressionLimit, OfErrorsAPercentageIsPoints) {
  RunMaker maker;
  const auto none = maker.side();
  maker.every_fails = 100;
  const auto some = maker.side();
  EXPECT_EQ(evaluate("errors 0.9%", none, some).verdict, Verdict::kExceeded);
  EXPECT_EQ(evaluate("errors 1%", none, some).verdict, Verdict::kHeld);
  EXPECT_EQ(evaluate("errors(status) 0.1%", none, some).verdict, Verdict::kHeld);  // the odd ones don't fail
  EXPECT_EQ(evaluate("errors(join) 1.9%", none, some).verdict, Verdict::kExceeded);
  EXPECT_EQ(evaluate("errors 2x", some, some).verdict, Verdict::kHeld);
  EXPECT_EQ(evaluate("errors 2x", none, some).verdict, Verdict::kExceeded);
}

TEST(RegressionLimit, OfRatesLessIsWorse) {
  const auto base = slower(1), candidate = slower(1.25);  // achieves 8,000 of 10,000 a second
  EXPECT_EQ(evaluate("rate 10%", base, candidate).verdict, Verdict::kExceeded);
  EXPECT_EQ(evaluate("rate 20%", base, candidate).verdict, Verdict::kHeld);
  EXPECT_EQ(evaluate("achieved 10%", base, candidate).verdict, Verdict::kExceeded);
  EXPECT_EQ(evaluate("rate 1.2x", base, candidate).verdict, Verdict::kExceeded);
  EXPECT_EQ(evaluate("rate 1.3x", base, candidate).verdict, Verdict::kHeld);
  EXPECT_EQ(evaluate("rate 0%", candidate, base).verdict, Verdict::kHeld);
  EXPECT_EQ(evaluate("rate(status) 1%", base, candidate).verdict, Verdict::kHeld);
}

TEST(RegressionLimit, SaysWhatWasFoundAndWhatIsAllowed) {
  const auto result = evaluate("p99(status) 10%", slower(1), slower(1.2));
  EXPECT_NEAR(result.allowed / result.value.baseline.median, 1.1, 1e-9);
  EXPECT_THAT(result.reason, HasSubstr("119 ms after 99.0 ms; at most 109 ms is allowed"));
}

TEST(RegressionLimit, TooFewRequestsAreInconclusiveAndItSaysHowManyMore) {
  RunMaker maker;
  maker.requests = 4'000;
  const auto result = evaluate("p99.9 10%", slower(1), maker.side());
  EXPECT_EQ(result.verdict, Verdict::kInconclusive);
  EXPECT_EQ(result.requests_short, 6'000u);
  EXPECT_THAT(result.reason, HasSubstr("it needs 10,000 in each run and the candidate has 4,000; 6,000 more"));
  EXPECT_EQ(evaluate("p99 10%", slower(1), maker.side()).verdict, Verdict::kHeld);
  EXPECT_EQ(evaluate("max 10%", slower(1), maker.side()).verdict, Verdict::kHeld);
}

TEST(RegressionLimit, AStepOfOneSideIsInconclusive) {
  RunMaker maker;
  maker.steps = {"join"};
  for (const char* expression : {"p99(status) 10%", "errors(status) 10%", "rate(status) 10%"}) {
    const auto result = evaluate(expression, slower(1), maker.side());
    EXPECT_EQ(result.verdict, Verdict::kInconclusive) << expression;
    EXPECT_THAT(result.reason, HasSubstr("nothing was measured in the candidate")) << expression;
  }
}

TEST(RegressionLimit, OfSeveralRunsTheMedianOfTheirOwnValuesDecides) {
  RunMaker maker;
  std::vector<ComparedRun> runs;
  for (const double times : {1.05, 3.0, 1.0}) {  // one was disturbed
    maker.times = times;
    runs.push_back(maker.make());
  }
  const auto result = evaluate("p99 10%", slower(1), ComparedSide(std::move(runs)));
  EXPECT_EQ(result.verdict, Verdict::kHeld);
  EXPECT_NEAR(result.value.candidate.median / result.value.baseline.median, 1.05, 0.002);
  EXPECT_NEAR(result.value.candidate.most / result.value.baseline.median, 3, 0.01);
}

struct BadLimit {
  const char* expression;
  const char* complaint;
  int caret;
};

class BadLimitTest : public testing::TestWithParam<BadLimit> {};

TEST_P(BadLimitTest, IsRefusedWithACaretUnderTheFault) {
  const auto& [expression, complaint, caret] = GetParam();
  const auto limit = RegressionLimit::parse(expression, {"join", "status"});
  ASSERT_TRUE(limit.has_error()) << expression;
  EXPECT_THAT(limit.error().message, HasSubstr("the regression limit can't be read: "));
  EXPECT_THAT(limit.error().message, HasSubstr(complaint));
  EXPECT_THAT(limit.error().message, HasSubstr(std::string("\n  ") + expression + "\n  " +
                                               std::string(static_cast<std::size_t>(caret), ' ') + "^"));
}

INSTANTIATE_TEST_SUITE_P(
    Faults, BadLimitTest,
    testing::Values(BadLimit{"", "expected a metric", 0}, BadLimit{"10%", "expected a metric", 0},
                    BadLimit{"(p99) 10%", "expected a metric", 0}, BadLimit{"p99(status)", "expected a limit", 11},
                    BadLimit{"p99(status) < 10%", "expected a limit", 12},
                    BadLimit{"p99(stats) 10%", "expected a step: join, status", 4},
                    BadLimit{"q99 10%", "'q99' is not a metric", 0}, BadLimit{"p99 10", "expected a unit", 6},
                    BadLimit{"p99 0", "expected a unit", 5}, BadLimit{"p99 10mz", "expected a unit", 6},
                    BadLimit{"p99 -10%", "expected a limit", 4}, BadLimit{"p99 10% more", "expected a unit", 6},
                    BadLimit{"p99 0x", "expected a factor above 0", 4},
                    BadLimit{"errors 5ms", "is a time, and the metric is not", 7},
                    BadLimit{"rate 101%", "can't fall by more than 100%", 5},
                    BadLimit{"users.sold_out 10%", "has no regression limit", 0},
                    BadLimit{"timeouts 10%", "has no regression limit", 0},
                    BadLimit{"p99[5s..] 10%", "takes no window", 3}));

TEST(RegressionLimit, AnEndlessOneIsRefused) {
  EXPECT_TRUE(RegressionLimit::parse("p99 " + std::string(2'000, '1') + "%", {}).has_error());
  EXPECT_TRUE(RegressionLimit::parse("p99 " + std::string(900, '1') + "%", {}).has_error());
}

TEST(RequestsNeeded, AreTenBeyondThePercentile) {
  EXPECT_EQ(requests_needed(50), 20u);
  EXPECT_EQ(requests_needed(90), 100u);
  EXPECT_EQ(requests_needed(99), 1'000u);
  EXPECT_EQ(requests_needed(99.9), 10'000u);
  EXPECT_EQ(requests_needed(99.99), 100'000u);
  EXPECT_EQ(requests_needed(1), 1'000u);
  EXPECT_EQ(requests_needed(100), 1u);
}

}  // namespace
}  // namespace tacos::report
