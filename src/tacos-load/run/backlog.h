#pragma once

#include <cstddef>
#include <vector>

#include "core/clock.h"
#include "tacos-load/journey/due_queue.h"

namespace tacos::load {

// Requests that are due but can't be sent yet: every connection is busy, or every user waits for an answer. First in,
// first out. It grows by doubling up to its limit and then refuses; whoever is refused is counted as shed.
class Backlog {
 public:
  struct Entry {
    core::Nanos intended{0};
    core::Nanos taken{0};   // when the run loop took it up; the wait from here on is not the generator's
    UserId user = kNoUser;  // whose request it is, where that was settled already
  };

  explicit Backlog(std::size_t limit) : limit_(limit) {}

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  std::size_t limit() const { return limit_; }
  std::size_t high_water() const { return high_water_; }
  const Entry& front() const { return ring_[head_]; }

  // False when the limit is reached; the entry is not taken.
  bool push(const Entry& entry) {
    if (size_ == limit_) return false;
    if (size_ == ring_.size()) grow();
    ring_[(head_ + size_) % ring_.size()] = entry;
    ++size_;
    if (size_ > high_water_) high_water_ = size_;
    return true;
  }

  Entry pop() {
    const Entry entry = ring_[head_];
    head_ = (head_ + 1) % ring_.size();
    --size_;
    return entry;
  }

 private:
  void grow() {
    std::vector<Entry> larger(ring_.empty() ? 1024 : ring_.size() * 2);
    for (std::size_t i = 0; i < size_; ++i) larger[i] = ring_[(head_ + i) % ring_.size()];
    ring_ = std::move(larger);
    head_ = 0;
  }

  std::vector<Entry> ring_;
  std::size_t head_ = 0;
  std::size_t size_ = 0;
  std::size_t limit_;
  std::size_t high_water_ = 0;
};

}  // namespace tacos::load
