#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <functional>
#include <memory>

#include "core/clock.h"

namespace tacos::measure {

// A high dynamic range histogram of durations (Tene, HdrHistogram): 1 ns to 1 hour at 3 significant digits, in 2,048
// sub-buckets per power of two, so that any recorded value is known to within 1/1024 of itself, whatever the range.
//
// The counters of an octave are a page that is made when the octave is first used and kept by reset(), so an empty
// histogram is small and a warm one never allocates. Minimum, maximum and sum are kept exactly. Values above the range
// are counted in the last bucket and as saturated. Thread rule: none; each thread has its own and they merge
// afterwards.
class Histogram {
 public:
  static constexpr core::Nanos kHighest = std::chrono::hours(1);

  // Nanoseconds summed without rounding: a double stops being exact after 104 days of latency, which an overloaded run
  // of a few million requests reaches, and then the order of merges would show.
  __extension__ using Sum = unsigned __int128;

  Histogram() = default;
  Histogram(const Histogram& other);
  Histogram& operator=(const Histogram& other);
  Histogram(Histogram&&) noexcept = default;
  Histogram& operator=(Histogram&&) noexcept = default;

  // A few nanoseconds. Only the first value of an octave allocates; running out of memory there ends the program.
  void record(core::Nanos value) noexcept { record_n(value, 1); }
  void record_n(core::Nanos value, std::uint64_t n) noexcept {
    if (n == 0) return;
    if (value > kHighest) [[unlikely]] {
      saturated_ += n;
    }
    const std::int64_t ns = std::clamp<std::int64_t>(value.count(), 0, kHighest.count());
    counter(index_of(ns)) += n;
    count_ += n;
    min_ = std::min(min_, ns);
    max_ = std::max(max_, ns);
    sum_ += Sum{static_cast<std::uint64_t>(ns)} * n;
  }

  // Records the value and, when it is longer than the expected interval between values, those that it kept from being
  // taken: value − interval, value − 2·interval, … (HdrHistogram's recordValueWithExpectedInterval). For comparisons
  // with tools that correct afterwards; tacos itself measures from the intended time instead.
  void record_corrected(core::Nanos value, core::Nanos expected_interval);

  void merge(const Histogram& other);
  void reset();

  std::uint64_t count() const { return count_; }
  std::uint64_t saturated() const { return saturated_; }
  core::Nanos min() const { return count_ == 0 ? core::Nanos(0) : core::Nanos(min_); }
  core::Nanos max() const { return core::Nanos(max_); }
  Sum sum() const { return sum_; }
  double sum_ns() const { return static_cast<double>(sum_); }
  double mean_ns() const { return count_ == 0 ? 0 : sum_ns() / static_cast<double>(count_); }

  // The value that `percentile` (0 to 100) of the recorded values are at or below: the highest equivalent value of the
  // bucket at that rank, at most the exact maximum. 0 when empty.
  core::Nanos percentile(double percentile) const;
  std::uint64_t count_at_or_below(core::Nanos value) const;

  // Calls with (lowest, highest equivalent value, count) of each bucket that was used, in order.
  void for_each(const std::function<void(core::Nanos, core::Nanos, std::uint64_t)>& visit) const;

  // The raw counters, for the HdrHistogram encodings. index runs to kIndexEnd - 1.
  static constexpr std::uint32_t kHalf = 1024;  // counters per page
  static constexpr std::uint32_t kPages =
      33;  // the first 2,048 values exactly, then an octave a page, to 2^42 ns > 1 h
  static constexpr std::uint32_t kIndexEnd = kHalf * kPages;
  std::uint64_t count_at_index(std::uint32_t index) const;
  static std::int64_t lowest_at_index(std::uint32_t index);
  static std::int64_t highest_at_index(std::uint32_t index);
  // Adds to a counter, keeping min, max and sum as well as they can be known from the bucket.
  void add_at_index(std::uint32_t index, std::uint64_t n);
  // Sets what a decoded snapshot knows exactly.
  void set_exact(core::Nanos min, core::Nanos max, Sum sum, std::uint64_t saturated);

  static std::uint32_t index_of(std::int64_t value) {
    // Page p > 1 covers [1024·2^(p−1), 2048·2^(p−1)) in steps of 2^(p−1); pages 0 and 1 are the values 0 to 2047.
    const auto v = static_cast<std::uint64_t>(value);
    const auto shift = static_cast<std::uint32_t>(std::max(0, 53 - std::countl_zero(v | 1)));  // significant bits − 11
    return shift * kHalf + static_cast<std::uint32_t>(v >> shift);
  }

 private:
  using Page = std::array<std::uint64_t, kHalf>;
  std::uint64_t& counter(std::uint32_t index) noexcept {
    auto& page = pages_[index / kHalf];
    if (!page) [[unlikely]] {
      page = std::make_unique<Page>();
    }
    return (*page)[index % kHalf];
  }

  std::array<std::unique_ptr<Page>, kPages> pages_;
  std::uint64_t count_ = 0;
  std::uint64_t saturated_ = 0;
  std::int64_t min_ = INT64_MAX;
  std::int64_t max_ = 0;
  Sum sum_ = 0;
};

}  // namespace tacos::measure
