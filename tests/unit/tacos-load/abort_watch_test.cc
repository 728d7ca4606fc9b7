#include "tacos-load/run/abort_watch.h"

#include <gtest/gtest.h>

#include "measure/recorder.h"

namespace tacos::load {
namespace {

using measure::Outcome;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Ten requests a second of 2 ms; from `bad` on they fail.
measure::RunRecord record_of(int length_sec, int bad_from_sec) {
  measure::Recorder recorder({{"request"}});
  for (int i = 0; i < 10 * length_sec; ++i) {
    measure::Sample s;
    s.intended = s.taken = s.sent = milliseconds(100 * i);
    s.first_byte = s.done = s.sent + milliseconds(2);
    s.outcome = i >= 10 * bad_from_sec ? Outcome::kHttpError : Outcome::kOk;
    recorder.scheduled(s.intended);
    recorder.record(s);
  }
  auto record = recorder.finish();
  for (auto& interval : record.intervals()) interval.planned = 10;
  return record;
}

report::Assembly asking(const std::string& gate) {
  report::Assembly assembly;
  assembly.gates = {*report::Gate::parse(gate, {"request"})};
  return assembly;
}

TEST(AbortWatch, NamesTheGateThatBroke) {
  const AbortWatch watch(asking("errors < 10%"), seconds(2));
  EXPECT_FALSE(watch.broken(record_of(5, 9), seconds(5)).has_value());
  EXPECT_EQ(watch.broken(record_of(5, 3), seconds(5)), "errors < 10%");
}

TEST(AbortWatch, WaitsForTheDelayAfterTheWarmUp) {
  auto assembly = asking("errors < 10%");
  assembly.from = seconds(2);
  const AbortWatch watch(assembly, seconds(3));
  EXPECT_FALSE(watch.broken(record_of(4, 0), seconds(4)).has_value());
  EXPECT_TRUE(watch.broken(record_of(5, 0), seconds(5)).has_value());
  EXPECT_FALSE(watch.broken(record_of(6, 9), seconds(6)).has_value());
}

TEST(AbortWatch, WhatIsOnlyKnownAtTheEndEndsNothing) {
  for (const char* gate : {"users.confirmed >= 100", "count > 1000", "timeouts == 7", "p99(request)[20s..] < 1ms"}) {
    EXPECT_FALSE(AbortWatch(asking(gate), seconds(0)).broken(record_of(5, 9), seconds(5)).has_value()) << gate;
  }
}

TEST(AbortWatch, JudgesEachRungOnceItHasLastedAsLongAsTheDelay) {
  auto assembly = asking("errors < 10%");
  assembly.rungs = {{"low", seconds(0), seconds(4)}, {"high", seconds(4), seconds(8)}};
  const AbortWatch watch(assembly, seconds(2));
  EXPECT_FALSE(watch.broken(record_of(5, 4), seconds(5)).has_value()) << "the second rung is a second old";
  EXPECT_EQ(watch.broken(record_of(6, 4), seconds(6)), "errors < 10% at high");
}

}  // namespace
}  // namespace tacos::load
