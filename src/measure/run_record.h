#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/clock.h"
#include "measure/histogram.h"
#include "measure/packed_histogram.h"
#include "measure/sample.h"
#include "measure/user_state.h"

namespace tacos::measure {

using OutcomeCounts = std::array<std::uint64_t, kOutcomeCount>;

std::uint64_t total(const OutcomeCounts& counts);
// Neither kOk nor something that happened to the run rather than to the target: kInterrupted is left out.
std::uint64_t errors(const OutcomeCounts& counts);

// One step of the journey over a stretch of the run.
struct StepSummary {
  OutcomeCounts outcomes{};
  Histogram response;  // done − intended, of every request that was answered or timed out
  Histogram service;   // done − sent, of every request that was answered
  std::uint64_t count() const { return total(outcomes); }
};

// What happened to the requests that were due in a stretch of the run.
struct WindowSummary {
  core::Nanos from{0};
  core::Nanos to{0};
  core::Nanos covered{0};     // length of the schedule in the intervals looked at
  double planned = 0;         // requests that the schedule has there
  std::uint64_t offered = 0;  // due
  std::uint64_t sent = 0;
  std::uint64_t completed = 0;  // a complete answer came
  OutcomeCounts outcomes{};
  std::vector<StepSummary> steps;
  Histogram send_lag;
  Histogram dispatch_lag;
  Histogram connection_wait;
  Histogram time_to_admission;  // of those who were called in by a request due in the window
  Histogram time_to_sold_out;
  Histogram position;  // told to users; one nanosecond stands for one place in line

  // Of all steps together.
  Histogram response() const;
  Histogram service() const;
};

// The mergeable facts of a run, or of one worker's share of it: what happened in each interval, by intended time.
class RunRecord {
 public:
  struct Step {
    OutcomeCounts outcomes{};
    PackedHistogram response;
    PackedHistogram service;
  };
  struct Interval {
    std::uint64_t offered = 0;
    std::uint64_t sent = 0;
    std::uint64_t completed = 0;
    double planned = 0;  // requests that the schedule has in it
    UserStates users{};  // at its end
    OutcomeCounts outcomes{};
    std::vector<Step> steps;
    PackedHistogram send_lag;
    PackedHistogram dispatch_lag;
    PackedHistogram connection_wait;
    PackedHistogram time_to_admission;
    PackedHistogram time_to_sold_out;
    PackedHistogram position;

    void merge(const Interval& other);
  };

  RunRecord() = default;
  RunRecord(std::vector<std::string> steps, core::Nanos interval) : steps_(std::move(steps)), interval_(interval) {}

  // Adds another share of the same run. Lossless; the order of merges does not matter. Steps and interval must be
  // equal. Plans add up too: each share brings its own.
  void merge(const RunRecord& other);

  // The intervals that begin in [from, to), decoded and merged.
  WindowSummary window(core::Nanos from, core::Nanos to) const;
  WindowSummary all() const { return window(core::Nanos(0), core::Nanos::max()); }

  const std::vector<std::string>& steps() const { return steps_; }
  core::Nanos interval() const { return interval_; }
  // Where the schedule ends, which need not be at the end of an interval. max(): with the last interval.
  core::Nanos schedule_end() const;
  void set_schedule_end(core::Nanos end) { schedule_end_ = end; }
  const std::vector<Interval>& intervals() const { return intervals_; }
  std::vector<Interval>& intervals() { return intervals_; }
  const std::map<int, std::uint64_t>& status_codes() const { return status_codes_; }
  std::map<int, std::uint64_t>& status_codes() { return status_codes_; }

 private:
  std::vector<std::string> steps_;
  core::Nanos interval_ = std::chrono::seconds(1);
  core::Nanos schedule_end_ = core::Nanos::max();
  std::vector<Interval> intervals_;
  std::map<int, std::uint64_t> status_codes_;
};

}  // namespace tacos::measure
