#include "tacos-gateway/http/memory_trimmer.h"

#include <chrono>
#include <fstream>
#include <malloc.h>
#include <unistd.h>
#include <utility>

namespace tacos::gateway {
namespace {

// What the program holds of the allocator, in the arenas and mapped by itself.
std::uint64_t allocated_bytes() {
  const struct mallinfo2 info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

std::uint64_t excess(std::uint64_t resident, std::uint64_t in_use) {
  return resident > in_use ? resident - in_use : 0;
}

}  // namespace

std::uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t total_pages = 0;
  std::uint64_t resident_pages = 0;
  if (!(statm >> total_pages >> resident_pages)) return 0;
  return resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

void TrimRule::second_passed(std::uint64_t requests) {
  const bool quiet = requests - requests_ <= kQuietRequests;
  requests_ = requests;
  quiet_seconds_ = quiet ? quiet_seconds_ + 1 : 0;
  if (since_look_ < kSecondsBetween) ++since_look_;
}

bool TrimRule::is_worth_it(std::uint64_t resident_bytes, std::uint64_t in_use_bytes) {
  const std::uint64_t now = excess(resident_bytes, in_use_bytes);
  if (!has_floor_ || now < floor_bytes_) {
    floor_bytes_ = now;
    has_floor_ = true;
  }
  return now >= floor_bytes_ + kWorthBytes;
}

void TrimRule::trimmed(std::uint64_t resident_bytes, std::uint64_t in_use_bytes) {
  floor_bytes_ = excess(resident_bytes, in_use_bytes);
  looked();
}

MemoryTrimmer::MemoryTrimmer(std::function<std::uint64_t()> requests) : requests_(std::move(requests)) {
  rule_.is_worth_it(resident_bytes(), allocated_bytes());
  thread_ = std::thread([this] { run(); });
}

MemoryTrimmer::~MemoryTrimmer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

MemoryTrimmer::Counts MemoryTrimmer::counts() const {
  return {trims_.load(std::memory_order_relaxed), nanos_.load(std::memory_order_relaxed),
          bytes_.load(std::memory_order_relaxed)};
}

void MemoryTrimmer::run() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, std::chrono::seconds(1), [this] { return stopping_; })) {
    rule_.second_passed(requests_());
    if (!rule_.is_quiet()) continue;
    rule_.looked();
    if (rule_.is_worth_it(resident_bytes(), allocated_bytes())) trim();
  }
}

void MemoryTrimmer::trim() {
  const std::uint64_t before = resident_bytes();
  const auto began = std::chrono::steady_clock::now();
  ::malloc_trim(0);
  const auto took = std::chrono::steady_clock::now() - began;
  const std::uint64_t after = resident_bytes();
  rule_.trimmed(after, allocated_bytes());
  trims_.fetch_add(1, std::memory_order_relaxed);
  nanos_.fetch_add(static_cast<std::uint64_t>(std::chrono::nanoseconds(took).count()), std::memory_order_relaxed);
  bytes_.fetch_add(excess(before, after), std::memory_order_relaxed);
}

}  // namespace tacos::gateway
