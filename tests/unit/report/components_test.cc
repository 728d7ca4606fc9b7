#include "report/components.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/text_columns.h"
#include "report/markdown.h"
#include "report/page/component_tables.h"
#include "report/stored_run.h"
#include "report/summary.h"
#include "unit/report/sample_report.h"

namespace tacos::report {
namespace {

using measure::Component;
using measure::ComponentUse;
using measure::Flow;
using measure::RunReport;
using testing::HasSubstr;
using testing::Not;

ComponentUse use_of(double cpu, double seconds, double limit) {
  ComponentUse use;
  use.observed_sec = seconds;
  use.flows[static_cast<std::size_t>(Flow::kCpu)] = cpu;
  use.utilisation = cpu / limit;
  return use;
}

RunReport unwatched_run() {
  RunReport r = sample_report();
  r.components.clear();
  r.component_intervals.clear();
  return r;
}

// Two rungs of 10 s: the first holds, the second does not; redis at 0.5 and at 0.98 cores, the gateway at 0.3 of 2.
RunReport watched_run(double redis_at_the_second = 0.98) {
  RunReport r = unwatched_run();
  r.schedule_sec = 20;
  r.duration_sec = 20;
  r.warmup_sec = 0;
  r.rungs[0].from_sec = 0;
  r.rungs[0].to_sec = 10;
  r.rungs[1].from_sec = 10;
  r.rungs[1].to_sec = 20;
  r.rungs[1].planned_rps = 10'000;
  r.components.push_back({.name = "gateway", .source = "pid:1", .kind = "process", .limit_cores = 2});
  r.components.push_back({.name = "redis", .source = "redis://h:1", .kind = "redis", .limit_cores = 1});
  for (int t = 0; t < 20; ++t) {
    const double redis = t < 10 ? 0.5 : redis_at_the_second;
    r.component_intervals.push_back(
        {static_cast<double>(t), {{"gateway", use_of(0.3, 1, 2)}, {"redis", use_of(redis, 1, 1)}}});
  }
  sum_up_components(r);
  name_bottleneck(r);
  return r;
}

TEST(Components, RungsAreTheMeansOfTheirIntervals) {
  RunReport r = watched_run();
  // A quarter of a second at 2 cores weighs a quarter of a second at 0.5.
  r.component_intervals[0].components[1].second = use_of(2, 0.25, 1);
  r.component_intervals[1].components.clear();
  sum_up_components(r);
  const ComponentUse& use = r.rungs[0].components[1].second;
  EXPECT_NEAR(*use.of(Flow::kCpu), (2 * 0.25 + 0.5 * 8) / 8.25, 1e-9);
  EXPECT_NEAR(*use.utilisation, *use.of(Flow::kCpu), 1e-9);
  EXPECT_EQ(use.observed_sec, 8.25);
  EXPECT_EQ(*r.components[1].peak_utilisation, 0.98) << "a sliver of an interval is no peak";
  EXPECT_EQ(r.components[1].peak_at_sec, 10);
}

TEST(Components, ARungThatNobodySawHasNoFigures) {
  RunReport r = watched_run();
  for (std::size_t t = 10; t < 20; ++t) r.component_intervals[t].components.resize(1);
  sum_up_components(r);
  ASSERT_EQ(r.rungs[1].components.size(), 1U);
  EXPECT_EQ(r.rungs[1].components[0].first, "gateway");
  EXPECT_THAT(component_matrix(r), HasSubstr("not seen"));
}

TEST(Components, TheLastSampleOfAPartThatEndedSaysNothingOfTheRungAfterIt) {
  RunReport r = watched_run();
  for (std::size_t t = 10; t < 20; ++t) r.component_intervals[t].components.resize(1);
  // It was asked a moment after second 10, and then never again.
  r.component_intervals[10].components.emplace_back("redis", use_of(0.98, 0.0002, 1));
  sum_up_components(r);
  name_bottleneck(r);
  EXPECT_EQ(r.rungs[1].components.size(), 1U);
  EXPECT_THAT(component_matrix(r), HasSubstr("not seen"));
  EXPECT_EQ(r.bottleneck.component, "") << "it was not even there";
  EXPECT_NEAR(r.components[1].mean.observed_sec, 10, 0.001);
}

TEST(Bottleneck, NamesThoseThatNobodySawWhereTheRungBroke) {
  RunReport r = watched_run();
  for (std::size_t t = 10; t < 20; ++t) r.component_intervals[t].components.resize(1);
  r.components[1].note = "10 of 20 samples are missing: no process 1 runs on this machine";
  sum_up_components(r);
  name_bottleneck(r);
  EXPECT_THAT(r.bottleneck.text, HasSubstr("redis told nothing there (10 of 20 samples are missing: no process 1 runs "
                                           "on this machine)"));
}

TEST(Bottleneck, IsThePartNearestItsLimitWhereTheRungBroke) {
  const RunReport r = watched_run();
  EXPECT_EQ(r.bottleneck.component, "redis");
  EXPECT_EQ(r.bottleneck.text,
            "redis is the bottleneck from 10,000/s on: 98 % of the one core that executes its commands");
  EXPECT_EQ(r.bottleneck.from_rps, 10'000);
}

TEST(Bottleneck, IsNobodyWhereNoneIsNearItsLimit) {
  const RunReport r = watched_run(0.6);
  EXPECT_EQ(r.bottleneck.component, "");
  EXPECT_THAT(r.bottleneck.text, HasSubstr("no observed component was near its limit at 10,000/s; the nearest was "
                                           "redis: 60 % of the one core"));
}

TEST(Bottleneck, IsNotSoughtWhereNothingGaveOut) {
  RunReport r = watched_run();
  for (auto& rung : r.rungs) rung.verdict = "passed";
  name_bottleneck(r);
  EXPECT_EQ(r.bottleneck.component, "");
  EXPECT_THAT(r.bottleneck.text, HasSubstr("nothing gave out; nearest to its limit was redis: 98 %"));
}

TEST(Bottleneck, IsTheMachineOnlyWhereNoPartOfItIsNear) {
  RunReport r = watched_run(0.6);
  r.components.push_back({.name = "machine", .source = "/proc/stat", .kind = "machine", .limit_cores = 2});
  for (auto& interval : r.component_intervals) interval.components.emplace_back("machine", use_of(1.96, 1, 2));
  sum_up_components(r);
  name_bottleneck(r);
  EXPECT_EQ(r.bottleneck.component, "machine");
  EXPECT_EQ(r.bottleneck.text,
            "machine is the bottleneck from 10,000/s on: 98 % of its 2 cores, all that runs there "
            "included");
  for (std::size_t t = 10; t < 20; ++t) r.component_intervals[t].components[1].second = use_of(0.9, 1, 1);
  sum_up_components(r);
  name_bottleneck(r);
  EXPECT_EQ(r.bottleneck.component, "redis");
}

TEST(Bottleneck, IsSilentWhereNothingWasWatched) {
  RunReport r = unwatched_run();
  sum_up_components(r);
  name_bottleneck(r);
  EXPECT_EQ(r.bottleneck.text, "");
  EXPECT_EQ(component_matrix(r) + components_section(r), "");
  EXPECT_THAT(summary_text(r, false, 80), Not(HasSubstr("bottleneck")));
}

TEST(Utilisation, OfARedisIsThatOfTheThreadThatExecutes) {
  Component redis{.name = "r", .source = "", .kind = "redis", .limit_cores = 1};
  ComponentUse use = use_of(2.5, 1, 1);
  use.flows[static_cast<std::size_t>(Flow::kMainThreadCpu)] = 0.7;
  EXPECT_EQ(*measure::utilisation_of(use, redis), 0.7) << "threads that only read and write do not bind it";
  redis.limit_cores = 3;
  EXPECT_NEAR(*measure::utilisation_of(use, redis), 2.5 / 3, 1e-9);
  redis.limit_cores = 0.5;
  EXPECT_EQ(*measure::utilisation_of(use, redis), 5);
  redis.limit_cores = 0;
  EXPECT_FALSE(measure::utilisation_of(use, redis).has_value());
}

TEST(Components, StandInEveryOutput) {
  const RunReport r = watched_run();
  const std::string summary = summary_text(r, false, 80);
  EXPECT_THAT(summary, HasSubstr("redis is the bottleneck from 10,000/s on"));
  for (std::size_t from = 0; from < summary.size();) {
    const std::size_t end = std::min(summary.find('\n', from), summary.size());
    EXPECT_LE(core::columns_of(summary.substr(from, end - from)), 80U) << summary.substr(from, end - from);
    from = end + 1;
  }
  EXPECT_THAT(summary_markdown(r), HasSubstr("| 2k | 15 % | 98 % |"));
  const std::string matrix = component_matrix(r);
  EXPECT_THAT(matrix, HasSubstr("<td class=\"n load near\" style=\"--share:98.0%\">98 %</td>"));
  EXPECT_THAT(matrix, HasSubstr("<td class=\"n load\" style=\"--share:15.0%\">15 %</td>"));
}

TEST(Components, NamesFromAFileAreEscaped) {
  RunReport r = watched_run();
  r.components[0].name = r.component_intervals[0].components[0].first = "<script>";
  r.components[0].note = "<b>";
  EXPECT_THAT(component_matrix(r) + components_section(r), Not(HasSubstr("<script>")));
  EXPECT_THAT(components_section(r), Not(HasSubstr("<b>")));
}

TEST(Components, SurviveBeingWrittenAndRead) {
  const RunReport r = watched_run();
  const auto again = measure::report_from_json(measure::to_json(r));
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ(measure::to_json(*again), measure::to_json(r));
  EXPECT_EQ(again->bottleneck.text, r.bottleneck.text);
  EXPECT_EQ(again->component_intervals.size(), 20U);
  RunReport computed = *again;
  sum_up_components(computed);
  name_bottleneck(computed);
  EXPECT_EQ(measure::to_json(computed), measure::to_json(r)) << "rendering again changes nothing";
}

}  // namespace
}  // namespace tacos::report
