#pragma once

#include <atomic>
#include <cstddef>

namespace tacos::net {

// A number of bytes that all connections of a server share for what does not fit in their small buffers. Taking is all
// or nothing. Any thread; a relaxed counter, since nothing else is ordered by it.
class ByteBudget {
 public:
  explicit ByteBudget(std::size_t limit_bytes) : limit_bytes_(limit_bytes) {}

  bool try_take(std::size_t bytes) {
    std::size_t used = used_bytes_.load(std::memory_order_relaxed);
    do {
      if (bytes > limit_bytes_ - used) return false;
    } while (!used_bytes_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
    return true;
  }
  void give_back(std::size_t bytes) { used_bytes_.fetch_sub(bytes, std::memory_order_relaxed); }

  std::size_t used_bytes() const { return used_bytes_.load(std::memory_order_relaxed); }
  std::size_t limit_bytes() const { return limit_bytes_; }

 private:
  const std::size_t limit_bytes_;
  std::atomic<std::size_t> used_bytes_{0};
};

// The share of one buffer in a budget; what it has taken goes back with it. Without a budget everything is granted.
// Not thread safe.
class BudgetShare {
 public:
  explicit BudgetShare(ByteBudget* budget = nullptr) : budget_(budget) {}
  ~BudgetShare() { resize(0); }
  BudgetShare(const BudgetShare&) = delete;
  BudgetShare& operator=(const BudgetShare&) = delete;

  // Whether the budget has this much for it; otherwise the share stays as it was. Less is always granted.
  bool resize(std::size_t bytes) {
    if (budget_ != nullptr) {
      if (bytes > bytes_ && !budget_->try_take(bytes - bytes_)) return false;
      if (bytes < bytes_) budget_->give_back(bytes_ - bytes);
    }
    bytes_ = bytes;
    return true;
  }

 private:
  ByteBudget* budget_;
  std::size_t bytes_ = 0;
};

}  // namespace tacos::net
