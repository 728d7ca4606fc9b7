#pragma once

#include <cstdint>
#include <vector>

#include "core/clock.h"
#include "measure/run_report.h"
#include "tacos-load/journey/due_queue.h"

namespace tacos::load {

// When each user joined, was last told to wait, was called in and entered: enough to say afterwards whether those who
// came first went first. 20 bytes a user, in units of 10 microseconds (up to 11 hours); nothing is compared while the
// run lasts. Thread rule: one per worker; append() after the join.
class FairnessLedger {
 public:
  explicit FairnessLedger(std::uint32_t users = 0) : marks_(users) {}

  void join_due(UserId user, core::Nanos at) { marks_[user].join_due = unit(at); }
  void got_ticket(UserId user, core::Nanos at) {
    if (marks_[user].ticket == kNever) marks_[user].ticket = unit(at);
  }
  // The request whose answer was "wait" was due at `at`.
  void told_to_wait(UserId user, core::Nanos at) { marks_[user].last_wait = unit(at); }
  void called_in(UserId user, core::Nanos at) {
    if (marks_[user].called == kNever) marks_[user].called = unit(at);
  }
  void entered(UserId user, core::Nanos at) { marks_[user].entered = unit(at); }

  void append(const FairnessLedger& other) { marks_.insert(marks_.end(), other.marks_.begin(), other.marks_.end()); }

  // O(n log n). An inversion is a pair who entered in the other order than their joins were due; that alone proves
  // nothing, since people hear of their turn only when they next ask. A user counts as overtaken when nothing else can
  // explain it: their ticket was in hand before another's first join was even due, and they asked after that other had
  // been called in, and were told to wait.
  measure::RunReport::Fairness judge() const;

 private:
  static constexpr std::uint32_t kNever = 0xFFFFFFFF;
  struct Marks {
    std::uint32_t join_due = kNever, ticket = kNever, last_wait = kNever, called = kNever, entered = kNever;
  };
  static constexpr std::int64_t kUnitNs = 10'000;
  static std::uint32_t unit(core::Nanos at) {
    const std::int64_t units = at.count() / kUnitNs;
    return units < 0 ? 0 : units >= kNever ? kNever - 1 : static_cast<std::uint32_t>(units);
  }

  void count_inversions(measure::RunReport::Fairness& to) const;
  void find_overtaken(measure::RunReport::Fairness& to) const;

  std::vector<Marks> marks_;
};

}  // namespace tacos::load
