#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "measure/sample.h"
#include "measure/user_state.h"

namespace tacos::load {

// What a worker shows of itself while it runs. Written by its worker alone, read by whoever draws the progress: relaxed
// atomics, because each number stands for itself.
struct alignas(64) LiveCounts {
  std::atomic<std::uint64_t> scheduled{0};
  std::atomic<std::uint64_t> sent{0};
  std::atomic<std::uint64_t> answered{0};
  std::array<std::atomic<std::uint64_t>, measure::kOutcomeCount> outcomes{};
  // As of the last whole second.
  std::array<std::atomic<std::uint64_t>, measure::kUserStateCount> users{};
  std::atomic<std::uint64_t> backlog{0};
  // Of the answers of the last whole second; 0 before there is one.
  std::atomic<std::uint64_t> response_p50_ns{0};
  std::atomic<std::uint64_t> response_p99_ns{0};
  std::atomic<std::uint64_t> dispatch_lag_p99_ns{0};
  std::atomic<std::uint64_t> cpu_ns{0};  // of the worker's thread since it started

  static void add(std::atomic<std::uint64_t>& to, std::uint64_t n) {
    to.store(to.load(std::memory_order_relaxed) + n,
             std::memory_order_relaxed);  // one writer: no read-modify-write needed
  }
};

}  // namespace tacos::load
