#pragma once

#include <cstdint>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "measure/histogram.h"

namespace tacos::measure {

// A histogram at rest: its used counters as ZigZag LEB128 numbers, a run of zeros as minus its length (the payload
// coding of HdrHistogram's V2 format), with what is known exactly beside it. About a kilobyte for a second of
// latencies.
class PackedHistogram {
 public:
  PackedHistogram() = default;
  explicit PackedHistogram(const Histogram& from);

  // Adds the packed counts to `into`, exactly: unpacking into an empty histogram gives back the original.
  void unpack_into(Histogram& into) const;

  bool empty() const { return counters_.empty(); }
  std::uint64_t count() const { return count_; }
  core::Nanos max() const { return max_; }

 private:
  std::vector<std::uint8_t> counters_;
  std::uint64_t count_ = 0;
  std::uint64_t saturated_ = 0;
  core::Nanos min_{0};
  core::Nanos max_{0};
  Histogram::Sum sum_ = 0;
};

// Appends the counters from 0 to the last used one in V2 payload coding.
void append_counters(const Histogram& histogram, std::vector<std::uint8_t>& to);

// Adds counters in V2 payload coding to a histogram. Safe on any bytes: fails on numbers cut short, indexes beyond the
// range and counts that overflow.
core::Result<void> add_counters(const std::uint8_t* bytes, std::size_t size, Histogram& to);

}  // namespace tacos::measure
