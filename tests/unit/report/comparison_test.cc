#include "report/comparison/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/report/compared_runs.h"

namespace tacos::report {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ComparisonRequest request(const RunMaker& baseline, const RunMaker& candidate, const std::string& limit = "") {
  ComparisonRequest r{baseline.side(), candidate.side(), {}, false};
  if (!limit.empty()) r.limits.push_back(RegressionLimit::parse(limit, steps_of(r.baseline, r.candidate)).value());
  return r;
}

RunMaker slower(double times) {
  RunMaker maker;
  maker.times = times;
  maker.name = "runs/new";
  return maker;
}

const Comparison::Step& step(const Comparison& c, const std::string& name) {
  const auto found = std::find_if(c.steps.begin(), c.steps.end(), [&](const auto& s) { return s.name == name; });
  EXPECT_NE(found, c.steps.end()) << name;
  return *found;
}

const Comparison::Statistic& statistic(const std::vector<Comparison::Statistic>& all, const std::string& name) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& s) { return s.name == name; });
  EXPECT_NE(found, all.end()) << name;
  return *found;
}

const ComparedValue& fact(const Comparison& c, const std::string& name) {
  const auto found = std::find_if(c.facts.begin(), c.facts.end(), [&](const auto& f) { return f.name == name; });
  EXPECT_NE(found, c.facts.end()) << name;
  return found->value;
}

std::vector<std::string> differences(const Comparison& c) {
  std::vector<std::string> names;
  for (const auto& d : c.differences) names.push_back(d.what);
  return names;
}

TEST(Comparison, ACandidateAFifthSlowerHasARatioOf1Point2AtEveryPercentileOfEveryStep) {
  const auto c = compare(request({}, slower(1.2)));
  for (const char* name : {"all", "join", "status"}) {
    for (const auto& times : {step(c, name).response, step(c, name).service}) {
      for (const auto& s : times) EXPECT_NEAR(s.value.ratio(), 1.2, 1.2 * 0.002) << name << " " << s.name;
    }
  }
  EXPECT_NEAR(statistic(step(c, "all").response, "p99").value.baseline.median, 99, 0.3);
}

TEST(Comparison, TellsStepsAndAllApart) {
  const auto c = compare(request({}, {}));
  std::vector<std::string> names;
  for (const auto& s : c.steps) names.push_back(s.name);
  EXPECT_THAT(names, ElementsAre("all", "join", "status"));
  EXPECT_EQ(step(c, "all").requests.baseline.median, 20'000);
  EXPECT_EQ(step(c, "join").requests.baseline.median, 10'000);
}

TEST(Comparison, LooksAtTheMeasuredTimeOnly) {
  RunMaker maker;
  auto run = maker.make();
  run.from = std::chrono::seconds(1);
  const ComparedSide side({run});
  EXPECT_EQ(side.times(Gate::Node::Source::kResponse, "").front().count(), 10'000u);
}

TEST(Comparison, SaysWhichPercentilesRestOnTooFewRequests) {
  const auto c = compare(request({}, {}));  // 10,000 a step
  EXPECT_TRUE(statistic(step(c, "join").response, "p99").enough);
  EXPECT_TRUE(statistic(step(c, "join").response, "p99.9").enough);
  EXPECT_FALSE(statistic(step(c, "join").response, "p99.99").enough);
  RunMaker small;
  small.requests = 1'000;
  EXPECT_FALSE(statistic(step(compare(request(small, {})), "join").response, "p99").enough);
}

TEST(Comparison, ListsStepsOfOneSideAsSuch) {
  RunMaker with_pay;
  with_pay.steps = {"join", "pay"};
  const auto c = compare(request({}, with_pay));
  EXPECT_THAT(c.warnings,
              ElementsAre("the step status is in the baseline only", "the step pay is in the candidate only"));
  EXPECT_FALSE(step(c, "pay").in_baseline);
  EXPECT_TRUE(std::isnan(statistic(step(c, "pay").response, "p99").value.ratio()));
}

TEST(Comparison, ComparesTheRunsAsAWhole) {
  RunMaker failing = slower(1.25);
  failing.every_fails = 100;
  auto r = request({}, failing);
  const auto c = compare(std::move(r));
  EXPECT_NEAR(fact(c, "achieved rate").ratio(), 0.8, 1e-9);
  EXPECT_EQ(fact(c, "achieved rate").change(), ComparedValue::Change::kWorse);
  EXPECT_EQ(fact(c, "offered rate").change(), ComparedValue::Change::kNone);
  EXPECT_NEAR(fact(c, "errors").candidate.median, 0.01, 1e-9);
  EXPECT_TRUE(std::isnan(fact(c, "errors").ratio()));  // of a baseline without errors there is none
  EXPECT_EQ(fact(c, "generator CPU a request").ratio(), 1);
}

TEST(Comparison, TellsTheUsersStoryWhenThereWereUsers) {
  RunMaker maker;
  auto before = maker.make(), after = maker.make();
  for (auto* run : {&before, &after}) {
    run->report.users.started = 100;
    run->report.users.admitted = 80;
    run->report.users.time_to_admission_ms = {5, 4, 6, 7, 8, 9, 10, 11};
  }
  after.report.users.time_to_admission_ms.p99 = 16;
  const auto c = compare({ComparedSide({before}), ComparedSide({after}), {}, false});
  EXPECT_EQ(fact(c, "time to admission p99").ratio(), 2);
  EXPECT_EQ(fact(c, "users admitted").candidate.median, 80);
  for (const auto& f : compare(request({}, {})).facts) EXPECT_THAT(f.name, testing::Not(HasSubstr("users")));
}

TEST(Comparison, OfTheSameExperimentFindsNoDifferences) {
  EXPECT_THAT(compare(request({}, slower(1.2))).differences, IsEmpty());
}

TEST(Comparison, SaysWhatWasNotTheSameExperiment) {
  RunMaker maker;
  auto other = maker.make();
  other.report.scenario = "ticket-open";
  other.report.target = "http://10.0.0.2";
  other.report.seed = 8;
  other.report.tool_version = "0.3.0";
  other.report.host.cpus = 64;
  other.report.engine = "curl";
  other.report.duration_sec = 3;
  other.report.intervals[1].planned = 5'000;
  const auto c = compare({maker.side(), ComparedSide({other}), {}, false});
  EXPECT_THAT(differences(c),
              ElementsAre("scenario", "target", "seed", "version", "engine", "CPUs", "duration", "rate plan from 1 s"));
  EXPECT_EQ(c.differences.at(2).baseline, "7");
  EXPECT_EQ(c.differences.at(2).candidate, "8");
}

TEST(Comparison, OfReplicatesTakesTheMedianOfTheirOwnPercentilesAndTheirSpread) {
  RunMaker maker;
  std::vector<ComparedRun> runs;
  for (const double times : {1.0, 1.4, 1.2}) {
    maker.times = times;
    runs.push_back(maker.make());
  }
  const auto c = compare({RunMaker{}.side(), ComparedSide(std::move(runs)), {}, false});
  const auto& p99 = statistic(step(c, "all").response, "p99").value;
  EXPECT_EQ(p99.candidate.runs, 3u);
  EXPECT_NEAR(p99.candidate.median, 1.2 * p99.baseline.median, 0.3);
  EXPECT_NEAR(p99.candidate.least, p99.baseline.median, 0.3);
  EXPECT_NEAR(p99.candidate.most, 1.4 * p99.baseline.median, 0.3);
}

TEST(Comparison, RefusesInvalidAndInterruptedRunsUnlessAllowed) {
  RunMaker maker;
  auto invalid = maker.make(), interrupted = maker.make();
  invalid.report.verdict = "invalid";
  invalid.report.verdict_reasons = {"the generator was the bottleneck"};
  interrupted.report.interrupted = true;
  ComparisonRequest r{ComparedSide({invalid}), ComparedSide({interrupted}), {}, false};
  const auto refused = compare(r);
  EXPECT_EQ(refused.verdict(), Comparison::Verdict::kRefused);
  EXPECT_EQ(exit_code_of(refused), 4);
  EXPECT_THAT(refused.steps, IsEmpty());
  EXPECT_THAT(refused.refusals, ElementsAre(HasSubstr("is invalid: the generator was the bottleneck"),
                                            HasSubstr("was interrupted"), HasSubstr("--allow-invalid")));
  r.allow_invalid = true;
  const auto allowed = compare(std::move(r));
  EXPECT_EQ(exit_code_of(allowed), 0);
  EXPECT_THAT(allowed.warnings, Contains(HasSubstr("was interrupted")));
}

TEST(Comparison, OfNothingIsRefused) {
  ComparisonRequest r;
  r.allow_invalid = true;
  EXPECT_EQ(exit_code_of(compare(std::move(r))), 4);
}

TEST(Comparison, AFailedRunMayBeCompared) {
  auto run = RunMaker{}.make();
  run.report.verdict = "failed";
  EXPECT_EQ(exit_code_of(compare({RunMaker{}.side(), ComparedSide({run}), {}, false})), 0);
}

TEST(Comparison, ExitCodesFollowTheLimits) {
  EXPECT_EQ(exit_code_of(compare(request({}, slower(1.2)))), 0);
  EXPECT_EQ(exit_code_of(compare(request({}, slower(1.2), "p99 25%"))), 0);
  EXPECT_EQ(exit_code_of(compare(request({}, slower(1.2), "p99 10%"))), 1);
  EXPECT_EQ(exit_code_of(compare(request({}, slower(1.2), "p99.99 25%"))), 5);
  auto both = request({}, slower(1.2), "p99.99 25%");
  both.limits.push_back(RegressionLimit::parse("p99 10%", {}).value());
  EXPECT_EQ(exit_code_of(compare(std::move(both))), 1);  // what is known to be worse stays so
}

TEST(SideValue, IsTheMedianOfWhatWasMeasured) {
  const double nan = std::nan("");
  EXPECT_EQ(SideValue::of({3, nan, 1, 2}).median, 2);
  EXPECT_EQ(SideValue::of({3, nan, 1, 2}).runs, 3u);
  EXPECT_EQ(SideValue::of({1, 4}).median, 2.5);
  EXPECT_FALSE(SideValue::of({nan}).measured());
}

TEST(ComparedValue, PointsAtNotableChangesOnly) {
  ComparedValue value{SideValue::of({100}), SideValue::of({104}), ValueUnit::kMillis, Worse::kMore};
  EXPECT_EQ(shown_ratio(value), "1.04");
  value.candidate = SideValue::of({120});
  EXPECT_EQ(shown_ratio(value), "1.20 ▲");
  EXPECT_EQ(value.change(), ComparedValue::Change::kWorse);
  value.candidate = SideValue::of({50});
  EXPECT_EQ(shown_ratio(value), "0.50 ▼");
  EXPECT_EQ(value.change(), ComparedValue::Change::kBetter);
  value.baseline = SideValue::of({0});
  EXPECT_EQ(shown_ratio(value), "–");
}

}  // namespace
}  // namespace tacos::report
