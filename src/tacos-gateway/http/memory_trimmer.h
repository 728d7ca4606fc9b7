#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

#include "core/clock.h"

namespace tacos::gateway {

// When freed memory is worth giving back: the gateway has been quiet for a while, and much more is resident than is in
// use. Fed once a second. Thread rule: none, one thread's.
class TrimRule {
 public:
  static constexpr std::uint64_t kQuietRequests = 500;  // in a second, over all threads
  static constexpr unsigned kQuietSeconds = 10;         // in a row
  static constexpr unsigned kSecondsBetween = 30;
  static constexpr std::uint64_t kWorthBytes = 8 * 1024 * 1024;

  // A second has passed; requests are counted from the start.
  void second_passed(std::uint64_t requests);
  bool is_quiet() const { return quiet_seconds_ >= kQuietSeconds && since_look_ >= kSecondsBetween; }
  // How much is in use was asked, whatever came of it: that costs as much as a trim does.
  void looked() { since_look_ = 0; }
  // Whether what is resident beyond what is in use has grown by enough since the last trim, or the start.
  bool is_worth_it(std::uint64_t resident_bytes, std::uint64_t in_use_bytes);
  void trimmed(std::uint64_t resident_bytes, std::uint64_t in_use_bytes);

 private:
  std::uint64_t requests_ = 0;
  unsigned quiet_seconds_ = 0;
  unsigned since_look_ = kSecondsBetween;
  std::uint64_t floor_bytes_ = 0;  // resident and not in use after the last trim: code, stacks, half-used pages
  bool has_floor_ = false;
};

// Gives freed memory back to the system once a peak is over. glibc keeps what is freed in arenas, several of them for
// several threads, and returns a page by itself only from an arena's end: after 10,000 connections those of a few that
// live on hold all the rest. malloc_trim() releases every free page in the middle too. It walks over every free chunk,
// as mallinfo2() does that tells what is in use, each some 0.4 us, and locks one arena at a time meanwhile. So it has a
// thread of its own, and looks seldom: who answers requests waits only when they allocate in that arena just then.
class MemoryTrimmer {
 public:
  // requests: how many have been answered, from any thread.
  explicit MemoryTrimmer(std::function<std::uint64_t()> requests);
  ~MemoryTrimmer();

  struct Counts {
    std::uint64_t trims = 0;
    std::uint64_t nanos = 0;  // in them
    std::uint64_t bytes = 0;  // that they made fewer resident
  };
  // From any thread.
  Counts counts() const;

 private:
  void run();
  void trim();

  const std::function<std::uint64_t()> requests_;
  TrimRule rule_;
  std::atomic<std::uint64_t> trims_{0}, nanos_{0}, bytes_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

// Bytes of this process in memory; 0 when the system does not say.
std::uint64_t resident_bytes();

}  // namespace tacos::gateway
