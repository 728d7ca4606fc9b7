#include "measure/histogram.h"

#include <cmath>

namespace tacos::measure {

using core::Nanos;

Histogram::Histogram(const Histogram& other) {
  *this = other;
}

Histogram& Histogram::operator=(const Histogram& other) {
  if (this == &other) return *this;
  for (std::uint32_t p = 0; p < kPages; ++p) {
    if (other.pages_[p]) {
      if (!pages_[p]) pages_[p] = std::make_unique<Page>();
      *pages_[p] = *other.pages_[p];
    } else {
      pages_[p].reset();
    }
  }
  count_ = other.count_;
  saturated_ = other.saturated_;
  min_ = other.min_;
  max_ = other.max_;
  sum_ = other.sum_;
  return *this;
}

void Histogram::record_corrected(Nanos value, Nanos expected_interval) {
  record(value);
  if (expected_interval <= Nanos(0)) return;
  for (Nanos missing = value - expected_interval; missing >= expected_interval; missing -= expected_interval) {
    record(missing);
  }
}

void Histogram::merge(const Histogram& other) {
  if (other.count_ == 0) return;
  for (std::uint32_t p = 0; p < kPages; ++p) {
    if (!other.pages_[p]) continue;
    if (!pages_[p]) pages_[p] = std::make_unique<Page>();
    for (std::uint32_t i = 0; i < kHalf; ++i) (*pages_[p])[i] += (*other.pages_[p])[i];
  }
  count_ += other.count_;
  saturated_ += other.saturated_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
}

void Histogram::reset() {
  if (count_ > 0) {
    const std::uint32_t first = index_of(min_) / kHalf;
    const std::uint32_t last = index_of(max_) / kHalf;
    for (std::uint32_t p = first; p <= last; ++p) {
      if (pages_[p]) pages_[p]->fill(0);
    }
  }
  count_ = 0;
  saturated_ = 0;
  min_ = INT64_MAX;
  max_ = 0;
  sum_ = 0;
}

std::int64_t Histogram::lowest_at_index(std::uint32_t index) {
  if (index < 2 * kHalf) return index;
  const std::uint32_t shift = index / kHalf - 1;
  return static_cast<std::int64_t>(index - shift * kHalf) << shift;
}

std::int64_t Histogram::highest_at_index(std::uint32_t index) {
  if (index < 2 * kHalf) return index;
  const std::uint32_t shift = index / kHalf - 1;
  return lowest_at_index(index) + (std::int64_t{1} << shift) - 1;
}

std::uint64_t Histogram::count_at_index(std::uint32_t index) const {
  const auto& page = pages_[index / kHalf];
  return page ? (*page)[index % kHalf] : 0;
}

void Histogram::add_at_index(std::uint32_t index, std::uint64_t n) {
  if (n == 0) return;
  counter(index) += n;
  count_ += n;
  const std::int64_t low = lowest_at_index(index);
  const std::int64_t high = highest_at_index(index);
  min_ = std::min(min_, low);
  max_ = std::max(max_, high);
  sum_ += Sum{static_cast<std::uint64_t>(low) + static_cast<std::uint64_t>(high - low) / 2} * n;
}

void Histogram::set_exact(Nanos min, Nanos max, Sum sum, std::uint64_t saturated) {
  min_ = min.count();
  max_ = max.count();
  sum_ = sum;
  saturated_ = saturated;
}

Nanos Histogram::percentile(double percentile) const {
  if (count_ == 0) return Nanos(0);
  const double share = std::clamp(percentile, 0.0, 100.0) / 100;
  // The smallest rank that covers the share; the nudge keeps 99.9 % of 1,000 at 999 in spite of rounding.
  const auto rank = std::clamp<std::uint64_t>(
      static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_) - 1e-9 * static_cast<double>(count_))),
      1, count_);
  std::uint64_t seen = 0;
  for (std::uint32_t p = 0; p < kPages; ++p) {
    if (!pages_[p]) continue;
    for (std::uint32_t i = 0; i < kHalf; ++i) {
      seen += (*pages_[p])[i];
      if (seen >= rank) return Nanos(std::min(highest_at_index(p * kHalf + i), max_));
    }
  }
  return Nanos(max_);
}

std::uint64_t Histogram::count_at_or_below(Nanos value) const {
  if (value < Nanos(0)) return 0;
  const std::uint32_t last = index_of(std::min(value, kHighest).count());
  std::uint64_t seen = 0;
  for (std::uint32_t index = 0; index <= last; ++index) {
    if (!pages_[index / kHalf]) {
      index += kHalf - 1 - index % kHalf;
      continue;
    }
    seen += count_at_index(index);
  }
  return seen;
}

void Histogram::for_each(const std::function<void(Nanos, Nanos, std::uint64_t)>& visit) const {
  for (std::uint32_t p = 0; p < kPages; ++p) {
    if (!pages_[p]) continue;
    for (std::uint32_t i = 0; i < kHalf; ++i) {
      const std::uint64_t n = (*pages_[p])[i];
      if (n == 0) continue;
      const std::uint32_t index = p * kHalf + i;
      visit(Nanos(lowest_at_index(index)), Nanos(highest_at_index(index)), n);
    }
  }
}

}  // namespace tacos::measure
