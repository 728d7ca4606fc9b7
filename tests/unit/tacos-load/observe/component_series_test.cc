#include "tacos-load/observe/component_series.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tacos::load {
namespace {

using core::Nanos;
using measure::ComponentUse;
using measure::Flow;
using measure::Level;
using std::chrono::milliseconds;
using std::chrono::seconds;

ObservedComponent::Sample sample(Nanos at, double cpu_sec, double commands, std::string life = "1") {
  ObservedComponent::Sample one;
  one.at = at;
  one.figures.life = std::move(life);
  one.figures.count(Flow::kCpu, cpu_sec);
  one.figures.count(Flow::kCommands, commands);
  return one;
}

ObservedComponent redis(std::vector<ObservedComponent::Sample> samples) {
  ObservedComponent seen;
  seen.name = "redis";
  seen.kind = "redis";
  seen.limit_cores = 1;
  seen.samples = std::move(samples);
  return seen;
}

const ComponentUse* use_in(const ComponentSeries& series, std::size_t interval) {
  const auto& components = series.intervals.at(interval).components;
  return components.empty() ? nullptr : &components.front().second;
}

TEST(ComponentSeries, GivesEachIntervalTheDifferencesThatFallIntoIt) {
  // Samples come a tenth after each second; CPU runs at 0.5 cores, then at 1.
  const auto series =
      component_series({redis({sample(milliseconds(-400), 0, 0), sample(milliseconds(100), 0.25, 50),
                               sample(milliseconds(1100), 1.25, 150), sample(milliseconds(2100), 2.25, 250)})},
                       seconds(1), 2);
  ASSERT_EQ(series.intervals.size(), 2U);
  // [0, 1): 0.1 s at 0.5 cores and 0.9 s at 1.
  EXPECT_NEAR(*use_in(series, 0)->of(Flow::kCpu), 0.95, 1e-5);
  EXPECT_NEAR(*use_in(series, 0)->of(Flow::kCommands), 100, 1e-3);
  EXPECT_NEAR(*use_in(series, 0)->utilisation, 0.95, 1e-5);
  EXPECT_NEAR(*use_in(series, 1)->of(Flow::kCpu), 1, 1e-5);
  EXPECT_EQ(use_in(series, 1)->observed_sec, 1);
}

TEST(ComponentSeries, StartsAnewWhereACounterGoesDown) {
  const auto series = component_series({redis({sample(seconds(0), 100, 1000), sample(seconds(1), 101, 1100),
                                               sample(seconds(2), 0.5, 10), sample(seconds(3), 1, 20)})},
                                       seconds(1), 3);
  EXPECT_EQ(*use_in(series, 0)->of(Flow::kCpu), 1);
  EXPECT_EQ(use_in(series, 1), nullptr) << "what happened across a restart is not known";
  EXPECT_EQ(*use_in(series, 2)->of(Flow::kCpu), 0.5);
  EXPECT_EQ(series.components[0].restarts, 1U);
  EXPECT_THAT(series.components[0].note, testing::HasSubstr("restarted 1 time,"));
}

TEST(ComponentSeries, StartsAnewWhereTheSourceSaysThatItIsAnother) {
  const auto series =
      component_series({redis({sample(seconds(0), 1, 10, "a"), sample(seconds(1), 5, 50, "b")})}, seconds(1), 1);
  EXPECT_EQ(use_in(series, 0), nullptr);
  EXPECT_EQ(series.components[0].restarts, 1U);
}

TEST(ComponentSeries, AGapIsAGapAndNeverZero) {
  auto gone = redis({sample(seconds(0), 0, 0), sample(seconds(1), 0.5, 10)});
  gone.missed = 3;
  gone.last_fault = "it can't be reached";
  const auto series = component_series({gone}, seconds(1), 4);
  EXPECT_NE(use_in(series, 0), nullptr);
  for (std::size_t i = 1; i < 4; ++i) EXPECT_EQ(use_in(series, i), nullptr) << i;
  EXPECT_EQ(series.components[0].missed_samples, 3U);
  EXPECT_EQ(series.components[0].note, "3 of 5 samples are missing: it can't be reached");
}

TEST(ComponentSeries, ALateAnswerStillTellsTheMeanOfItsStretch) {
  // Busy for four seconds with one long command, then it answers.
  const auto series = component_series({redis({sample(seconds(0), 0, 0), sample(seconds(4), 4, 40)})}, seconds(1), 4);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(*use_in(series, i)->of(Flow::kCpu), 1) << i;
  const auto too_long =
      component_series({redis({sample(seconds(0), 0, 0), sample(seconds(30), 30, 40)})}, seconds(1), 30);
  EXPECT_EQ(use_in(too_long, 5), nullptr);
}

TEST(ComponentSeries, AbsentFiguresStayAbsent) {
  auto seen = redis({{seconds(0), {}}, {seconds(1), {}}});
  seen.samples[0].figures.hold(Level::kMemory, 10);
  seen.samples[1].figures.hold(Level::kMemory, 30);
  const auto series = component_series({seen}, seconds(1), 1);
  EXPECT_FALSE(use_in(series, 0)->of(Flow::kCpu).has_value());
  EXPECT_FALSE(use_in(series, 0)->utilisation.has_value());
  EXPECT_EQ(*use_in(series, 0)->of(Level::kMemory), 30);
}

TEST(ComponentSeries, NamesTheBusiestCommands) {
  auto seen = redis({sample(seconds(0), 0, 0), sample(seconds(2), 1, 0)});
  for (int c = 0; c < 8; ++c) {
    seen.samples[0].figures.calls["c" + std::to_string(c)] = 100;
    seen.samples[1].figures.calls["c" + std::to_string(c)] = 100 + 20 * c;
  }
  const auto series = component_series({seen}, seconds(1), 2);
  EXPECT_THAT(use_in(series, 1)->calls,
              testing::ElementsAre(testing::Pair("c7", 70), testing::Pair("c6", 60), testing::Pair("c5", 50),
                                   testing::Pair("c4", 40), testing::Pair("c3", 30)));
}

}  // namespace
}  // namespace tacos::load
