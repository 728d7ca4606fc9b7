#pragma once

#include <atomic>
#include <cstdint>

namespace tacos::net {

// A number that one thread changes and any thread may read. Adding is a plain load, add and store: no bus lock, so it
// may stand on the hot path. Readers see some recent value; sums over threads are therefore not one instant's.
class Counter {
 public:
  void add(std::uint64_t by = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }
  void subtract(std::uint64_t by = 1) {
    value_.store(value_.load(std::memory_order_relaxed) - by, std::memory_order_relaxed);
  }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

}  // namespace tacos::net
