#pragma once

#include <cstdint>
#include <vector>

#include "core/clock.h"

namespace tacos::load {

// When the request on each connection is to be given up, the earliest first: a sorted list threaded through arrays, so
// that setting and clearing allocate nothing. Deadlines nearly always come in order, which makes set() constant in
// practice; one that does not walks back past those later than itself.
class DeadlineList {
 public:
  static constexpr std::uint32_t kNone = 0xFFFFFFFFu;

  explicit DeadlineList(std::uint32_t size) : nodes_(size) {}

  std::uint32_t earliest() const { return head_; }
  core::Instant earliest_deadline() const { return head_ == kNone ? core::Instant::never() : nodes_[head_].deadline; }

  void set(std::uint32_t id, core::Instant deadline) {
    clear(id);
    std::uint32_t before = tail_;
    while (before != kNone && nodes_[before].deadline > deadline) before = nodes_[before].previous;
    Node& node = nodes_[id];
    node = {deadline, before, before == kNone ? head_ : nodes_[before].next, true};
    (before == kNone ? head_ : nodes_[before].next) = id;
    (node.next == kNone ? tail_ : nodes_[node.next].previous) = id;
  }

  void clear(std::uint32_t id) {
    Node& node = nodes_[id];
    if (!node.listed) return;
    (node.previous == kNone ? head_ : nodes_[node.previous].next) = node.next;
    (node.next == kNone ? tail_ : nodes_[node.next].previous) = node.previous;
    node.listed = false;
  }

 private:
  struct Node {
    core::Instant deadline;
    std::uint32_t previous = kNone;
    std::uint32_t next = kNone;
    bool listed = false;
  };

  std::vector<Node> nodes_;
  std::uint32_t head_ = kNone;
  std::uint32_t tail_ = kNone;
};

}  // namespace tacos::load
