#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

#include "core/clock.h"

namespace tacos::load {

using UserId = std::uint32_t;
inline constexpr UserId kNoUser = 0xFFFFFFFFu;

// Users who have something to do, the earliest first. A binary heap in one array that is sized at the start: a user is
// in it at most once, so it never grows during a run.
class DueQueue {
 public:
  struct Entry {
    core::Nanos due{0};
    UserId user = kNoUser;
    friend bool operator>(const Entry& a, const Entry& b) {
      return a.due != b.due ? a.due > b.due : a.user > b.user;  // a total order keeps runs repeatable
    }
  };

  explicit DueQueue(std::size_t most_users) { heap_.reserve(most_users); }

  bool empty() const { return heap_.empty(); }
  std::size_t size() const { return heap_.size(); }
  const Entry& earliest() const { return heap_.front(); }

  void push(core::Nanos due, UserId user) {
    heap_.push_back({due, user});
    std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
  }

  Entry pop() {
    std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
    const Entry entry = heap_.back();
    heap_.pop_back();
    return entry;
  }

 private:
  std::vector<Entry> heap_;
};

}  // namespace tacos::load
