#include "measure/recorder.h"

#include <gtest/gtest.h>

#include "core/random.h"
#include "support/allocation_counter.h"

namespace tacos::measure {
namespace {

using core::Nanos;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

RecorderOptions two_steps() {
  RecorderOptions options;
  options.steps = {"join", "status"};
  return options;
}

Sample sample(Nanos intended, Nanos lag, Nanos service, StepId step = 0, Outcome outcome = Outcome::kOk) {
  Sample s;
  s.step = step;
  s.outcome = outcome;
  s.status = 200;
  s.intended = intended;
  s.taken = intended + lag / 2;
  s.sent = intended + lag;
  s.first_byte = s.done = intended + lag + service;
  return s;
}

void take(Recorder& recorder, const Sample& s) {
  recorder.scheduled(s.intended);
  recorder.record(s);
}

TEST(Recorder, BelongsToTheSecondARequestWasDueInNotWhenItEnded) {
  Recorder recorder(two_steps());
  take(recorder, sample(milliseconds(500), Nanos(0), seconds(3)));
  const RunRecord record = recorder.finish();
  EXPECT_EQ(record.window(seconds(0), seconds(1)).offered, 1u);
  EXPECT_EQ(record.window(seconds(0), seconds(1)).completed, 1u);
  EXPECT_EQ(record.window(seconds(1), seconds(9)).offered, 0u);
}

TEST(Recorder, KeepsAllTheLatenciesOfASample) {
  Recorder recorder(two_steps());
  take(recorder, sample(seconds(1), milliseconds(4), milliseconds(10), 1));
  const auto all = recorder.finish().all();
  EXPECT_EQ(all.steps[1].response.max(), milliseconds(14));
  EXPECT_EQ(all.steps[1].service.max(), milliseconds(10));
  EXPECT_EQ(all.send_lag.max(), milliseconds(4));
  EXPECT_EQ(all.dispatch_lag.max(), milliseconds(2));
  EXPECT_EQ(all.connection_wait.max(), milliseconds(2));
  EXPECT_EQ(all.steps[0].count(), 0u);
}

TEST(Recorder, ATimeOutIsFeltAndAShedRequestIsOnlyCounted) {
  Recorder recorder(two_steps());
  take(recorder, sample(seconds(0), Nanos(0), seconds(10), 0, Outcome::kTimeout));
  take(recorder, sample(seconds(0), Nanos(0), Nanos(0), 0, Outcome::kShed));
  const auto all = recorder.finish().all();
  EXPECT_EQ(all.steps[0].response.count(), 1u);
  EXPECT_EQ(all.steps[0].response.max(), seconds(10));
  EXPECT_EQ(all.steps[0].service.count(), 0u);
  EXPECT_EQ(all.outcomes[static_cast<std::size_t>(Outcome::kShed)], 1u);
  EXPECT_EQ(all.completed, 0u);
  EXPECT_EQ(errors(all.outcomes), 2u);
  EXPECT_EQ(total(all.outcomes), all.offered);
}

TEST(Recorder, ClosingIntervalsChangesNothing) {
  Recorder open(two_steps());
  Recorder closing(two_steps());
  core::Random random(5);
  for (int i = 0; i < 20'000; ++i) {
    const Nanos intended = microseconds(500 * i);
    const Sample s =
        sample(intended, Nanos(static_cast<std::int64_t>(random.below(1'000'000))),
               Nanos(static_cast<std::int64_t>(random.below(50'000'000))), static_cast<StepId>(random.below(2)));
    take(open, s);
    take(closing, s);
    if (i % 100 == 0) closing.close_intervals(intended);
  }
  const RunRecord a = open.finish();
  const RunRecord b = closing.finish();
  ASSERT_EQ(a.intervals().size(), b.intervals().size());
  for (double p : {50.0, 99.0, 99.9}) {
    EXPECT_EQ(a.all().response().percentile(p), b.all().response().percentile(p));
    EXPECT_EQ(a.window(seconds(3), seconds(5)).send_lag.percentile(p),
              b.window(seconds(3), seconds(5)).send_lag.percentile(p));
  }
  EXPECT_EQ(a.all().offered, b.all().offered);
}

TEST(Recorder, AnIntervalWithARequestStillOutStaysOpen) {
  Recorder recorder(two_steps());
  recorder.scheduled(milliseconds(100));
  recorder.close_intervals(seconds(5));
  recorder.record(sample(milliseconds(100), Nanos(0), seconds(4)));
  const RunRecord record = recorder.finish();
  EXPECT_EQ(record.window(seconds(0), seconds(1)).completed, 1u);
}

TEST(Recorder, AClosedIntervalThatGetsALateCountKeepsBoth) {
  Recorder recorder(two_steps());
  take(recorder, sample(milliseconds(100), Nanos(0), milliseconds(1)));
  recorder.close_intervals(seconds(2));
  take(recorder, sample(milliseconds(200), Nanos(0), milliseconds(1)));
  const RunRecord record = recorder.finish();
  EXPECT_EQ(record.window(seconds(0), seconds(1)).offered, 2u);
  EXPECT_EQ(record.window(seconds(0), seconds(1)).steps[0].response.count(), 2u);
}

TEST(Recorder, SharesOfARunMergeToWhatOneWorkerWouldHaveSeen) {
  Recorder whole(two_steps());
  Recorder first(two_steps());
  Recorder second(two_steps());
  for (int i = 0; i < 2000; ++i) {
    const Sample s = sample(milliseconds(3 * i), microseconds(i), microseconds(7 * i), static_cast<StepId>(i % 2));
    take(whole, s);
    take(i % 3 == 0 ? first : second, s);
  }
  const RunRecord all = whole.finish();
  RunRecord merged = first.finish();
  merged.merge(second.finish());
  EXPECT_EQ(merged.all().response().percentile(99), all.all().response().percentile(99));
  EXPECT_EQ(merged.all().response().sum_ns(), all.all().response().sum_ns());
  EXPECT_EQ(merged.all().offered, all.all().offered);
  EXPECT_EQ(merged.status_codes(), all.status_codes());
}

TEST(Recorder, AllocatesNothingPerRequestOnceItIsWarm) {
  Recorder recorder(two_steps());
  const auto a_second_of_load = [&](int second) {
    for (int i = 0; i < 10'000; ++i) {
      take(recorder, sample(seconds(second) + microseconds(100 * i), microseconds(20 + i % 50),
                            microseconds(100 + i % 900), static_cast<StepId>(i % 2)));
    }
  };
  a_second_of_load(0);
  a_second_of_load(1);
  recorder.close_intervals(seconds(2));
  a_second_of_load(2);
  recorder.close_intervals(seconds(3));
  const std::size_t before = support::allocations();
  a_second_of_load(3);
  EXPECT_EQ(support::allocations(), before);
}

}  // namespace
}  // namespace tacos::measure
