#include "report/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/units.h"
#include "measure/recorder.h"
#include "report/verdict.h"

namespace tacos::report {
namespace {

using core::Nanos;
using measure::Outcome;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

// 10 s of 100 requests a second, joins and status in turn; status takes 1..100 ms within each second, joins 5 ms. In
// the last second the status requests fail.
class GateTest : public testing::Test {
 protected:
  GateTest() {
    measure::RecorderOptions options;
    options.steps = {"join", "status"};
    measure::Recorder recorder(options);
    for (int i = 0; i < 1000; ++i) {
      measure::Sample s;
      s.step = static_cast<measure::StepId>(i % 2);
      s.intended = milliseconds(10 * i);
      s.taken = s.intended;
      s.sent = s.intended + std::chrono::microseconds(200);
      s.done = s.sent + (s.step == 0 ? milliseconds(5) : milliseconds(1 + i % 100));
      s.first_byte = s.done;
      s.outcome = s.step == 1 && i >= 900 ? Outcome::kHttpError : Outcome::kOk;
      recorder.scheduled(s.intended);
      recorder.record(s);
    }
    record_ = recorder.finish();
    for (auto& interval : record_.intervals()) interval.planned = 100;
    users_.sold_out = 3;
    users_.confirmed = 12'345;
  }

  measure::RunReport::Gate evaluate(const std::string& expression) {
    const auto gate = Gate::parse(expression, {"join", "status"});
    EXPECT_TRUE(gate.has_value()) << (gate ? "" : gate.error().message);
    if (!gate) return {};
    return gate->evaluate({record_, Nanos(0), seconds(10), users_});
  }
  bool holds(const std::string& expression) { return evaluate(expression).passed; }

  measure::RunRecord record_;
  measure::RunReport::Users users_;
};

TEST_F(GateTest, AsksAboutPercentilesOfStepsAndOfAll) {
  EXPECT_TRUE(holds("p50(join) < 6ms"));
  EXPECT_FALSE(holds("p50(join) < 5ms"));
  EXPECT_TRUE(holds("p99(status) > 90ms"));
  EXPECT_TRUE(holds("max <= 101ms"));
  EXPECT_TRUE(holds("min(join) >= 5ms"));
  EXPECT_TRUE(holds("p99.9 > 99ms"));
  EXPECT_TRUE(holds("mean(join) < 5.3ms"));
}

TEST_F(GateTest, AsksAboutServiceTimesAndLags) {
  EXPECT_TRUE(holds("service.p99(join) < 5.01ms"));
  EXPECT_TRUE(holds("lag.p99 < 1ms"));
  EXPECT_TRUE(holds("send_lag.max > 100us"));
  EXPECT_TRUE(holds("dispatch_lag.max < 1us"));
}

TEST_F(GateTest, AsksAboutErrorsRatesAndCounts) {
  EXPECT_TRUE(holds("errors == 5%"));
  EXPECT_TRUE(holds("errors(status) <= 10%"));
  EXPECT_TRUE(holds("errors(join) == 0"));
  EXPECT_TRUE(holds("http_errors == 50"));
  EXPECT_TRUE(holds("timeouts == 0"));
  EXPECT_TRUE(holds("count(join) == 500"));
  EXPECT_TRUE(holds("rate >= 99"));
  EXPECT_TRUE(holds("achieved >= 100%"));
  EXPECT_TRUE(holds("users.sold_out == 3"));
}

TEST_F(GateTest, WindowsLookAtAPartOfTheRun) {
  EXPECT_TRUE(holds("errors[..9s] == 0"));
  EXPECT_TRUE(holds("errors[9s..] == 50%"));
  EXPECT_TRUE(holds("count[2s..4s] == 200"));
  EXPECT_TRUE(holds("errors(status)[9s..] == 100%"));
}

TEST_F(GateTest, CalculatesWithTimesAndNumbers) {
  EXPECT_TRUE(holds("p99(status) < 25 * p50(join)"));
  EXPECT_FALSE(holds("p99(status) < 4 * p50(join)"));
  EXPECT_TRUE(holds("p50(join) + 10ms < 16ms"));
  EXPECT_TRUE(holds("p99(status) / p50(join) > 10"));
  EXPECT_TRUE(holds("(p50(join) + p50(join)) / 2 < 6ms"));
}

TEST_F(GateTest, ShowsValuesAsPeopleReadThem) {
  EXPECT_EQ(evaluate("errors < 1%").value, "5 %");
  EXPECT_EQ(evaluate("errors < 1%").limit, "< 1 %");
  EXPECT_EQ(evaluate("users.confirmed > 10000").value, "12,345");
  EXPECT_EQ(evaluate("p50(join) < 50ms").limit, "< 50.0 ms");
}

TEST_F(GateTest, NoGateHoldsOnWhatWasNotMeasured) {
  for (const char* expression :
       {"p99(status)[20s..30s] < 50ms", "errors(join)[20s..30s] < 1%", "achieved[20s..30s] < 200%",
        "p99 / (p50[20s..30s] + 1ms) < 1000", "rate / timeouts > 1", "p99[20s..30s] != 1ms"}) {
    EXPECT_FALSE(holds(expression)) << expression;
  }
  EXPECT_EQ(evaluate("p99[20s..30s] < 50ms").value, "not measured");
  EXPECT_TRUE(holds("count[20s..30s] == 0"));
}

TEST_F(GateTest, TimesThatNoClockHoldsAreStillShown) {
  EXPECT_EQ(evaluate("p99 < 1000000000000000000000000000 * 1s").limit, "< 1e+27 s");
}

TEST(GateParse, ANulIsNotTheEnd) {
  using namespace std::string_view_literals;
  EXPECT_TRUE(Gate::parse("p99 < 5ms\0 || true"sv, {}).has_error());
}

TEST_F(GateTest, AWindowWithoutAnEndStopsWithTheMeasuredTime) {
  EXPECT_TRUE(holds("rate[5s..] == 100"));
  EXPECT_TRUE(holds("achieved[5s..] == 100%"));
}

struct BadGate {
  const char* expression;
  const char* complaint;
  int caret;
};

class BadGateTest : public testing::TestWithParam<BadGate> {};

TEST_P(BadGateTest, IsRefusedWithACaretUnderTheFault) {
  const auto& [expression, complaint, caret] = GetParam();
  const auto gate = Gate::parse(expression, {"join", "status"});
  ASSERT_TRUE(gate.has_error()) << expression;
  EXPECT_THAT(gate.error().message, HasSubstr(complaint));
  EXPECT_THAT(gate.error().message, HasSubstr(std::string("\n  ") + expression + "\n  " +
                                              std::string(static_cast<std::size_t>(caret), ' ') + "^"));
}

INSTANTIATE_TEST_SUITE_P(
    Faults, BadGateTest,
    testing::Values(BadGate{"", "expected a metric", 0}, BadGate{"p99(status)", "expected a comparison", 11},
                    BadGate{"p99(status) <", "expected a metric", 13},
                    BadGate{"p99(stats) < 5ms", "expected a step: join, status", 4},
                    BadGate{"p99(status) < 50", "compares a time with a plain number", 12},
                    BadGate{"errors < 5ms", "compares a time with a plain number", 7},
                    BadGate{"p99(status) < 50mz", "expected a unit", 16}, BadGate{"p0 < 5ms", "is not a percentile", 1},
                    BadGate{"p100.1 < 5ms", "is not a percentile", 1}, BadGate{"q99 < 5ms", "'q99' is not a metric", 0},
                    BadGate{"users.happy == 1", "expected one of planned", 6},
                    BadGate{"p99 + 5 < 5ms", "adds a time and a plain number", 4},
                    BadGate{"p99 * p50 < 5ms", "multiplies two times", 4},
                    BadGate{"p99[10s..5s] < 5ms", "is an empty window", 3},
                    BadGate{"p99[10s] < 5ms", "expected a window", 3},
                    BadGate{"p99[x..] < 5ms", "expected a time since the start", 4},
                    BadGate{"achieved(join) > 1%", "achieved takes no step", 8},
                    BadGate{"lag.p99(join) < 1ms", "a lag takes no step", 7}, BadGate{"(p99 < 5ms", "expected ')'", 5},
                    BadGate{"p99 < 5ms 3", "expected the end", 10}));

TEST(GateParse, DeepNestingIsRefusedNotOverflowed) {
  EXPECT_TRUE(Gate::parse(std::string(900, '(') + "1", {}).has_error());
  EXPECT_TRUE(Gate::parse(std::string(100'000, '('), {}).has_error());
}

measure::RunReport good_run() {
  measure::RunReport r;
  r.rate.scheduled = r.rate.sent = r.rate.completed = 1000;
  r.outcomes[0] = 1000;
  return r;
}

TEST(Judge, AGoodRunWhoseGatesHoldPasses) {
  auto run = good_run();
  run.gates = {{"p99 < 5ms", "1 ms", "< 5 ms", true}};
  EXPECT_EQ(judge(run).verdict, "passed");
  EXPECT_EQ(exit_code_of("passed"), 0);
}

TEST(Judge, ABrokenGateFailsAndSaysWhatItWas) {
  auto run = good_run();
  run.gates = {{"p99 < 5ms", "7 ms", "< 5 ms", false}};
  const auto verdict = judge(run);
  EXPECT_EQ(verdict.verdict, "failed");
  EXPECT_THAT(verdict.reasons.at(0), HasSubstr("p99 < 5ms does not hold: it was 7 ms"));
  EXPECT_EQ(exit_code_of("failed"), 1);
}

TEST(Judge, AnInvalidRunNeverPassesWhateverItsGatesSay) {
  auto interrupted = good_run();
  interrupted.interrupted = true;
  EXPECT_EQ(judge(interrupted).verdict, "invalid");
  auto late = good_run();
  late.dispatch_lag_ms.p99 = 50;
  EXPECT_THAT(judge(late).reasons.at(0), HasSubstr("the generator was the bottleneck"));
  auto lost = good_run();
  lost.outcomes[0] = 999;
  EXPECT_THAT(judge(lost).reasons.at(0), HasSubstr("1 scheduled requests have no outcome"));
  auto empty = good_run();
  empty.outcomes[0] = 0;
  empty.outcomes[static_cast<std::size_t>(Outcome::kUnfilled)] = 1000;
  EXPECT_THAT(judge(empty).reasons.at(0), HasSubstr("Raise --users"));
  EXPECT_EQ(exit_code_of("invalid"), 4);
}

TEST(Judge, ARunOfFailuresHasNotPassedThoughNoGateAsked) {
  auto run = good_run();
  run.gates.clear();
  run.outcomes[0] = 400;
  run.outcomes[static_cast<std::size_t>(Outcome::kHttpError)] = 600;
  EXPECT_EQ(judge(run).verdict, "failed");
  EXPECT_THAT(judge(run).reasons.at(0), HasSubstr("600 of 1,000 requests failed"));
  run.outcomes[0] = 0;
  run.outcomes[static_cast<std::size_t>(Outcome::kHttpError)] = 0;
  run.outcomes[static_cast<std::size_t>(Outcome::kReset)] = 1000;
  run.rate.completed = 0;
  EXPECT_THAT(judge(run).reasons.at(0), HasSubstr("not one of 1,000 requests was answered"));
}

TEST(Judge, SaysWhenThePoolWasTooSmall) {
  auto run = good_run();
  run.gates = {{"p99 < 1ms", "60 ms", "< 1 ms", false}};
  run.connection_wait_ms.p99 = 55;
  run.connections.peak = 4;
  EXPECT_THAT(judge(run).reasons.back(), HasSubstr("all 4 were busy"));
}

TEST(Judge, AnInvalidRungMakesTheRunInvalid) {
  auto run = good_run();
  run.rungs.resize(2);
  run.rungs[0].verdict = "passed";
  run.rungs[1].verdict = "invalid";
  run.rungs[1].name = "30k";
  const auto verdict = judge(run);
  EXPECT_EQ(verdict.verdict, "invalid");
  EXPECT_THAT(verdict.reasons.at(0), HasSubstr("at 30k: the generator was the bottleneck"));
}

}  // namespace
}  // namespace tacos::report
