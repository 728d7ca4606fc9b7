#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "measure/histogram.h"
#include "measure/run_record.h"
#include "measure/sample.h"

namespace tacos::measure {

struct RecorderOptions {
  std::vector<std::string> steps;
  core::Nanos interval = std::chrono::seconds(1);
};

// Writes down what happens to every scheduled request, in the interval it was due in. An interval's counters are full
// histograms while requests of it are still out, and are packed once the last has ended; the histograms then serve the
// next interval. Memory is that of the few intervals open at once.
//
// A time-out counts in response time as long as it lasted, so that it can't hide from the percentiles; requests that
// were shed, unfilled, reset or interrupted have no latency and show as outcomes only. Thread rule: one per worker,
// used by its thread alone. No allocation per request once intervals have been recycled.
class Recorder {
 public:
  explicit Recorder(RecorderOptions options);

  // A request is due at `intended` (an offset from the run's start, ≥ 0). Exactly one record() follows for each.
  void scheduled(core::Nanos intended);
  void record(const Sample& sample);

  // Where the users stand in the interval of `at`; the last word counts.
  void users(core::Nanos at, const UserStates& users);

  // Packs the intervals that ended by `now` and have nothing out. To be called about once an interval.
  void close_intervals(core::Nanos now);

  // Every request that was due in the intervals before this one has ended.
  std::size_t settled() const { return first_open_; }
  // A copy of the settled intervals from `first` on, for looking on while a run lasts.
  std::vector<RunRecord::Interval> settled_from(std::size_t first) const;

  // Packs what is left. Everything scheduled must have been recorded.
  RunRecord finish();

 private:
  struct OpenStep {
    OutcomeCounts outcomes{};
    Histogram response;
    Histogram service;
  };
  struct OpenInterval {
    std::uint64_t offered = 0;
    std::uint64_t sent = 0;
    std::uint64_t completed = 0;
    std::uint64_t ended = 0;
    OutcomeCounts outcomes{};
    std::vector<OpenStep> steps;
    Histogram send_lag;
    Histogram dispatch_lag;
    Histogram connection_wait;
    Histogram time_to_admission;
    Histogram time_to_sold_out;
    Histogram position;

    void reset();
  };
  static constexpr std::size_t kStatusCodes = 600;

  OpenInterval& open_at(std::size_t index);
  static RunRecord::Interval packed(const OpenInterval& from);
  void pack(std::size_t index);
  std::size_t index_of(core::Nanos at) const { return static_cast<std::size_t>(at / interval_); }

  core::Nanos interval_;
  RunRecord record_;
  std::vector<std::unique_ptr<OpenInterval>> open_;  // by index; null where nothing is open
  std::vector<std::unique_ptr<OpenInterval>> pool_;
  std::size_t first_open_ = 0;
  std::array<std::uint64_t, kStatusCodes> status_codes_{};
};

}  // namespace tacos::measure
